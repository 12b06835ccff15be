"""The golden parameters: the best run of a hunt as JSON, with what its score is worth."""

import json
from collections.abc import Mapping
from typing import Any

from engine.settings import RunConfig

_SCORES = (
    "fitness",
    "log_prime_sse",
    "sse_null_phase_scramble",
    "sse_null_target_shuffle",
    "n_peaks",
    "sdg_h_norm_l2",
    "pcs_score",
    "evolution_residual",
    "defect_density",
)
_NULLS = ("p_phase_scramble", "p_target_shuffle")


def golden_json(best: Mapping[str, Any], report: Mapping[str, Any] | None, verdict: str) -> str:
    """The best run's parameters, scores and p-values, and what the hunt's report concludes.

    Args:
        best: its ledger row, with its whole `config`.
        report: the hunt's report on significance, None until there is one.
        verdict: what is to be said of the score, in words.

    Returns:
        Strict JSON. `config` is `RunConfig.to_dict`: what `irer run` takes. `significant` and
        `success` are null until the hunt's runs have been weighed together.

    Raises:
        SettingsError: the kept config is not complete, or none of this engine's.
    """
    run = str(best["config_hash"])
    config = RunConfig.from_mapping(best["config"], complete=True)
    document = {
        "config_hash": run,
        "hunt_id": best["hunt_id"],
        "config": config.to_dict(),
        "scores": {name: best[name] for name in _SCORES},
        "p_values": {name: best[name] for name in _NULLS} | _corrected(run, report),
        "significance": {
            "significant": None if report is None else run in report["significant"],
            "success": None if report is None else run in report["success"],
            "runs_tried": None if report is None else report["runs"],
            "level": None if report is None else report["level"],
            "conclusion": verdict,
        },
    }
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)


def _corrected(run: str, report: Mapping[str, Any] | None) -> dict[str, Any]:
    """The p-values after Holm's correction, of a run for which the report has them."""
    for each in ("best", "strongest"):
        found = (report or {}).get(each)
        if found and found["config_hash"] == run:
            return {f"{name}_holm": found[f"{name}_holm"] for name in _NULLS}
    return {}
