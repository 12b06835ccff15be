"""What a committed run is to those who watch: scalars of the status, and a sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.hunt.fitness import larger_p
from engine.settings import STATUS_OK
from engine.store.run_row import RunRow


def best_of(generation: int, row: RunRow, fitness: float, keys: Sequence[str]) -> dict[str, Any]:
    """What is shown of the best run: identity, place, metrics and searched parameters."""
    return {
        "config_hash": row.config.config_hash,
        "generation": generation,
        "fitness": fitness,
        "log_prime_sse": row.log_prime_sse,
        "sdg_h_norm_l2": row.sdg_h_norm_l2,
        "pcs_score": row.pcs_score,
        "p_phase_scramble": row.p_phase_scramble,
        "p_target_shuffle": row.p_target_shuffle,
        "n_peaks": row.n_peaks,
        "params": {key: getattr(row.config, key) for key in keys},
    }


def audit_news(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """What the event of an audit tells."""
    passed = [line["passed"] for line in provenance["verdicts"]]
    return {
        "status": provenance["status"],
        "seconds": provenance["timing"]["total_s"],
        "passed": passed.count(True),
        "failed": passed.count(False),
    }


def news_of(generation: int, row: RunRow) -> dict[str, Any]:
    """The fields of the status that tell of the last run."""
    return {
        "last_event": describe(generation, row),
        "last_sse": row.log_prime_sse,
        "last_p": larger_p(row),
        "last_n_peaks": row.n_peaks,
        "last_h_norm": row.sdg_h_norm_l2,
    }


def describe(generation: int, row: RunRow) -> str:
    """One sentence on a committed run."""
    name = f"Run {row.config.config_hash[:8]} (generation {generation})"
    if row.status != STATUS_OK:
        return f"{name}: {row.status.replace('_', ' ')}."
    return f"{name}: SSE {row.log_prime_sse:.4g}, H-norm {row.sdg_h_norm_l2:.4g}."
