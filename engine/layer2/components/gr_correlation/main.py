"""The component "GR correlation": docs/analyses.md says what it computes."""

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from engine.errors import ArtifactError
from engine.layer2.association import Association, associate
from engine.layer2.hamiltonian import constraint
from engine.layer2.hunt_runs import read_runs, workspace_of
from engine.layer2.instants import read_sound
from engine.layer2.script_files import exit_code_of, write_figures, write_picture, write_table
from engine.store.workspace import Workspace

REPORTED = 0.72
"""The correlation that was once reported."""


def main() -> None:
    """Read the export and the artifacts that it lists, write the outputs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--final_ledger", type=Path, required=True)
    parser.add_argument("--output-dir", type=Path, required=True)
    given = parser.parse_args()
    runs, place = read_runs(given.final_ledger), workspace_of(given.final_ledger)
    failures: Counter[str] = Counter()
    norms = np.array([norm_of(place, run.config_hash, failures) for run in runs])
    sse = np.array([run.log_prime_sse for run in runs])
    h_norm = np.array([run.sdg_h_norm_l2 for run in runs])
    found = associate(sse, norms)
    write_figures(
        given.output_dir / "figures.json",
        {
            "scored_runs": len(runs),
            "left_out": dict(failures),
            "hamiltonian_norm_l2": asdict(found),
            "sdg_h_norm_l2": asdict(associate(sse, h_norm)),
            "both_norms_together": asdict(associate(norms, h_norm)),
            "reported": REPORTED,
            "reported_lies_in_the_interval": holds(found, REPORTED),
        },
    )
    write_table(
        given.output_dir / "runs.csv",
        ("config_hash", "log_prime_sse", "sdg_h_norm_l2", "hamiltonian_norm_l2"),
        (
            (run.config_hash, run.log_prime_sse, plain(run.sdg_h_norm_l2), plain(norm))
            for run, norm in zip(runs, norms.tolist(), strict=True)
        ),
    )
    write_picture(given.output_dir / "scatter.png", draw(sse, norms, found))


def norm_of(place: Workspace, run_id: str, failures: Counter[str]) -> float:
    """hamiltonian_norm_L2 of a run; NaN where its artifact is not to be had, which is counted."""
    try:
        return constraint(read_sound(str(place.artifact_path(run_id)))[1]).hamiltonian_norm_l2
    except ArtifactError as error:
        failures[error.failure] += 1
        return float("nan")


def holds(found: Association, value: float) -> bool | None:
    """Whether a value lies in the confidence interval; None where there is none."""
    if found.low is None or found.high is None:
        return None
    return found.low <= value <= found.high


def plain(value: float) -> float | None:
    """An empty cell for what is undefined."""
    return value if np.isfinite(value) else None


def draw(sse: np.ndarray, norms: np.ndarray, found: Association) -> Figure:
    """Each run by both figures."""
    figure = Figure(figsize=(6.4, 5.0), layout="constrained")
    axes = figure.subplots()
    axes.plot(norms, sse, "o", alpha=0.5)
    if found.runs:
        axes.loglog()
    said = (
        f"r = {found.pearson:+.2f} in [{found.low:+.2f}, {found.high:+.2f}], "
        f"ρ = {found.spearman:+.2f}, {found.runs} runs"
        if found.pearson is not None
        else f"{found.runs} runs: no correlation is defined"
    )
    axes.set(xlabel="hamiltonian_norm_L2, 1/x²", ylabel="log_prime_sse", title=said)
    return figure


if __name__ == "__main__":
    raise SystemExit(exit_code_of(main))
