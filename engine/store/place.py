"""One place of a run in a hunt."""

from typing import NamedTuple


class Place(NamedTuple):
    """A place of a run in a hunt.

    Attributes:
        generation, member, replicate: where.
        config_hash: the run.
        fitness: its worth to the hunt; None for a failure.
        gradient: what the strategy was told of the loss's derivatives, if anything.
    """

    generation: int
    member: int
    replicate: int
    config_hash: str
    fitness: float | None
    gradient: list[float] | None
