"""Every setting of a run and of a hunt, declared once: type, default, bounds, unit, purpose.

The command line, the HTTP interface and the page derive from these declarations. The identity of
a run (`config_hash`) is computed here and nowhere else.
"""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from engine.dimensions import Dimension, parse_search
from engine.errors import SettingsError
from engine.schema import check_fields, check_names, setting, specs

MODEL_CONTRACT = 2
"""Version of the model and its discretization: a change of meaning gives every run a new id."""

MAX_RHO = 1e4
"""A run in which |ψ|² exceeds this anywhere has diverged."""

STATUS_OK = "ok"
FAILURES = (
    "diverged",
    "too_few_peaks",
    "artifact_missing",
    "artifact_unreadable",
    "config_mismatch",
    "audit_failed",
    "worker_failed",
    "timed_out",
)
"""Classes of failure: a run has status `ok` or one of these, and a class never becomes a score."""

MACHINE_FAILURES = ("artifact_missing", "artifact_unreadable", "worker_failed", "timed_out")
"""Failures of the machine rather than of the run: such a run is computed again when asked for."""

OBJECTIVES = ("fidelity", "stability", "evidence")
"""What a hunt can seek: the classical fitness, a small H-norm, small p-values."""


@dataclass(frozen=True)
class RunConfig:
    """Everything that determines the result of one run (equations in docs/model.md)."""

    model: str = setting(
        "sncgl",
        choices=("sncgl", "fmia"),
        group="physics",
        doc="Full model, or fmia: its conservative, local, flat limit (a preset, see docs).",
    )
    epsilon: float = setting(
        0.1, bounds=(-10, 10), group="physics", doc="Linear growth rate ε.", unit="1/t"
    )
    diffusion: float = setting(0.5, bounds=(0, 100), group="physics", doc="Diffusion D.")
    dispersion: float = setting(0.8, bounds=(-100, 100), group="physics", doc="Dispersion c₁.")
    saturation: float = setting(1.0, bounds=(0, 100), group="physics", doc="Local saturation b.")
    nonlinear_dispersion: float = setting(
        0.0, bounds=(-100, 100), group="physics", doc="Nonlinear dispersion c₃."
    )
    param_kappa: float = setting(
        0.05, bounds=(0, 10), group="physics", doc="Strength κ of the non-local saturation."
    )
    param_sigma_k: float = setting(
        0.5,
        bounds=(0, 100),
        low_open=True,
        group="physics",
        doc="Width σ of the non-local kernel in Fourier space.",
        unit="1/x",
    )
    param_alpha: float = setting(
        0.5, bounds=(0, 4), group="physics", doc="Exponent α of the emergent metric; 0 is flat."
    )
    metric_ansatz: str = setting(
        "power",
        choices=("power", "exponential"),
        group="physics",
        doc="Ω² of the emergent metric: (ρ_vac/ρ_s)^α, or exp(−α(ρ_s/ρ_vac − 1)).",
    )
    source_amplitude: float = setting(
        0.0, bounds=(-100, 100), group="physics", doc="Amplitude F of the central source."
    )
    source_width: float = setting(
        4.0,
        bounds=(0, 10_000),
        low_open=True,
        group="physics",
        doc="Width w of the central source.",
        unit="x",
    )
    sdg_rho_vac: float = setting(
        1.0, bounds=(0, 100), low_open=True, group="physics", doc="Vacuum spacetime density ρ_vac."
    )
    sdg_tau: float = setting(
        1.0,
        bounds=(0, 1000),
        group="physics",
        doc="Relaxation time τ of the spacetime density; 0 solves its constraint at every instant.",
        unit="t",
    )
    sdg_length: float = setting(
        0.5, bounds=(0, 1000), group="physics", doc="Screening length ℓ of the density.", unit="x"
    )
    sdg_coupling: float = setting(
        1.0, bounds=(0, 100), group="physics", doc="Coupling χ of the field's energy to density."
    )
    gradient_weight: float = setting(
        0.0, bounds=(0, 100), group="physics", doc="Weight η of |∇ψ|² in the energy T₀₀."
    )
    N_grid: int = setting(
        64, bounds=(8, 65_536), even=True, group="simulation", doc="Cells along each side."
    )
    domain_length: float = setting(
        64.0,
        bounds=(0, 1e6),
        low_open=True,
        group="simulation",
        doc="Side L of the square.",
        unit="x",
    )
    dt: float = setting(
        0.1, bounds=(0, 100), low_open=True, group="simulation", doc="Time step.", unit="t"
    )
    T_steps: int = setting(
        1000, bounds=(1, 100_000_000), group="simulation", doc="Number of time steps."
    )
    seed: int = setting(
        42, bounds=(0, 2**32 - 1), group="simulation", doc="Seed of the initial noise."
    )
    precision: str = setting(
        "float32",
        choices=("float32", "float64"),
        group="simulation",
        doc="Floating-point precision of the simulation.",
    )
    initial_state_sha256: str = setting(
        "",
        pattern_hex=64,
        group="simulation",
        doc="SHA-256 of the initial state, when the run starts from a file.",
    )

    def __post_init__(self) -> None:
        check_fields(self)
        if self.model == "fmia":
            _check_preset(self)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], *, complete: bool = False) -> Self:
        """A config from JSON-like values; the model's preset fills what is left out.

        Args:
            values: settings by name.
            complete: every key must be there, as in a config that the engine has stored.
        """
        check_names(values, list(specs(cls)))
        if complete and (missing := [name for name in specs(cls) if name not in values]):
            raise SettingsError(
                f"{missing[0]}: missing from a stored config, expected all of "
                f"{len(specs(cls))} keys; re-create the file with `irer run`.",
                field=missing[0],
            )
        preset = FMIA_PRESET if values.get("model") == "fmia" else {}
        return cls(**{**preset, **values})

    def to_dict(self) -> dict[str, Any]:
        """All settings by name, in declared types."""
        return {name: getattr(self, name) for name in specs(type(self))}

    @functools.cached_property
    def config_hash(self) -> str:
        """SHA-1 of the canonical JSON of every setting and the model contract's version."""
        return _sha1({**self.to_dict(), "model_contract": MODEL_CONTRACT})

    @functools.cached_property
    def param_hash(self) -> str:
        """SHA-1 over the metric and the numbers of the equations alone: replicates share it."""
        return _sha1({name: getattr(self, name) for name in (*PHYSICS_KEYS, "metric_ansatz")})


