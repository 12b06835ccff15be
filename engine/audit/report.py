"""The verdict on one run: every figure recomputed from its artifact, as the provenance JSON."""

import importlib.metadata
import math
import platform
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy

import engine
from engine.audit import integrity
from engine.audit.defects import defect_density
from engine.audit.fields import Fields, divergence
from engine.audit.geometry import sdg_h_norm_l2
from engine.audit.integrity import Check
from engine.audit.nulls import exact, most_draws, phase_scramble, sequential, target_shuffle
from engine.audit.pcs import pcs_score
from engine.audit.primes import MIN_PEAKS, Fidelity, score_field
from engine.audit.verdicts import verdicts
from engine.errors import ArtifactError, SettingsError
from engine.settings import STATUS_OK
from engine.store.artifact import open_artifact, sha256_file
from engine.store.provenance import write_provenance
from engine.store.workspace import Workspace

DEFAULT_DRAWS = 199

_OLD_SENTINELS = {"artifact_missing": 999.0, "artifact_unreadable": 998.0}
"""For readers of the old contract; nothing of ours scores by them."""

_FIDELITY = (
    "log_prime_sse",
    "sse_null_phase_scramble",
    "sse_null_target_shuffle",
    "p_phase_scramble",
    "p_target_shuffle",
    "n_peaks",
    "peaks_k",
    "scale",
    "null_phase_scramble",
    "null_target_shuffle",
)
_INTEGRITY = (
    "evolution_residual",
    "evolution_residual_rho_s",
    "evolution_tolerance",
    "checkpoint_t",
    "t_end",
    "g_tt_consistency",
    "rho_consistency",
)


def audit_run(workspace_root: str, config_hash: str, draws: int) -> dict[str, Any]:
    """Audit the artifact of a run in a workspace and write its provenance.

    A plain function of plain values, for a pool of spawned processes.

    Raises:
        WorkspaceError: the provenance cannot be written.
    """
    workspace = Workspace(Path(workspace_root))
    provenance = audit_artifact(workspace.artifact_path(config_hash), config_hash, draws=draws)
    write_provenance(workspace.provenance_path(config_hash), provenance)
    return provenance


def audit_artifact(path: Path, config_hash: str, *, draws: int = DEFAULT_DRAWS) -> dict[str, Any]:
    """Recompute every figure of a run from its raw arrays.

    A bad artifact raises nothing: `status` is its failure class, `error` says why in one line, and
    what is undefined is None.

    Args:
        path: the artifact.
        config_hash: the run that it must hold; also seeds the null hypotheses.
        draws: surrogates of ψ for every run; one that few of them reach gets more.

    Raises:
        SettingsError: `draws` is below 1.
    """
    if draws < 1:
        raise SettingsError(
            f"draws: got {draws}, expected at least 1; 199 is usual.", field="draws"
        )
    report = _Report(config_hash)
    try:
        _look(path, draws, report)
    except MemoryError:
        report = _Report(config_hash)
        report.fail(
            "worker_failed",
            f"{path.name}: too little memory is left to audit it; end what else computes, or "
            "choose a smaller N_grid, then audit it again.",
        )
    return report.provenance()


def _look(path: Path, draws: int, report: "_Report") -> None:
    try:
        with open_artifact(path, report.config_hash) as artifact:
            artifact.verify()
            fields = Fields.read(artifact)
            device = artifact.device_kind
        report.artifact = {
            "sha256": sha256_file(path),
            "bytes": path.stat().st_size,
            "device_kind": device,
        }
    except ArtifactError as error:
        report.fail(error.failure, str(error))
        return
    except OSError as error:  # it went away while it was being read
        report.fail("artifact_unreadable", f"{path}: {error}".rstrip(".") + "; audit it again.")
        return
    report.config = fields.config.to_dict()
    report.integrity.update(checkpoint_t=fields.checkpoint_t, t_end=fields.t_end)
    _audit(fields, draws, report)


