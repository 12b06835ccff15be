"""What is said of a run whose artifact the retention rules gave up."""

from engine.errors import ArtifactError
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace


def eviction(workspace: Workspace, config_hash: str) -> str | None:
    """When a run was evicted and how to get it back, in words; None for a run that is not."""
    row = LedgerReader(workspace.ledger_path).run(config_hash)
    if row is None or row["evicted"] is None:
        return None
    return (
        f"run {config_hash}: its artifact was evicted on {row['evicted'][:10]}, expected one that "
        f"is there; make it again with `irer restore {config_hash}`."
    )


def check_not_evicted(workspace: Workspace, config_hash: str) -> None:
    """Refuse to read an artifact that was evicted, rather than to call it missing.

    Raises:
        ArtifactError: it was; the message says how to restore it.
    """
    if not workspace.artifact_path(config_hash).exists() and (
        words := eviction(workspace, config_hash)
    ):
        raise ArtifactError(words, failure="artifact_missing")
