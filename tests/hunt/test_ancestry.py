"""Lineage: the parents that are named are those that the strategy took."""

import numpy as np
import pytest
from table_samples import table_of

from engine.hunt.ancestry import ancestry, genetic_parents
from engine.hunt.space import SearchSpace
from engine.hunt.strategies import genetic as module
from engine.hunt.strategies import make_strategy
from engine.hunt.tally import Outcome, results_of
from engine.settings import HuntSettings
from engine.store.run_row import RunRow


def played(monkeypatch, *, replicates=1, generations=6, failing=0.25, seed=3):
    """A hunt of the genetic strategy, and the parents that it took, as points of the cube."""
    settings = HuntSettings.from_mapping(
        {"num_generations": generations, "population_size": 7, "replicates": replicates, "seed": 5}
    )
    strategy, space = make_strategy(settings), SearchSpace.of(settings)
    random = np.random.default_rng(seed)
    taken, points = [], []
    columns = {name: [] for name in ("generation", "member", "replicate", "fitness")}
    plain = module.mates

    def noted(rng, fitness, children):
        pair = plain(rng, fitness, children)
        taken.append(strategy._parents[pair])
        return pair

    monkeypatch.setattr(module, "mates", noted)
    for generation in range(1, generations + 1):
        asked = strategy.ask()
        points += [point for point in asked for _ in range(replicates)]
        told = []
        for member, config in enumerate(space.configs(asked)):
            outcomes = []
            for replicate in range(replicates):
                failed = random.random() < failing
                # Few values: equals must be told apart as the strategy does.
                worth = None if failed else float(random.integers(1, 4))
                columns["generation"].append(generation)
                columns["member"].append(member)
                columns["replicate"].append(replicate)
                columns["fitness"].append(np.nan if worth is None else worth)
                outcomes.append(Outcome(_row(config, worth), worth))
            told.append(outcomes)
        strategy.tell(asked, results_of(told, ("stability",), space.size))
    return table_of(settings, **columns), np.array(points), taken


def _row(config, worth):
    if worth is None:
        return RunRow(config=config, status="diverged")
    return RunRow(config=config, status="ok", log_prime_sse=1.0, sdg_h_norm_l2=10.0**-worth)


@pytest.mark.parametrize("replicates", [1, 3])
@pytest.mark.parametrize("seed", range(5))
def test_genetic_parents_are_those_that_the_strategy_took(monkeypatch, replicates, seed):
    table, points, taken = played(monkeypatch, replicates=replicates, seed=seed)
    for place in np.flatnonzero((table["generation"] > 1) & (table["replicate"] == 0)):
        generation, member = (int(table[name][place]) for name in ("generation", "member"))
        first, second = taken[generation - 2][:, member]
        found = {tuple(points[i]) for i in genetic_parents(table, place)}
        assert found == {tuple(first), tuple(second)}, f"{generation=} {member=}"


def test_the_first_generation_has_no_parents(monkeypatch):
    table, *_ = played(monkeypatch)
    found = ancestry(table, table.ids[2])
    assert found.words == "Of the first generation: drawn at random."
    assert found.relatives == ()


def test_a_hunt_without_any_score_goes_on_at_random(monkeypatch):
    table, *_ = played(monkeypatch, failing=1.0)
    found = ancestry(table, table.ids[-1])
    assert found.words == "Drawn at random: no run before it had a score."
    assert found.relatives == ()


def test_with_runs_missing_no_parents_are_made_up():
    settings = HuntSettings.from_mapping({"population_size": 3})
    table = table_of(settings, fitness=[1, 2, 3, 4], generation=[1, 1, 2, 2], member=[0, 1, 0, 1])
    found = ancestry(table, table.ids[3])
    assert "missing" in found.words
    assert [each.relation for each in found.relatives] == ["best of the generation before"]


def test_other_strategies_say_that_nothing_is_known():
    settings = HuntSettings.from_mapping({"population_size": 3, "strategy": "sobol"})
    table = table_of(settings, fitness=[1, 9, 2, 3, 3, 3])
    found = ancestry(table, table.ids[4])
    assert "no parents are known" in found.words
    assert [(each.place, each.relation) for each in found.relatives] == [
        (1, "best of the generation before")
    ]


def test_a_descents_parent_is_the_run_before_at_its_place():
    settings = HuntSettings.from_mapping({"population_size": 3, "strategy": "gradient"})
    table = table_of(settings, fitness=[9, 1, 2, 3, 3, 3])
    found = ancestry(table, table.ids[4])
    assert [(each.place, each.relation) for each in found.relatives] == [
        (1, "parent"),
        (0, "best of the generation before"),
    ]


def test_links_are_told_from_both_ends():
    table = table_of(fitness=[1, 2, 3])
    run, fine, copy = table.ids[0], "f" * 40, table.ids[2]
    links = [
        {"config_hash": fine, "relation": "promotes", "origin": run},
        {"config_hash": copy, "relation": "replicates", "origin": run},
    ]
    assert [
        (each.run, each.relation, each.place) for each in ancestry(table, run, links).relatives
    ] == [
        (fine, "promoted to, on a finer grid", None),
        (copy, "replicated by, from a fresh seed", 2),
    ]
    [origin] = ancestry(table, fine, links[:1]).relatives
    assert (origin.run, origin.relation) == (run, "promoted from, on a coarser grid")


def test_a_run_of_another_hunt_has_no_place():
    assert "no place" in ancestry(table_of(fitness=[1.0]), "e" * 40).words
