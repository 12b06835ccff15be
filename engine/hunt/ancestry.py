"""Where a run of a hunt comes from, as far as it is known: parents, and links to other runs.

The ledger keeps no parents. Those of the genetic strategy follow from what it keeps: the strategy
draws them from the hunt's seed and the fitness of the generation before, and here the same draw is
made again. A gradient search has one run before each. Of the others nothing is known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.hunt.strategies.genetic import mates
from engine.hunt.table import FITNESS, HuntTable, Places

_LINKED = {
    ("promotes", True): "promoted from, on a coarser grid",
    ("promotes", False): "promoted to, on a finer grid",
    ("replicates", True): "replicates, from a fresh seed",
    ("replicates", False): "replicated by, from a fresh seed",
}


@dataclass(frozen=True)
class Relative:
    """A run that another has to do with.

    Attributes:
        run: its config_hash.
        relation: in words.
        place: in the hunt's table, None where it has none.
    """

    run: str
    relation: str
    place: int | None


@dataclass(frozen=True)
class Ancestry:
    """What is known, and what is not, in words."""

    words: str
    relatives: tuple[Relative, ...] = ()


def ancestry(table: HuntTable, run: str, links: Iterable[Mapping[str, Any]] = ()) -> Ancestry:
    """The relatives of a run.

    Args:
        table: of the hunt.
        run: its config_hash.
        links: as `LedgerReader.links` gives them.
    """
    linked = tuple(_linked(table, run, link) for link in links)
    place = table.first.get(run)
    if place is None:
        return Ancestry("This run has no place in the hunt that is shown.", linked)
    words, parents = _parents(table, place)
    own = tuple(Relative(table.ids[each], "parent", each) for each in parents)
    return Ancestry(words, (*own, *linked, *_best_before(table, place, parents)))


def _linked(table: HuntTable, run: str, link: Mapping[str, Any]) -> Relative:
    is_later = link["config_hash"] == run
    other = str(link["origin"] if is_later else link["config_hash"])
    words = _LINKED.get((link["relation"], is_later), str(link["relation"]))
    return Relative(other, words, table.first.get(other))


def _parents(table: HuntTable, place: int) -> tuple[str, list[int]]:
    strategy = table.settings.strategy if table.settings else ""
    generation = int(table["generation"][place])
    if strategy == "genetic":
        if generation == 1:
            return "Of the first generation: drawn at random.", []
        parents = genetic_parents(table, place)
        if parents is None:
            return "Runs of the generations before are missing: its parents are unknown.", []
        if not parents:
            return "Drawn at random: no run before it had a score.", []
        if len(parents) == 1:
            return (
                "Both tournaments chose the same parent: the run is a mutation of it.",
                parents,
            )
        return (
            "Two tournaments chose its parents; it has each key from either, or mutated.",
            parents,
        )
    if strategy == "gradient":
        if generation == 1:
            return "The start of a descent.", []
        before = [
            int(each)
            for each in _places(table, generation - 1)
            if table["member"][each] == table["member"][place]
        ][:1]
        return "A step of the descent from its parent, or a fresh start at its place.", before
    return f"The strategy {strategy} draws from all that it was told: no parents are known.", []


def genetic_parents(table: HuntTable, place: int) -> list[int] | None:
    """The places of a run's parents in a genetic hunt: two, one, or none of a random draw.

    None where a run of an earlier generation is missing: then the draw cannot be made again.
    """
    settings = table.settings
    generation = int(table["generation"][place])
    earlier = np.flatnonzero(table["generation"] < generation)
    if settings is None or len(earlier) != (
        (generation - 1) * settings.population_size * settings.replicates
    ):
        return None
    ways = [table[name][earlier] for name in ("replicate", "member", "generation")]
    candidates = earlier[np.lexsort(ways)].reshape(-1, settings.replicates)
    fitness = table[FITNESS.key][candidates]
    worth = np.median(np.where(np.isfinite(fitness), fitness, -np.inf), axis=1)
    born = table["generation"][candidates[:, 0]]
    told = np.flatnonzero(np.isfinite(worth) & (born == generation - 1))
    old = np.flatnonzero(np.isfinite(worth) & (born < generation - 1))
    if len(old):  # the elite is the last of the pool; of equals, the youngest generation's first
        elite = old[np.lexsort((old, -born[old], -worth[old]))[0]]
        told = np.append(told, elite)
    if not len(told):
        return []
    rng = np.random.default_rng([settings.base.seed, generation - 1])
    pair = mates(rng, worth[told], settings.population_size)[:, int(table["member"][place])]
    return [int(i) for i in dict.fromkeys(candidates[told[pair], 0])]


def _best_before(table: HuntTable, place: int, known: list[int]) -> list[Relative]:
    """The best run of the generation before."""
    fitness = table[FITNESS.key]
    before = _places(table, int(table["generation"][place]) - 1)
    before = before[np.isfinite(fitness[before])]
    if not len(before):
        return []
    best = int(before[np.argmax(fitness[before])])
    if best in known:
        return []
    return [Relative(table.ids[best], "best of the generation before", best)]


def _places(table: HuntTable, generation: int) -> Places:
    return table.generations.get(generation, np.empty(0, int))
