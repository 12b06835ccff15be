"""Importances: the key that decides is found, and too little is said to be too little."""

import numpy as np
import pytest
from table_samples import table_of

from engine.hunt.importance import ADVISED, MOST, importances
from engine.hunt.table import FITNESS, SSE
from engine.settings import HuntSettings


def searched(n, worth, seed=0):
    random = np.random.default_rng(seed)
    keys = {
        "param_kappa": random.uniform(0.001, 0.1, n),
        "param_sigma_k": random.uniform(0.1, 1, n),
        "param_alpha": random.uniform(0.01, 1, n),
    }
    return table_of(fitness=worth(keys), log_prime_sse=1 / worth(keys), **keys)


def by_alpha(keys):
    return 1 + keys["param_alpha"] + 0.01 * keys["param_kappa"]


def test_the_key_that_decides_has_nearly_all_of_it():
    found = importances(searched(300, by_alpha), FITNESS)
    assert next(iter(found.shares)) == "param_alpha"
    assert found.shares["param_alpha"] > 0.8
    assert sum(found.shares.values()) == pytest.approx(1)


def test_a_small_sse_and_a_large_fitness_are_the_same_best_runs():
    table = searched(300, by_alpha)
    assert importances(table, SSE).shares == importances(table, FITNESS).shares


def test_it_is_what_optuna_says_of_the_same_study():
    import optuna

    table = searched(100, by_alpha)
    study = optuna.create_study(direction="maximize")
    spans = {d.key: optuna.distributions.FloatDistribution(d.low, d.high) for d in table.dimensions}
    for i in range(100):
        params = {key: float(table[key][i]) for key in spans}
        study.add_trial(
            optuna.trial.create_trial(
                params=params, distributions=spans, value=float(table["fitness"][i])
            )
        )
    expected = optuna.importance.get_param_importances(
        study, evaluator=optuna.importance.PedAnovaImportanceEvaluator()
    )
    assert importances(table, FITNESS).shares == pytest.approx(expected)


def test_few_runs_have_none_and_some_have_a_doubt():
    few = importances(searched(19, by_alpha), FITNESS)
    assert not few.shares
    assert few.words == "19 runs have a figure, 20 are needed."
    some = importances(searched(ADVISED - 1, by_alpha), FITNESS)
    assert some.shares
    assert "That is few" in some.words
    assert "That is few" not in importances(searched(ADVISED, by_alpha), FITNESS).words


def test_runs_of_one_fitness_have_none():
    found = importances(searched(50, lambda keys: np.ones(50)), FITNESS)
    assert not found.shares
    assert "the same Fitness" in found.words


def test_failed_runs_do_not_count():
    table = searched(25, by_alpha)
    failed = table_of(
        statuses=["ok"] * 15 + ["diverged"] * 10, **{k: table[k] for k in table.numbers}
    )
    assert importances(failed, FITNESS).runs == 15


def test_one_searched_key_has_nothing_beside_it():
    settings = HuntSettings.from_mapping({"search": "param_kappa=off param_sigma_k=off"})
    found = importances(table_of(settings, fitness=np.arange(50.0)), FITNESS)
    assert "One key" in found.words


def test_of_very_many_runs_a_spread_sample_is_weighed_and_said_so():
    found = importances(searched(MOST + 500, by_alpha), FITNESS)
    assert found.runs == MOST + 500
    assert f"Of {MOST + 500:,} runs {MOST:,} evenly spread" in found.words
