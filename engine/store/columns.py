"""The columns that a row of the run list has, and where each comes from."""

from engine.store.run_row import EVIDENCE, PARAMETERS, SCORES

PLACE_COLUMNS = ("hunt_id", "generation", "member", "replicate", "fitness")
"""Of the place that a run has in a hunt."""

RUN_COLUMNS = (
    "config_hash",
    "param_hash",
    *PARAMETERS,
    "status",
    "error",
    *SCORES,
    "n_peaks",
    *EVIDENCE,
    "artifact_sha256",
    "artifact_bytes",
    "committed",
    "evicted",
)
"""Of the run itself."""

COLUMNS = (*PLACE_COLUMNS, *RUN_COLUMNS)
"""What a row of `LedgerReader.runs` holds."""

NUMBERS = (
    "generation",
    "member",
    "replicate",
    "fitness",
    *PARAMETERS,
    *SCORES,
    "n_peaks",
    *EVIDENCE,
    "artifact_bytes",
)
"""The columns that hold numbers."""
