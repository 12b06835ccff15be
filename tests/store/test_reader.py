import threading

import pytest
from store_samples import run_row

from engine.errors import SettingsError
from engine.settings import HuntSettings
from engine.store.ledger import Ledger
from engine.store.reader import COLUMNS, LedgerReader


@pytest.fixture
def path(tmp_path):
    return tmp_path / "simulation ledger?#1.sqlite"


@pytest.fixture
def hunt(path):
    """A hunt of 3 × 4 runs with SSE 0.0, 0.1, …; every fifth of them has failed."""
    with Ledger(path) as ledger:
        hunt = ledger.create_hunt(HuntSettings(num_generations=3, population_size=4))
        for i in range(12):
            if i % 5 == 4:
                row, fitness = run_row(i, status="diverged"), None
            else:
                row, fitness = run_row(i, log_prime_sse=i / 10), float(i)
            ledger.commit_run(hunt, i // 4, i % 4, row, fitness)
        ledger.commit_run(None, 0, 0, run_row(99))
    return hunt


def test_before_there_is_a_ledger_every_answer_is_empty(reader, path):
    assert reader.runs() == reader.runs("2026-11-21-001") == reader.hunts() == []
    assert reader.events_after(0) == []
    assert reader.run("0" * 40) is reader.best() is reader.latest_hunt() is None
    assert reader.counts() == {}
    assert reader.last_seq() == 0
    with reader.places() as places:
        assert list(places) == []
    assert not path.exists(), "a reader creates nothing"


def test_a_ledger_that_is_just_being_created_is_empty(reader, path):
    path.touch()
    assert reader.runs() == []


def test_a_run_has_every_column_and_plain_values(reader, hunt):
    run = reader.runs(hunt)[0]
    assert tuple(run) == COLUMNS
    assert {type(value) for value in run.values()} <= {str, int, float, type(None)}
    assert (run["param_kappa"], run["param_sigma_k"], run["param_alpha"]) == (0.05, 0.5, 0.5)


def test_runs_come_in_the_order_of_their_commit(reader, hunt):
    places = [(run["generation"], run["member"]) for run in reader.runs(hunt)]
    assert places == [(i // 4, i % 4) for i in range(12)]
    assert [run["member"] for run in reader.runs(hunt, order="-")] == [3, 2, 1, 0] * 3
    assert len(reader.runs()) == 13


@pytest.mark.parametrize("order", ["", "-", "fitness", "-log_prime_sse", "status", "committed"])
def test_pages_put_together_are_the_whole(reader, hunt, order):
    pages = [reader.runs(hunt, limit=5, offset=start, order=order) for start in (0, 5, 10, 15)]
    assert [len(page) for page in pages] == [5, 5, 2, 0]
    assert [run for page in pages for run in page] == reader.runs(hunt, order=order)


@pytest.mark.parametrize("order", ["log_prime_sse", "-log_prime_sse"])
def test_runs_without_a_value_come_last_either_way(reader, hunt, order):
    values = [run["log_prime_sse"] for run in reader.runs(hunt, order=order)]
    assert values[-2:] == [None, None]
    assert values[:-2] == sorted(values[:-2], reverse=order.startswith("-"))


@pytest.mark.parametrize("order", ["colour", "config", "fitness; DROP TABLE runs", "--fitness"])
def test_an_order_that_is_no_column_is_refused(reader, hunt, order):
    with pytest.raises(SettingsError, match="expected a column") as refused:
        reader.runs(hunt, order=order)
    assert refused.value.field == "order"
    assert len(reader.runs(hunt)) == 12


@pytest.mark.parametrize("page", [{"limit": -1}, {"offset": -1}])
def test_a_negative_page_is_refused(reader, hunt, page):
    with pytest.raises(SettingsError, match="expected 0 or more"):
        reader.runs(hunt, **page)


def test_the_best_run_is_the_fittest_that_has_not_failed(reader, hunt):
    assert reader.best(hunt)["fitness"] == 11.0
    assert reader.best()["config_hash"] == reader.best(hunt)["config_hash"]
    assert reader.best("2001-01-01-001") is None


def test_of_equally_fit_runs_the_earliest_is_best(reader, path):
    with Ledger(path) as ledger:
        hunt = ledger.create_hunt(HuntSettings())
        for seed in range(3):
            ledger.commit_run(hunt, 0, seed, run_row(seed), fitness=1.0)
    assert reader.best(hunt)["member"] == 0


def test_counts_are_by_status(reader, hunt):
    assert reader.counts(hunt) == {"ok": 10, "diverged": 2}
    assert reader.counts() == {"ok": 11, "diverged": 2}


def test_events_are_read_on_from_any_number(reader, hunt):
    assert reader.last_seq() == 14
    assert [event.seq for event in reader.events_after(11)] == [12, 13, 14]
    assert [event.seq for event in reader.events_after(3, limit=2)] == [4, 5]
    assert reader.events_after(14) == []
    assert reader.events_after(1)[0].to_dict()["kind"] == "run_committed"


def test_an_unknown_run_and_an_unknown_hunt_are_empty(reader, hunt):
    assert reader.run("0" * 40) is None
    assert reader.runs("2001-01-01-001") == []
    assert reader.counts("2001-01-01-001") == {}


def test_reading_beside_a_writer_sees_whole_commits_in_order(reader, path):
    """Each answer is one state: as many runs as events, and never fewer than before."""
    done = threading.Event()
    problems = []

    def read():
        before = 0
        while not done.is_set():
            log = reader.events_after(0)
            events = [event for event in log if event.kind == "run_committed"]
            runs = reader.runs()
            with reader.places() as places:
                listed = list(places)
            if not before <= len(events) <= len(runs) <= len(listed):
                problems.append((before, len(events), len(runs), len(listed)))
            if [event.seq for event in log] != list(range(1, len(log) + 1)):
                problems.append([event.seq for event in log])
            if len({run[COLUMNS.index("config_hash")] for run in listed}) != len(listed):
                problems.append("a run twice")
            before = len(events)

    threads = [threading.Thread(target=read) for _ in range(2)]
    with Ledger(path) as ledger:
        hunt = ledger.create_hunt(HuntSettings())
        for thread in threads:
            thread.start()
        for i in range(150):
            ledger.commit_run(hunt, i // 10, i % 10, run_row(i), fitness=1.0)
        done.set()
        for thread in threads:
            thread.join()
    assert problems == []
    assert len(reader.runs(hunt)) == 150


def test_a_listing_is_not_disturbed_by_what_is_committed_meanwhile(reader, path, hunt):
    with Ledger(path) as ledger, reader.places() as places:
        first = next(places)
        ledger.commit_run(hunt, 9, 9, run_row(1000))
        assert len([first, *places]) == 13
    assert len(reader.runs()) == 14


def test_the_configs_of_some_runs_come_in_one_answer(reader, hunt):
    ids = [run["config_hash"] for run in reader.runs(hunt)][:3]
    found = reader.configs([*ids, "0" * 40])
    assert found == {name: reader.run(name)["config"] for name in ids}
    assert reader.configs([]) == {}


def test_a_ledger_has_an_identity_that_stays_and_that_no_other_has(reader, hunt, path, tmp_path):
    identity, events = reader.log_after(12)
    assert [event.seq for event in events] == [13, 14]
    with Ledger(path) as ledger:
        ledger.append_event("again")
    assert reader.identity() == identity
    other = LedgerReader(tmp_path / "other.sqlite")
    assert (other.identity(), other.log_after(0)) == ("", ("", []))
    Ledger(tmp_path / "other.sqlite").close()
    assert other.identity() not in ("", identity)
