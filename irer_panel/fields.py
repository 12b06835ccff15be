"""The fields that the page shows: how each is read from an artifact, coloured and labelled."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.settings import RunConfig
from irer_panel import derived
from irer_panel.derived import FieldError
from irer_panel.plane import Plane
from irer_panel.source import FieldSource, open_source
from irer_panel.viewport import Array, Range

SPECTRAL_LIMIT = 2048
"""Cells a side from which on no field is shown that takes a Fourier transform of the whole."""

MADE_LIMIT = 4096
"""Most cells a side of a field that is made from whole others: some 300 MB."""


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
    "residual",
    "diverging",
    spectral=True,
)
CURVATURE = FieldStyle("curvature", "curvature", "R⁽³⁾", "R⁽³⁾", "diverging", spectral=True)
FIELDS = {each.key: each for each in (RHO, G_TT, PHASE, RHO_S, RESIDUAL, CURVATURE)}
"""Every field, in the order in which a page offers them."""

_MADE: Mapping[str, Callable[[FieldSource], Array]] = {
    "phase": lambda run: derived.phase(run.read("final_psi")),
    "residual": lambda run: derived.residual(
        run.config, *(run.read(f"final_{name}") for name in ("g_tt", "rho_s", "rho", "psi"))
    ),
    "curvature": lambda run: derived.curvature(run.config, run.read("final_g_tt")),
}
"""The fields that no artifact stores."""


@dataclass(frozen=True, eq=False)
class RunFields:
    """Some fields of a run, by key.

    Attributes:
        run: its id.
        source: its artifact, open for as long as this is kept.
        planes: the fields.
    """

    run: str
    source: FieldSource
    planes: Mapping[str, Plane]

    @property
    def config(self) -> RunConfig:
        """Its settings."""
        return self.source.config

    @property
    def length(self) -> float:
        """Side of the domain."""
        return self.source.length

    @property
    def cells(self) -> int:
        """Cells along each side."""
        return self.source.cells

    @property
    def extent(self) -> Range:
        """Where the domain begins and ends on both axes: at its outer cells' edges."""
        return self.source.extent


def read_run(
    path: Path, run: str, names: Iterable[str] = ("rho", "g_tt"), known: RunFields | None = None
) -> RunFields:
    """Open what the page shows of a run: the one place where fields come from a file.

    Of a stored field only its reach is read; of one that is made from others, what it is made of.

    Args:
        path: its artifact.
        run: its id, which the artifact must be of.
        names: the keys of the wanted fields.
        known: fields at hand, maybe of this run; those that are wanted are not read again.

    Raises:
        ArtifactError: the artifact is missing, unreadable or of another config.
    """
    if known is not None and known.run == run:
        source, held = known.source, known.planes
    else:
        source, held = open_source(path, run), {}
    planes = {name: held.get(name) or _plane(name, source) for name in dict.fromkeys(names)}
    return RunFields(run, source, planes)


def difference(one: RunFields, two: RunFields, style: FieldStyle) -> Plane:
    """The difference of a field between two runs of equal grid and length."""
    first, second = (each.planes[style.key] for each in (one, two))
    if problem := first.problem or second.problem or _too_large(style.difference, one.cells):
        return Plane.none(problem)
    cyclic = style.kind == "cyclic"
    found = derived.difference(first.whole(), second.whole(), cyclic=cyclic)
    return Plane.made(found, one.config, cyclic=cyclic)


def _plane(name: str, source: FieldSource) -> Plane:
    style = FIELDS[name]
    if name not in _MADE:
        return Plane.stored(source, f"final_{name}")
    if problem := _too_large(style, source.cells):
        return Plane.none(problem)
    try:
        made = _MADE[name](source)
    except FieldError as error:
        return Plane.none(f"{style.title}: {error}")
    return Plane.made(made, source.config, cyclic=style.kind == "cyclic")


def _too_large(style: FieldStyle, cells: int) -> str:
    """Why a field is not made on a grid, in words; empty where it is."""
    most = SPECTRAL_LIMIT - 1 if style.spectral else MADE_LIMIT
    if cells <= most:
        return ""
    return (
        f"{style.title}: got a grid of {cells:,} cells a side, expected at most {most:,} for a "
        "field that is made from the whole of others; choose a stored one."
    )
