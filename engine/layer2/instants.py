"""ψ at several instants of a run, though its file holds it at two.

The history keeps ρ and g_tt and no phase. ψ is stored at the checkpoint, 20 steps before the end,
and at the end; between them the auditor's own integrator tells it (`engine.audit.evolution`).
"""

from dataclasses import dataclass

from engine.audit.collocation import IntegrationError
from engine.audit.equations import Complexes
from engine.audit.evolution import follow
from engine.audit.fields import Fields, divergence
from engine.errors import ArtifactError
from engine.store.artifact import open_artifact


@dataclass(frozen=True)
class Instants:
    """ψ, (N, N), at ascending times: the checkpoint's first, the end's last."""

    times: tuple[float, ...]
    psi: tuple[Complexes, ...]


def read_sound(path: str) -> tuple[str, Fields]:
    """The id and the fields of a run that has not diverged.

    Raises:
        ArtifactError: the file cannot be read, or the run diverged.
    """
    with open_artifact(path) as artifact:
        run_id, fields = artifact.config_hash, Fields.read(artifact)
    if reason := divergence(fields):
        raise ArtifactError(f"{path}: {reason}", failure="diverged")
    return run_id, fields


def instants(fields: Fields, between: int) -> Instants:
    """Checkpoint and end as they are stored, and so many instants evenly between them.

    Raises:
        ArtifactError: the checkpoint cannot be followed.
    """
    psi, rho_s = fields.checkpoint_psi, fields.checkpoint_rho_s
    step = (fields.t_end - fields.checkpoint_t) / (between + 1)
    times, found = [fields.checkpoint_t], [psi]
    for i in range(between):
        try:
            here = follow(psi, rho_s, fields.config, step)
        except IntegrationError as error:
            raise ArtifactError(
                f"checkpoint: {error}, expected to reach the end; ask for no instants between, or "
                "audit the run with `irer validate`.",
                failure="audit_failed",
            ) from error
        psi, rho_s = here.psi, here.rho_s
        times.append(fields.checkpoint_t + (i + 1) * step)
        found.append(psi)
    return Instants((*times, fields.t_end), (*found, fields.psi))