@dataclass
class _Report:
    """The provenance in the making."""

    config_hash: str
    config: dict[str, Any] | None = None
    artifact: dict[str, Any] = field(default_factory=lambda: {"sha256": None, "bytes": None})
    status: str = STATUS_OK
    error: str = ""
    warnings: list[str] = field(default_factory=list)
    fidelity: dict[str, Any] = field(default_factory=dict)
    integrity: dict[str, Any] = field(default_factory=dict)
    h_norm: float | None = None
    defects: float | None = None
    pcs: float | None = None
    timing: dict[str, float] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)

    def fail(self, failure: str, error: str) -> None:
        self.status, self.error = failure, error

    def clock(self, name: str, since: float) -> None:
        self.timing[name] = round(time.perf_counter() - since, 6)

    def provenance(self) -> dict[str, Any]:
        self.clock("total_s", self.began)
        sentinel = _OLD_SENTINELS.get(self.status)
        fidelity = dict.fromkeys(_FIDELITY) | self.fidelity
        provenance = {
            "config_hash": self.config_hash,
            "status": self.status,
            "error": self.error,
            "warnings": self.warnings,
            "log_prime_sse": fidelity["log_prime_sse"] if sentinel is None else sentinel,
            "sdg_h_norm_l2": self.h_norm if sentinel is None else sentinel,
            "pcs_score": self.pcs,
            "defect_density": self.defects,
            "spectral_fidelity": fidelity,
            "integrity": dict.fromkeys(_INTEGRITY) | self.integrity,
            "config": self.config,
            "artifact": self.artifact,
            "software": {
                "irer": engine.__version__,
                "python": platform.python_version(),
                "numpy": np.__version__,
                "scipy": scipy.__version__,
                # What the artifact's bytes depend on, beside the device.
                "jaxlib": importlib.metadata.version("jaxlib"),
                "h5py": importlib.metadata.version("h5py"),
            },
            "timing": self.timing,
        }
        lines = [asdict(verdict) for verdict in verdicts(provenance, self.checks)]
        return {
            **provenance,
            "verdicts": [{**line, "figure": _finite(line["figure"])} for line in lines],
        }


def _audit(fields: Fields, draws: int, report: _Report) -> None:
    if reason := divergence(fields):
        report.fail("diverged", reason)
        return
    if reason := _check_integrity(fields, report):
        report.fail("audit_failed", reason)
        return
    report.warnings.extend(integrity.warnings(fields))
    report.h_norm = _finite(
        sdg_h_norm_l2(fields.g_tt, fields.rho_s, fields.rho, fields.psi, fields.config)
    )
    report.defects = defect_density(fields.psi, fields.config.domain_length)
    if reason := integrity.featureless(fields):
        report.fidelity.update(n_peaks=0, peaks_k=[])
        report.fail("too_few_peaks", reason)
        return
    fidelity = score_field(fields.rho, fields.config.domain_length)
    report.fidelity.update(n_peaks=len(fidelity.peaks), peaks_k=fidelity.peaks.tolist())
    if fidelity.log_prime_sse is None:
        count = len(fidelity.peaks)
        got = "1 peak" if count == 1 else f"{count} peaks"
        report.fail(
            "too_few_peaks",
            f"radial spectrum: got {got}, expected at least {MIN_PEAKS}; the field has too little "
            "structure to be scored; a larger domain_length resolves more rings.",
        )
        return
    began = time.perf_counter()
    _score(fields, fidelity, fidelity.log_prime_sse, draws, report)
    report.clock("nulls_s", began)


def _check_integrity(fields: Fields, report: _Report) -> str | None:
    """Note every integrity figure that can be had; the first complaint, if there is one."""
    complaints = []
    checks = [integrity.rho_consistency(fields), integrity.g_tt_consistency(fields)]
    began = time.perf_counter()
    steps, complaint = integrity.interval_steps(fields)
    continuation = None
    if complaint is None:
        continuation, complaint = integrity.evolve_checkpoint(fields, steps)
    if complaint is not None:
        complaints.append(complaint)
    if continuation is not None:
        evolution = integrity.evolution_checks(fields, continuation, steps)
        report.integrity["evolution_tolerance"] = evolution[0].limit
        checks.extend(evolution)
        report.pcs = _finite(
            pcs_score(fields.checkpoint_psi, fields.psi, continuation, fields.config)
        )
    report.clock("evolution_s", began)
    report.checks.extend(checks)
    report.integrity.update({check.name: _finite(check.figure) for check in checks})
    complaints = [str(check) for check in checks if not check.passed] + complaints
    return complaints[0] if complaints else None


def _score(
    fields: Fields, fidelity: Fidelity, observed: float, draws: int, report: _Report
) -> None:
    draw, most = phase_scramble(fields.psi, report.config_hash), most_draws(len(fields.psi), draws)
    scramble = sequential(observed, draw, draws, most)
    shuffle = exact(observed, target_shuffle(fidelity.peaks))
    report.fidelity.update(
        log_prime_sse=observed,
        scale=fidelity.scale,
        sse_null_phase_scramble=scramble.median,
        sse_null_target_shuffle=shuffle.median,
        p_phase_scramble=scramble.p,
        p_target_shuffle=shuffle.p,
        null_phase_scramble=scramble.to_dict(),
        null_target_shuffle=shuffle.to_dict(),
    )


def _finite(value: float | None) -> float | None:
    """JSON has no NaN: what is undefined is null."""
    return value if value is not None and math.isfinite(value) else None
