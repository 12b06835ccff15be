"""A hunt's table is what its ledger holds."""

import numpy as np
import pytest

from engine.hunt.front import front
from engine.hunt.space import SearchSpace
from engine.hunt.table import FITNESS, LARGER_P, SSE, HuntTable, read_table
from engine.settings import HuntSettings
from engine.store.ledger import Ledger
from engine.store.listing import FOLD
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow

SETTINGS = HuntSettings.from_mapping(
    {"population_size": 10, "N_grid": 32, "search": "epsilon=0.01:1:log param_alpha=off"}
)


def fill(path, count):
    random = np.random.default_rng(0)
    configs = SearchSpace.of(SETTINGS).configs(random.random((count, 3)))
    with Ledger(path) as ledger:
        hunt = ledger.create_hunt(SETTINGS)
        for i, config in enumerate(configs):
            row = RunRow(config=config, status="diverged")
            if i % 5:
                row = RunRow(
                    config=config,
                    status="ok",
                    log_prime_sse=float(random.random()),
                    sdg_h_norm_l2=float(random.random()) if i % 7 else None,
                    p_phase_scramble=0.2,
                    p_target_shuffle=0.1 * (i % 9),
                )
            ledger.commit_run(hunt, 1 + i // 10, i % 10, row, i / 2 if i % 5 else None)
    return hunt, configs


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    hunt, configs = fill(path, FOLD + 20)  # some in the listing, some in its tail
    return LedgerReader(path), hunt, configs


def test_every_column_is_that_of_the_runs_in_order_of_commit(filled):
    reader, hunt, configs = filled
    rows, table = reader.runs(hunt), read_table(reader, hunt)
    assert list(table.ids) == [row["config_hash"] for row in rows]
    assert list(table.statuses) == [row["status"] for row in rows]
    for name in ("generation", "member", "fitness", "log_prime_sse", "sdg_h_norm_l2"):
        expected = [np.nan if row[name] is None else row[name] for row in rows]
        np.testing.assert_array_equal(table[name], expected)
    np.testing.assert_array_equal(table["epsilon"], [config.epsilon for config in configs])
    np.testing.assert_array_equal(table["param_kappa"], [c.param_kappa for c in configs])
    assert "param_alpha" not in table.numbers


def test_the_larger_p_is_of_both_nulls_and_of_none_without_them(filled):
    reader, hunt, _ = filled
    table = read_table(reader, hunt)
    assert table[LARGER_P][1] == 0.2
    assert table[LARGER_P][8] == pytest.approx(0.8)
    assert np.isnan(table[LARGER_P][5])


def test_the_front_is_the_ledgers(filled):
    reader, hunt, _ = filled
    table = read_table(reader, hunt)
    assert [table.ids[i] for i in front(table)] == [r["config_hash"] for r in reader.pareto(hunt)]


def test_a_hunt_without_runs_and_an_unknown_one_are_empty(filled, tmp_path):
    reader, *_ = filled
    assert len(read_table(reader, "2000-01-01-001")) == 0
    assert read_table(reader, "2000-01-01-001").hunt_id == ""
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        hunt = ledger.create_hunt(SETTINGS)
    table = read_table(LedgerReader(tmp_path / "ledger.sqlite"), hunt)
    assert (table.hunt_id, len(table), len(table.scored), len(front(table))) == (hunt, 0, 0, 0)
    assert len(HuntTable()[FITNESS.key]) == len(HuntTable()[SSE.key]) == 0


def test_a_run_at_two_places_is_scored_once(tmp_path):
    path = tmp_path / "ledger.sqlite"
    [config] = SearchSpace.of(SETTINGS).configs(np.full((1, 3), 0.5))
    with Ledger(path) as ledger:
        hunt = ledger.create_hunt(SETTINGS)
        row = RunRow(config=config, status="ok", log_prime_sse=0.5)
        for member in range(2):
            ledger.commit_run(hunt, 1, member, row, 2.0)
    table = read_table(LedgerReader(path), hunt)
    assert len(table) == 2
    assert table.scored.tolist() == [0]
