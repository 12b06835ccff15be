"""The component "Phase defects": docs/analyses.md says what it computes."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from engine.audit.fields import Fields
from engine.layer2.instants import instants, read_sound
from engine.layer2.script_files import exit_code_of, write_figures, write_picture, write_table
from engine.layer2.singularities import Singularities, locate
from engine.layer2.torus import distances, nearest
from engine.layer2.tracking import Track, follow, reach_of, turnover
from engine.store.artifact import open_artifact


def main() -> None:
    """Read the artifact, write the outputs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifact", required=True)
    parser.add_argument("--instants", type=int, default=9)
    parser.add_argument("--output-dir", type=Path, required=True)
    given = parser.parse_args()
    run_id, fields = read_sound(given.artifact)
    length, folder = fields.config.domain_length, given.output_dir
    seen = instants(fields, given.instants)
    frames = [locate(psi, length) for psi in seen.psi]
    reach = reach_of(frames, length)
    tracks = follow(frames, length, reach)
    found = frames[-1]
    write_figures(
        folder / "figures.json",
        {
            "config_hash": run_id,
            "t": fields.t_end,
            **population(found, length),
            "tracking": motion(tracks, seen.times, reach, length),
        },
    )
    places = zip(*found.places.T.tolist(), found.charges.tolist(), strict=True)
    write_table(folder / "defects.csv", ("x", "y", "charge"), places)
    write_table(
        folder / "tracks.csv",
        ("track", "charge", "t", "x", "y"),
        (
            (number, track.charge, seen.times[track.begin + i], *place)
            for number, track in enumerate(tracks)
            for i, place in enumerate(track.places.tolist())
        ),
    )
    write_table(folder / "counts.csv", ("t", "defects"), counts(given.artifact))
    write_picture(folder / "defects.png", picture(fields, found))


def population(found: Singularities, length: float) -> dict[str, Any]:
    """How many there are, and how far apart."""
    positive, negative = (found.places[found.charges == sign] for sign in (1, -1))
    apart = distances(positive, negative, length)
    return {
        "positive": len(positive),
        "negative": len(negative),
        "charge_sum": int(found.charges.sum()),
        "density": len(found.charges) / length**2,
        "mean_way_to_nearest_opposite": float(apart.min(axis=1).mean()) if apart.size else None,
    }


def motion(
    tracks: Sequence[Track], times: Sequence[float], reach: float, length: float
) -> dict[str, Any]:
    """What moved, came and went between the first time and the last."""
    changes = turnover(tracks, len(times))
    moments, span = np.array(times), (times[-1] - times[0]) * length**2
    speeds = [
        np.hypot(*nearest(np.diff(track.places, axis=0), length).T)
        / np.diff(moments[track.begin : track.end])
        for track in tracks
    ]
    speed = np.concatenate([np.empty(0), *speeds])
    births, deaths = int(changes.births.sum()), int(changes.deaths.sum())
    return {
        "from_t": times[0],
        "to_t": times[-1],
        "frames": len(times),
        "reach": reach,
        "tracks": len(tracks),
        "births": births,
        "deaths": deaths,
        "births_per_area_and_time": births / span if span else None,
        "deaths_per_area_and_time": deaths / span if span else None,
        "median_speed": float(np.median(speed)) if speed.size else None,
    }


def counts(path: str) -> list[tuple[float, float]]:
    """(t, how many defects) along the whole run, as the solver counted them."""
    with open_artifact(path) as artifact:
        if "phase_defects" not in artifact.diagnostics:
            return []
        series = [artifact.read(f"diagnostics/{name}") for name in ("t", "phase_defects")]
    return [(t, n) for t, n in zip(*map(np.ndarray.tolist, series), strict=True) if n == n]


def picture(fields: Fields, found: Singularities) -> Figure:
    """The phase, and the defects on it."""
    length = fields.config.domain_length
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    axes = figure.subplots()
    half = length / fields.config.N_grid / 2
    side = (-half, length - half, -half, length - half)
    image = axes.imshow(
        np.angle(fields.psi), "twilight", origin="lower", extent=side, vmin=-np.pi, vmax=np.pi
    )
    figure.colorbar(image, label="arg ψ")
    for sign, mark, colour in ((1, "o", "#d62728"), (-1, "s", "#2ca02c")):
        here = found.places[found.charges == sign]
        said = f"charge {sign:+d}: {len(here)}"
        axes.plot(*here.T, mark, color=colour, markeredgecolor="white", label=said)
    axes.set(xlabel="x", ylabel="y", title=f"Phase defects at t = {fields.t_end:g}")
    figure.legend(loc="outside lower center", ncols=2)
    return figure


if __name__ == "__main__":
    raise SystemExit(exit_code_of(main))
