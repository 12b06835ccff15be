"""A hunt of seconds, and what of it does not depend on when and where it ran."""

SMALL = {
    "num_generations": 3,
    "population_size": 4,
    "N_grid": 32,
    "domain_length": 128.0,
    "T_steps": 60,
    "null_draws": 19,
    "history_frames": 2,
}


def rows(engine, hunt_id, without=("hunt_id", "committed")):
    """A hunt's rows by generation, member and replicate."""
    return {
        (row["generation"], row["member"], row["replicate"]): {
            name: value for name, value in row.items() if name not in without
        }
        for row in engine.reader.runs(hunt_id)
    }
