"""The fields that the page shows: how each is read from an artifact, coloured and labelled."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.settings import RunConfig
from engine.store.artifact import Artifact, open_artifact
from irer_panel import derived
from irer_panel.derived import FieldError
from irer_panel.viewport import Array, Range

SPECTRAL_LIMIT = 2048
"""Cells a side from which on no field is shown that takes a Fourier transform of the whole."""


@dataclass(frozen=True)
class FieldStyle:
    """A field: its key, its title, its symbol, what it means, what its values are.

    Attributes:
        kind: "sequential", "diverging" around `centre`, or "cyclic" over (−π, π].
        spectral: whether it takes a Fourier transform of the whole field.
    """

    key: str
    title: str
    symbol: str
    meaning: str
    kind: str = "sequential"
    centre: float = 0.0
    spectral: bool = False

    @property
    def difference(self) -> "FieldStyle":
        """The style of the difference of this field between two runs."""
        return replace(
            self,
            key=f"delta_{self.key}",
            title=f"Δ {self.title}",
            symbol=f"Δ{self.symbol}",
            meaning=f"Δ{self.symbol}",
            kind="cyclic" if self.kind == "cyclic" else "diverging",
            centre=0.0,
        )


RHO = FieldStyle("rho", "final_rho", "ρ", "ρ = |ψ|²")
G_TT = FieldStyle("g_tt", "final_g_tt", "g_tt", "g_tt = −Ω²", "diverging", -1.0)
PHASE = FieldStyle("phase", "phase", "arg ψ", "arg ψ", "cyclic")
RHO_S = FieldStyle("rho_s", "final_rho_s", "ρ_s", "ρ_s")
RESIDUAL = FieldStyle(
    "residual",
    "constraint residual",
    "residual",
    "ρ_s − ρ_vac − ℓ²∇²ρ_s − χT₀₀",
    "diverging",
    spectral=True,
)
CURVATURE = FieldStyle("curvature", "curvature", "R⁽³⁾", "R⁽³⁾", "diverging", spectral=True)
FIELDS = {each.key: each for each in (RHO, G_TT, PHASE, RHO_S, RESIDUAL, CURVATURE)}
"""Every field, in the order in which a page offers them."""

_READ: Mapping[str, Callable[[Artifact], Array]] = {
    "rho": lambda run: run.read("final_rho"),
    "g_tt": lambda run: run.read("final_g_tt"),
    "phase": lambda run: derived.phase(run.read("final_psi")),
    "rho_s": lambda run: run.read("final_rho_s"),
    "residual": lambda run: derived.residual(
        run.config,
        *(run.read(f"final_{name}") for name in ("g_tt", "rho_s", "rho", "psi")),
    ),
    "curvature": lambda run: derived.curvature(run.config, run.read("final_g_tt")),
}


@dataclass(frozen=True, eq=False)
class Plane:
    """One field of a run at full resolution, `(y, x)`, or why there is none.

    Attributes:
        array: shape (N, N); of one cell that is not finite where there is a problem.
        low: the smallest finite value; infinite where there is none.
        high: the largest.
        positive: the smallest that is above 0.
        missing: how many cells are not finite.
        problem: why there is no field, empty where there is one.
    """

    array: Array
    low: float
    high: float
    positive: float
    missing: int
    problem: str = ""

    @classmethod
    def of(cls, array: Array) -> "Plane":
        """A field with what its colours need to know."""
        finite = np.isfinite(array)
        low = float(np.min(array, where=finite, initial=np.inf))
        positive = low
        if low <= 0:
            positive = float(np.min(array, where=finite & (array > 0), initial=np.inf))
        high = float(np.max(array, where=finite, initial=-np.inf))
        return cls(array, low, high, positive, int(array.size - np.count_nonzero(finite)))

    @classmethod
    def none(cls, problem: str) -> "Plane":
        """No field, and why."""
        return cls(np.full((1, 1), np.nan), np.inf, -np.inf, np.inf, 0, problem)


@dataclass(frozen=True, eq=False)
class RunFields:
    """Some fields of a run, by key."""

    run: str
    config: RunConfig
    planes: Mapping[str, Plane]

    @property
    def length(self) -> float:
        """Side of the domain."""
        return self.config.domain_length

    @property
    def cells(self) -> int:
        """Cells along each side."""
        return self.config.N_grid

    @property
    def extent(self) -> Range:
        """Where the domain begins and ends on both axes: at its outer cells' edges."""
        half = self.length / self.cells / 2
        return -half, self.length - half


def read_run(
    path: Path, run: str, names: Iterable[str] = ("rho", "g_tt"), known: RunFields | None = None
) -> RunFields:
    """Read what the page shows of a run: the one place where fields come from a file.

    Args:
        path: its artifact.
        run: its id, which the artifact must be of.
        names: the keys of the wanted fields.
        known: fields at hand, maybe of this run; those that are wanted are not read again.

    Raises:
        ArtifactError: the artifact is missing, unreadable or of another config.
    """
    wanted = dict.fromkeys(names)
    held = known.planes if known is not None and known.run == run else {}
    if known is not None and held.keys() >= wanted.keys():
        return replace(known, planes={name: held[name] for name in wanted})
    with open_artifact(path, run) as artifact:
        planes = {name: held.get(name) or _plane(name, artifact) for name in wanted}
        return RunFields(run, artifact.config, planes)


def _plane(name: str, artifact: Artifact) -> Plane:
    cells = artifact.config.N_grid
    if FIELDS[name].spectral and cells >= SPECTRAL_LIMIT:
        return Plane.none(
            f"{FIELDS[name].title}: got a grid of {cells:,} cells a side, expected fewer than "
            f"{SPECTRAL_LIMIT:,} for a field that takes a Fourier transform; choose a stored one."
        )
    try:
        return Plane.of(_READ[name](artifact))
    except FieldError as error:
        return Plane.none(f"{FIELDS[name].title}: {error}")


def difference(one: Plane, two: Plane, style: FieldStyle) -> Plane:
    """The difference of a field between two runs of equal grid and length."""
    if problem := one.problem or two.problem:
        return Plane.none(problem)
    return Plane.of(derived.difference(one.array, two.array, cyclic=style.kind == "cyclic"))
