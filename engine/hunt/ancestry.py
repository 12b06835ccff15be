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
        if not parents:
            return "Drawn at random: no run before it had a score.", []
        if len(parents) == 1:
            return (
                "A tournament chose the same parent twice; its child was mutated, or not.",
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


def genetic_parents(table: HuntTable, place: int) -> list[int]:
    """The places of a run's parents in a genetic hunt: two, one, or none of the first draw."""
    settings = table.settings
    generation, member = int(table["generation"][place]), int(table["member"][place])
    pool: list[int] = []
    worth = np.empty(0)
    for number in range(1, generation):
        elite = worth.argmax() if pool else None
        told, fitness = _told(table, number)
        if elite is not None:
            told, fitness = [*told, pool[elite]], np.append(fitness, worth[elite])
        pool, worth = told, fitness
    if not pool or settings is None:
        return []
    rng = np.random.default_rng([settings.base.seed, generation - 1])
    first, second = mates(rng, worth, settings.population_size)[:, member]
    return list(dict.fromkeys([pool[first], pool[second]]))


def _told(table: HuntTable, generation: int) -> tuple[list[int], np.ndarray]:
    """The candidates of a generation that have a fitness: first places, and the medians."""
    places = _places(table, generation)
    members = table["member"][places]
    order = np.lexsort((table["replicate"][places], members))
    groups = np.split(places[order], np.flatnonzero(np.diff(members[order])) + 1)
    found: list[int] = []
    worth: list[float] = []
    for group in groups:
        fitness = table[FITNESS.key][group]
        median = float(np.median(np.where(np.isfinite(fitness), fitness, -np.inf)))
        if np.isfinite(median):
            found.append(int(group[0]))
            worth.append(median)
    return found, np.array(worth)


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