PHYSICS_KEYS = tuple(
    name for name, spec in specs(RunConfig).items() if spec.group == "physics" and not spec.choices
)
"""Names of the numbers that the equations hold: traced by the solver, open to search."""

FMIA_PRESET = {
    "epsilon": 0.0,
    "diffusion": 0.0,
    "dispersion": 0.5,
    "saturation": 0.0,
    "nonlinear_dispersion": 1.0,
    "param_kappa": 0.0,
    "param_alpha": 0.0,
    "sdg_coupling": 0.0,
    "source_amplitude": 0.0,
}
_FMIA_FREE = ("dispersion", "nonlinear_dispersion")


@dataclass(frozen=True)
class HuntSettings:
    """What to search, how, and around which run; the searched keys overwrite those of `base`."""

    num_generations: int = setting(10, bounds=(1, 100_000), group="hunt", doc="Generations.")
    population_size: int = setting(
        10, bounds=(1, 100_000), group="hunt", doc="Candidates per generation."
    )
    strategy: str = setting(
        "genetic",
        group="hunt",
        doc="How candidates are proposed: genetic, nsga2, cmaes, map_elites, sobol, gradient.",
    )
    objectives: str = setting(
        "auto",
        group="hunt",
        doc="What is sought: fidelity, stability or evidence, or several with commas between; "
        "auto is fidelity, for nsga2 fidelity and stability.",
    )
    replicates: int = setting(
        1, bounds=(1, 100), group="hunt", doc="Seeds per candidate; their median counts."
    )
    max_runs: int = setting(
        0, bounds=(0, 1_000_000_000), group="hunt", doc="End after so many runs; 0 is no limit."
    )
    max_hours: float = setting(
        0.0, bounds=(0, 100_000), group="hunt", doc="End after so long; 0 is no limit.", unit="h"
    )
    kappa_range: tuple[float, float] = setting(
        (0.001, 0.1), bounds=(0, 10), group="search", doc="Searched interval of κ (param_kappa)."
    )
    sigma_k_range: tuple[float, float] = setting(
        (0.1, 1.0),
        bounds=(0, 100),
        low_open=True,
        group="search",
        doc="Searched interval of σ (param_sigma_k).",
        unit="1/x",
    )
    alpha_range: tuple[float, float] = setting(
        (0.01, 1.0), bounds=(0, 4), group="search", doc="Searched interval of α (param_alpha)."
    )
    scheduler: str = setting(
        "",
        group="hunt",
        doc="Dask scheduler that the runs are computed on, such as tcp://10.0.0.1:8786; empty for "
        "this machine.",
    )
    search: str = setting(
        "",
        group="search",
        doc="Further searched keys, other intervals, or keys left out: "
        "epsilon=0.01:1:log param_alpha=off.",
    )
    null_draws: int = setting(
        199, bounds=(19, 100_000), group="audit", doc="Draws of each null hypothesis per run."
    )
    audit_limit_s: float = setting(
        3600.0,
        bounds=(0, 1e7),
        group="audit",
        doc="Longest audit of a run; 0 is no limit.",
        unit="s",
    )
    batch_limit_s: float = setting(
        0.0,
        bounds=(0, 1e7),
        group="simulation",
        doc="Longest simulation of a batch; 0 is no limit.",
        unit="s",
    )
    keep_best: int = setting(
        0,
        bounds=(0, 1_000_000),
        group="storage",
        doc="Keep the artifacts of the best so many runs only; 0 keeps all.",
    )
    keep_every: int = setting(
        0,
        bounds=(0, 1_000_000),
        group="storage",
        doc="Beside the best, keep the artifact of every so manieth run; 0 keeps none.",
    )
    history_frames: int = setting(
        20, bounds=(0, 1000), group="storage", doc="Field snapshots kept in each artifact."
    )
    history_mb: float = setting(
        256.0,
        bounds=(0, 1e9),
        group="storage",
        doc="Most megabytes of snapshots in each artifact: of large grids fewer are kept.",
        unit="MB",
    )
    base: RunConfig = dataclasses.field(default_factory=RunConfig)

    def __post_init__(self) -> None:
        check_fields(self)
        _check_objectives(self.objectives)
        if not self.dimensions:
            raise SettingsError(
                "search: got every key off, expected at least one to search; leave one in.",
                field="search",
            )
        if self.base.model != "sncgl":
            raise SettingsError(
                f"model: got {self.base.model!r}, expected 'sncgl': the {self.base.model} preset "
                "fixes the searched keys; run it alone with `irer run`.",
                field="model",
            )
        if self.base.initial_state_sha256:
            raise SettingsError(
                "initial_state_sha256: got a checksum, expected none: the runs of a hunt start "
                "from their seed; leave the key out.",
                field="initial_state_sha256",
            )

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Settings from one flat mapping: hunt keys and run keys side by side."""
        own, run = list(specs(cls)), list(specs(RunConfig))
        check_names(values, own + run)
        base = RunConfig.from_mapping({k: v for k, v in values.items() if k in run})
        return cls(**{k: v for k, v in values.items() if k in own}, base=base)

    def to_dict(self) -> dict[str, Any]:
        """All settings in one flat mapping, as `from_mapping` reads it."""
        own = {name: getattr(self, name) for name in specs(type(self))}
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in own.items()}
        return {**plain, **self.base.to_dict()}

    def frames_of(self, config: RunConfig) -> int:
        """How many snapshots of a run are kept: those that are wanted and fit `history_mb`."""
        frame = 2 * (4 if config.precision == "float32" else 8) * config.N_grid**2
        return min(self.history_frames, int(self.history_mb * 1e6 // frame))

    @property
    def total_runs(self) -> int:
        """Runs that the hunt asks for."""
        asked = self.num_generations * self.population_size * self.replicates
        return min(asked, self.max_runs) if self.max_runs else asked

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The searched keys and their intervals: the three of old, as `search` changes them."""
        classical = {
            "param_kappa": Dimension("param_kappa", *self.kappa_range),
            "param_sigma_k": Dimension("param_sigma_k", *self.sigma_k_range),
            "param_alpha": Dimension("param_alpha", *self.alpha_range),
        }
        known = {key: specs(RunConfig)[key] for key in PHYSICS_KEYS}
        found = {**classical, **parse_search(self.search, known)}
        return tuple(dimension for dimension in found.values() if dimension is not None)

    @property
    def sought(self) -> tuple[str, ...]:
        """The objectives by name."""
        if self.objectives == "auto":
            return ("fidelity", "stability") if self.strategy == "nsga2" else ("fidelity",)
        return tuple(self.objectives.split(","))


def _check_objectives(text: str) -> None:
    names = text.split(",")
    if text != "auto" and (not set(names) <= set(OBJECTIVES) or len(set(names)) < len(names)):
        raise SettingsError(
            f"objectives: got {text!r}, expected auto, or some of {', '.join(OBJECTIVES)}, each "
            "once, with commas between; write fidelity,stability.",
            field="objectives",
        )


def _check_preset(config: RunConfig) -> None:
    for name, value in FMIA_PRESET.items():
        if name not in _FMIA_FREE and getattr(config, name) != value:
            raise SettingsError(
                f"{name}: got {getattr(config, name):g}, expected {value:g}: the fmia preset "
                "fixes it; leave it out or choose model 'sncgl'.",
                field=name,
            )


def _sha1(values: Mapping[str, Any]) -> str:
    text = _CANONICAL.encode(values)
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
