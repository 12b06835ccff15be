"""The component "Topology": docs/analyses.md says what it computes."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from engine.audit.spectrum import Floats
from engine.layer2.instants import read_sound
from engine.layer2.persistence import DIMENSIONS, Persistence, superlevel_persistence
from engine.layer2.rips import rips_persistence
from engine.layer2.script_files import exit_code_of, write_figures, write_picture, write_table
from engine.layer2.topology import TopologyTest, topology_test

LEVELS = 200
"""At so many values of ρ the Betti numbers are told."""


def main() -> None:
    """Read the artifact, write the outputs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifact", required=True)
    parser.add_argument("--draws", type=int, default=99)
    parser.add_argument("--peaks", type=int, default=200)
    parser.add_argument("--output-dir", type=Path, required=True)
    given = parser.parse_args()
    run_id, fields = read_sound(given.artifact)
    length, folder = fields.config.domain_length, given.output_dir
    found = superlevel_persistence(fields.rho)
    peaks = found.peaks[: given.peaks]
    places = peaks[:, :2] * (length / fields.config.N_grid)
    rips = rips_persistence(places, length)
    test = topology_test(fields.psi, run_id, given.draws)
    levels = np.linspace(found.lowest, fields.rho.max(), LEVELS)
    betti = [found.betti(k, levels) for k in DIMENSIONS]
    write_figures(
        folder / "figures.json",
        {
            "config_hash": run_id,
            "t": fields.t_end,
            "superlevel": [in_figures(found, k) for k in DIMENSIONS[:2]],
            "peaks": len(found.peaks),
            "peaks_joined": len(peaks),
            "rips": [lengths_of(each) for each in rips],
            "random_phases": {
                "p": test.p,
                "draws": given.draws,
                "statistic": float(test.statistic[0]),
                "statistic_of_surrogates": quartiles(test.statistic[1:]),
                "total_persistence_over_mean_rho": test.totals[0].tolist(),
                "of_surrogates": [quartiles(each) for each in test.totals[1:].T],
            },
        },
    )
    write_table(
        folder / "diagram.csv",
        ("dimension", "birth", "death"),
        (
            (k, birth, death)
            for k in DIMENSIONS
            for birth, death in [
                *found.pairs[k].tolist(),
                *((birth, None) for birth in found.essential[k].tolist()),
            ]
        ),
    )
    write_table(
        folder / "betti.csv",
        ("rho", "beta_0", "beta_1", "beta_2"),
        zip(levels.tolist(), *(each.tolist() for each in betti), strict=True),
    )
    at = zip(*places.T.tolist(), peaks[:, 2].tolist(), strict=True)
    write_table(folder / "peaks.csv", ("x", "y", "rho"), at)
    write_table(
        folder / "rips.csv",
        ("dimension", "birth", "death"),
        ((k, *pair) for k, each in enumerate(rips) for pair in each.tolist()),
    )
    write_table(
        folder / "null.csv",
        ("field", "statistic", "total_0", "total_1"),
        (
            ("surrogate" if i else "observed", statistic, *total)
            for i, (statistic, total) in enumerate(
                zip(test.statistic.tolist(), test.totals.tolist(), strict=True)
            )
        ),
    )
    write_picture(folder / "topology.png", draw(found, levels, betti, test))


def in_figures(found: Persistence, dimension: int) -> dict[str, Any]:
    """A diagram in a few numbers."""
    diagram = found.diagram(dimension)
    length = diagram[:, 0] - diagram[:, 1]
    return {
        "dimension": dimension,
        "features": len(diagram),
        "essential": found.essential[dimension].tolist(),
        "total_persistence": found.total(dimension),
        "longest": float(length.max()) if len(length) else None,
    }


def lengths_of(diagram: Floats) -> dict[str, Any]:
    """A Vietoris–Rips diagram in a few numbers."""
    length = diagram[:, 1] - diagram[:, 0]
    return {
        "features": len(diagram),
        "total_persistence": float(length.sum()),
        "longest": float(length.max()) if len(length) else None,
    }


def quartiles(values: Floats) -> list[float]:
    """Lowest, quartiles and highest."""
    return [float(each) for each in np.percentile(values, (0, 25, 50, 75, 100))]


def draw(found: Persistence, levels: Floats, betti: list[Any], test: TopologyTest) -> Figure:
    """Diagram, Betti curves, and the statistic among its surrogates."""
    figure = Figure(figsize=(12.0, 4.2), layout="constrained")
    diagram, curves, null = figure.subplots(1, 3)
    ends = (found.lowest, float(levels[-1]))
    diagram.plot(ends, ends, color="grey", linewidth=0.8)
    names = ("components", "loops", "surface")
    for k in (0, 1):
        diagram.plot(*found.diagram(k)[:, ::-1].T, ".", label=names[k])
    for k in DIMENSIONS[:2]:
        curves.plot(levels, betti[k], label=names[k])
    null.hist(test.statistic[1:], bins=20, color="grey", label="random phases")
    null.axvline(test.statistic[0], color="#d62728", label=f"this run, p = {test.p:.3g}")
    diagram.set(xlabel="death: ρ", ylabel="birth: ρ", title="Superlevel sets of ρ")
    curves.set(xlabel="ρ", ylabel="Betti number", title="Betti curves")
    null.set(xlabel="mean distance to the others, over ⟨ρ⟩", title="Against random phases")
    for axes in (diagram, curves, null):
        axes.legend()
    return figure


if __name__ == "__main__":
    raise SystemExit(exit_code_of(main))
