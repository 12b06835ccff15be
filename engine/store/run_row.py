"""One row of the ledger's run table: what a run scored, or why it has no score."""

import math
import numbers
import operator
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from engine.errors import LedgerError
from engine.settings import FAILURES, STATUS_OK, RunConfig

SCORES = (
    "log_prime_sse",
    "sse_null_phase_scramble",
    "sse_null_target_shuffle",
    "p_phase_scramble",
    "p_target_shuffle",
)
"""Columns that only a run of status ok has."""

EVIDENCE = ("sdg_h_norm_l2", "pcs_score", "evolution_residual", "defect_density")
"""Columns that a run also has when its fields were sound but gave no score."""

_WITH_EVIDENCE = (STATUS_OK, "too_few_peaks", "audit_failed")
PARAMETERS = ("param_kappa", "param_sigma_k", "param_alpha")


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A run as the ledger keeps it; a value that is undefined is None, never a number or NaN."""

    config: RunConfig
    status: str
    error: str = ""
    log_prime_sse: float | None = None
    sse_null_phase_scramble: float | None = None
    sse_null_target_shuffle: float | None = None
    p_phase_scramble: float | None = None
    p_target_shuffle: float | None = None
    n_peaks: int | None = None
    sdg_h_norm_l2: float | None = None
    pcs_score: float | None = None
    evolution_residual: float | None = None
    defect_density: float | None = None
    artifact_sha256: str | None = None
    artifact_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.status not in (STATUS_OK, *FAILURES):
            raise self._wrong("status", "ok or a failure class")
        for name in (*SCORES, *EVIDENCE):
            value = getattr(self, name)
            if value is None:
                continue
            if (
                not isinstance(value, numbers.Real)
                or isinstance(value, bool)
                or not math.isfinite(value)
            ):
                raise self._wrong(name, "a finite number or None")
            object.__setattr__(self, name, float(value))
        if self.n_peaks is not None:
            object.__setattr__(self, "n_peaks", operator.index(self.n_peaks))
        for name, kind in (("artifact_sha256", str), ("artifact_bytes", int)):
            if not isinstance(getattr(self, name), kind | None):
                raise self._wrong(name, f"{kind.__name__} or None")
        if (self.log_prime_sse is None) is (self.status == STATUS_OK):
            raise self._wrong("log_prime_sse", "a number if the status is ok and only then")

    @classmethod
    def from_provenance(cls, config: RunConfig, provenance: Mapping[str, Any]) -> Self:
        """The row of a run from its audit.

        A failure class keeps no score: the 999.0 and 998.0 that provenance carries for readers of
        the old contract stop here.

        Raises:
            LedgerError: the provenance is another run's, or contradicts itself.
        """
        if provenance.get("config_hash") != config.config_hash:
            raise LedgerError(
                f"provenance: of run {provenance.get('config_hash')!r}, expected "
                f"{config.config_hash}; audit the run again with `irer validate`."
            )
        for name in ("spectral_fidelity", "integrity", "artifact"):
            if not isinstance(provenance.get(name) or {}, Mapping):
                raise LedgerError(
                    f"provenance: {name} is {provenance[name]!r}, expected an object; audit the "
                    "run again with `irer validate`."
                )
        flat = {
            **provenance,
            **(provenance.get("spectral_fidelity") or {}),
            **(provenance.get("integrity") or {}),
        }
        status = str(provenance.get("status"))
        names: tuple[str, ...] = ()
        if status in _WITH_EVIDENCE:
            names = (*EVIDENCE, "n_peaks")
        if status == STATUS_OK:
            names = (*names, *SCORES)
        artifact = provenance.get("artifact") or {}
        return cls(
            config=config,
            status=status,
            error=str(provenance.get("error") or ""),
            artifact_sha256=artifact.get("sha256"),
            artifact_bytes=artifact.get("bytes"),
            **{name: flat.get(name) for name in names},
        )

    @classmethod
    def from_columns(cls, config: RunConfig, columns: Mapping[str, Any]) -> Self:
        """The row of a run that the ledger holds already, as `LedgerReader.run` gives it."""
        return cls(config=config, **{name: columns[name] for name in _NAMES})

    def scalars(self) -> dict[str, Any]:
        """Every column but the config, by name."""
        return {name: getattr(self, name) for name in _NAMES}

    def _wrong(self, name: str, expected: str) -> LedgerError:
        return LedgerError(
            f"run {self.config.config_hash}: {name} is {getattr(self, name)!r} with status "
            f"{self.status!r}, expected {expected}; nothing was written, report this."
        )


_NAMES = tuple(f.name for f in fields(RunRow) if f.name != "config")
