"""Links between runs, and which artifacts the ledger says are there."""

from store_samples import run_row

from engine.settings import HuntSettings

ONE, TWO, THREE = ("a" * 40, "b" * 40, "c" * 40)


def test_a_link_is_seen_from_both_ends_and_said_twice_is_one(ledger, reader):
    ledger.link(TWO, "promotes", ONE)
    ledger.link(THREE, "promotes", TWO)
    first = reader.links(TWO)
    ledger.link(TWO, "promotes", ONE)
    assert reader.links(TWO) == first
    assert [(e["config_hash"], e["relation"], e["origin"]) for e in first] == [
        (TWO, "promotes", ONE),
        (THREE, "promotes", TWO),
    ]
    assert reader.links(ONE) == first[:1]
    assert reader.links("d" * 40) == []


def test_without_a_ledger_nothing_is_linked_held_or_evicted(reader):
    assert reader.links(ONE) == reader.holdings("2026-11-21-001") == []
    assert reader.evicted_among({ONE}) == []


def test_an_eviction_is_entered_once_and_undone(ledger, reader):
    rows = [run_row(seed=i) for i in range(3)]
    for row in rows:
        ledger.commit_run(None, 0, 0, row)
    names = [row.config.config_hash for row in rows]
    ledger.mark_evicted(names[:2])
    first = reader.run(names[0])["evicted"]
    assert first >= reader.run(names[0])["committed"]
    ledger.mark_evicted(names)
    assert reader.run(names[0])["evicted"] == first, "the time of the first eviction stays"
    assert sorted(reader.evicted_among({names[0], names[2], "d" * 40})) == sorted(names[::2])
    ledger.mark_restored(names[:1])
    assert [reader.run(name)["evicted"] is None for name in names] == [True, False, False]
    ledger.mark_restored(names[:1])
    told = [(each.kind, each.payload) for each in reader.events_after() if "artifacts" in each.kind]
    assert told == [
        ("artifacts_evicted", {"runs": 2}),
        ("artifacts_evicted", {"runs": 1}),
        ("artifacts_restored", {"runs": 1}),
    ]


def test_the_holdings_of_a_hunt_are_in_order_of_commit(ledger, reader):
    hunt = ledger.create_hunt(HuntSettings())
    rows = [run_row(seed=i, artifact_sha256=str(i) * 64) for i in (2, 0, 1)]
    for i, row in enumerate(rows):
        ledger.commit_run(hunt, 1, i, row, float(i))
    found = reader.holdings(hunt)
    assert [each["config_hash"] for each in found] == [row.config.config_hash for row in rows]
    assert [each["fitness"] for each in found] == [0.0, 1.0, 2.0]
    assert [each["artifact_sha256"][0] for each in found] == ["2", "0", "1"]
    assert not any(each["claimed"] for each in found)
    assert reader.holdings("2001-01-01-001") == []
