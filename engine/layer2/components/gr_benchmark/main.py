"""The component "GR benchmark": docs/analyses.md says what it computes."""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from engine.audit.geometry import sdg_h_norm_l2
from engine.layer2.hamiltonian import (
    Constraint,
    constraint,
    general_curvature,
    relative_difference,
    rms,
)
from engine.layer2.instants import read_sound
from engine.layer2.script_files import exit_code_of, write_figures, write_picture
from engine.layer2.solver_curvature import solver_curvature


def main() -> None:
    """Read the artifact, write the outputs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifact", required=True)
    parser.add_argument("--output-dir", type=Path, required=True)
    given = parser.parse_args()
    run_id, fields = read_sound(given.artifact)
    found = constraint(fields)
    h_norm = sdg_h_norm_l2(fields.g_tt, fields.rho_s, fields.rho, fields.psi, fields.config)
    others = {
        "christoffel_of_stored_metric": general_curvature(fields),
        "christoffel_of_the_solver": solver_curvature(fields),
    }
    write_figures(
        given.output_dir / "figures.json",
        {
            "config_hash": run_id,
            "t": fields.t_end,
            "hamiltonian_norm_l2": found.hamiltonian_norm_l2,
            "rms_of_terms": {
                "curvature": rms(found.curvature),
                "extrinsic": rms(found.extrinsic),
                "energy": rms(found.energy),
            },
            "curvature_lowest": float(found.curvature.min()),
            "curvature_highest": float(found.curvature.max()),
            "curvature_differs_by": {
                name: _plain(relative_difference(found.curvature, other))
                for name, other in others.items()
            },
            "sdg_h_norm_l2": _plain(h_norm),
        },
    )
    picture = draw(found, fields.config.domain_length, fields.t_end)
    write_picture(given.output_dir / "constraint.png", picture)


def draw(found: Constraint, length: float, t: float) -> Figure:
    """The terms of the constraint and what is left of it."""
    figure = Figure(figsize=(9.6, 8.0), layout="constrained")
    panels = {
        "R⁽³⁾": found.curvature,
        "K² − KᵢⱼKⁱʲ": found.extrinsic,
        "16πT₀₀": found.energy,
        "H": found.residual,
    }
    grid = figure.subplots(2, 2, sharex=True, sharey=True)
    for axes, (name, field) in zip(grid.flat, panels.items(), strict=True):
        most = float(np.abs(field).max()) or 1.0
        side = (0, length, 0, length)
        image = axes.imshow(field, "RdBu_r", origin="lower", extent=side, vmin=-most, vmax=most)
        axes.set_title(name)
        figure.colorbar(image)
    figure.suptitle(f"Hamiltonian constraint at t = {t:g}, in 1/x²")
    return figure


def _plain(value: float) -> float | None:
    """JSON has no infinity: what is undefined is null."""
    return value if np.isfinite(value) else None


if __name__ == "__main__":
    raise SystemExit(exit_code_of(main))
