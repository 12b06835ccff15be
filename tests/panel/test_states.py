"""What the page says in words, for states that a page can be in."""

import json
from dataclasses import replace

import pytest

from engine.hunt.engine import Engine
from engine.live.status import ACTIVE, HuntStatus
from engine.settings import HuntSettings, RunConfig
from engine.store.ledger import Ledger
from engine.store.run_row import RunRow
from engine.store.tables import HUNT_STATES
from engine.store.workspace import Workspace
from irer_panel.columns import COLUMNS
from irer_panel.job import PROMOTE, RESTORE, Job
from irer_panel.snapshot import INTERRUPTED, Snapshot, look
from irer_panel.states import (
    STATES,
    can_pause,
    can_work,
    continuable,
    eviction_words,
    notice,
    over_seeds,
    progress,
    progress_words,
    start_refusal,
    state_word,
    verdict,
)
from irer_panel.views.best import best_json, promotion_words
from irer_panel.views.header import header_html
from irer_panel.views.run_heading import heading_html
from irer_panel.views.runs import run_table
from irer_panel.views.tiles import tiles, tiles_html

RUNNING = HuntStatus(
    state="running",
    hunt_id="2026-11-20-001",
    generation=4,
    num_generations=10,
    runs_done=37,
    runs_total=100,
    rate=1.8,
    eta_s=35.2,
    stage="simulating",
    failures={"diverged": 2},
)
BEST = {
    "config_hash": "0123456789" * 4,
    "generation": 3,
    "fitness": 12.4,
    "p_phase_scramble": 0.21,
    "p_target_shuffle": 0.38,
}


def seen(status=RUNNING, **changes):
    return Snapshot(status=status, shown=status, **changes)


def changed(**changes):
    return seen(HuntStatus(**{**RUNNING.to_dict(), **changes}))


def test_progress_is_runs_generation_rate_and_time_left():
    assert progress(seen()) == pytest.approx(0.37)
    words = progress_words(seen())
    assert words == "37/100 runs · gen 4/10 · 1.8 runs/s · simulating · 35 s left"
    assert 'aria-valuenow="37"' in header_html(seen())


@pytest.mark.parametrize(
    ("state", "way_out"),
    [
        ("starting", "Stop it, or wait"),
        ("running", "Stop it, or wait"),
        ("paused", "Resume it, or stop it"),
        ("stopping", "ends within seconds"),
    ],
)
def test_start_is_refused_with_a_reason_while_a_hunt_is_under_way(state, way_out):
    reason = start_refusal(changed(state=state))
    assert "2026-11-20-001" in reason
    assert "37 of 100 runs" in reason
    assert way_out in reason
    assert f"is {state}" in reason


@pytest.mark.parametrize("state", ["idle", "completed", "stopped", "failed"])
def test_start_is_open_otherwise(state):
    assert start_refusal(changed(state=state)) == ""


def test_a_failed_hunt_says_why_what_is_kept_and_what_to_do():
    severity, text = notice(changed(state="failed", error="disk full; free disk space."))
    assert severity == "error"
    for part in (
        "failed: disk full; free disk space.",
        "37 of 100 runs",
        "continue it, or start another",
    ):
        assert part in text


def test_a_stopped_hunt_says_what_is_kept():
    severity, text = notice(changed(state="stopped"))
    assert severity == "warning"
    assert "37 of 100 runs were done and are kept" in text
    assert "Continue it where it was" in text


def test_an_interrupted_hunt_says_so_and_can_go_on():
    look = changed(state=INTERRUPTED)
    severity, text = notice(look)
    assert severity == "warning"
    assert "was interrupted: its process ended before it did" in text
    assert state_word(look).word == "Interrupted"
    assert continuable(look) == "2026-11-20-001"


@pytest.mark.parametrize("state", ["stopped", "failed"])
def test_a_hunt_that_ended_early_can_go_on_while_nothing_else_computes(state):
    look = changed(state=state)
    assert continuable(look) == "2026-11-20-001"
    assert continuable(replace(look, elsewhere="process 7 on there (hunt)")) == ""
    assert continuable(replace(look, job=Job(PROMOTE, "a" * 40, active=True))) == ""


@pytest.mark.parametrize("state", ["idle", "starting", "running", "paused", "completed"])
def test_no_other_hunt_can_go_on(state):
    assert continuable(changed(state=state)) == ""


def test_a_stall_is_a_warning_and_marks_the_chip():
    look = changed(stalled="No progress for 12 s while auditing, where 10 s would be long.")
    severity, text = notice(look)
    assert severity == "warning"
    assert "No progress for 12 s while auditing" in text
    assert "Stop keeps what is done" in text
    assert "Stalled" in header_html(look)
    assert "No progress for 12 s" in header_html(look)


def test_a_paused_hunt_promises_no_end():
    words = progress_words(changed(state="paused"))
    assert words == "37/100 runs · gen 4/10 · 1.8 runs/s"
    look = replace(changed(state="paused", since=100.0), taken=160.0)
    assert {tile.key: tile for tile in tiles(look)}["status"].detail == "for 1 min 0 s"
    assert can_pause(look)
    assert can_pause(seen())
    assert not can_pause(changed(state="starting"))


def test_every_state_of_a_hunt_has_a_word():
    assert set(STATES) == {*ACTIVE, *HUNT_STATES, "idle", INTERRUPTED}


def test_a_promotion_under_way_takes_the_place_of_a_hunt_and_says_for_how_long():
    job = Job(PROMOTE, BEST["config_hash"], began=100.0, active=True)
    look = replace(changed(state="completed"), best=BEST, job=job, taken=112.0)
    words = "Promoting run 01234567: it is computed again on a grid twice as fine"
    assert start_refusal(look).startswith(words)
    assert "for 12 s so far" in start_refusal(look)
    assert words in promotion_words(look)
    assert not can_work(look)


def test_a_promotion_that_failed_says_why_and_that_of_another_run_is_not_shown():
    failed = Job(PROMOTE, BEST["config_hash"], problem="too little memory; take less.")
    look = replace(changed(state="completed"), best=BEST, job=failed)
    assert "Not promoted: too little memory; take less." in promotion_words(look)
    other = replace(look, job=replace(failed, run="f" * 40))
    assert promotion_words(other) == ""


def test_an_evicted_run_says_when_why_and_what_can_be_done():
    row = {"config_hash": "a" * 40, "evicted": "2026-11-20T10:00:00+00:00"}
    words = eviction_words(seen(), row)
    assert "aaaaaaaa were evicted on 2026-11-20" in words
    assert "computed again" in words
    other = Job(RESTORE, "a" * 40, conclusion="Not restored: other bytes.")
    assert eviction_words(seen(job=other), row) == "Not re-created. Not restored: other bytes."
    assert "compared byte for byte" in eviction_words(
        seen(job=replace(other, conclusion="", active=True)), row
    )


def test_the_best_shows_the_searched_keys_of_the_hunt():
    best = {**BEST, "params": {"param_kappa": 0.0432, "epsilon": 0.1, "sdg_tau": 2.0}}
    tile = {tile.key: tile for tile in tiles(changed(best=best))}["fitness"]
    assert tile.more == "κ\u00a00.0432\u2002ε\u00a00.1\u2002τ\u00a02"
    assert "κ\u00a00.0432\u2002ε\u00a00.1\u2002τ\u00a02" in tiles_html(changed(best=best))


def test_a_low_score_that_the_nulls_match_is_called_insignificant():
    assert verdict(changed(best=BEST)).startswith("Nothing significant: p = 0.21")
    better = {**BEST, "p_phase_scramble": 0.005, "p_target_shuffle": 0.005}
    words = verdict(changed(best=better))
    assert "beats both null hypotheses" in words
    assert "Replicate" in words


def test_the_end_of_a_hunt_brings_what_its_scores_say_together():
    over = changed(state="completed", best=BEST)
    assert verdict(replace(over, conclusion="Nothing significant: of 37 runs …")) == (
        "Nothing significant: of 37 runs …"
    )


def test_a_best_run_of_several_seeds_is_told_with_those_that_were_worse(tmp_path):
    settings = HuntSettings(num_generations=1, population_size=2, replicates=3)
    engine = Engine(Workspace.open(tmp_path))
    with Ledger(engine.workspace.ledger_path) as ledger:
        hunt_id = ledger.create_hunt(settings)
        for member, replicate in ((m, r) for m in range(2) for r in range(3)):
            seed = 3 * member + replicate
            row = RunRow(config=RunConfig(seed=seed), status="ok", log_prime_sse=0.1)
            ledger.commit_run(hunt_id, 1, member, row, float(seed), replicate=replicate)
    snapshot = look(engine, Snapshot())
    engine.close()
    assert snapshot.best["candidate"] == {
        "seeds": 3, "failed": 0, "median": 4.0, "lowest": 3.0, "highest": 5.0,
    }  # fmt: skip
    assert over_seeds(snapshot) == (
        "The best of its candidate's 3 seeds: their median fitness is 4, from 3 to 5."
    )
    assert over_seeds(changed()) == over_seeds(seen(best=BEST)) == ""
    half = {"seeds": 2, "failed": 1, "median": None, "lowest": None, "highest": 5.0}
    assert "from a failure to 5." in over_seeds(seen(best={**BEST, "candidate": half}))


def test_a_hunt_without_a_score_names_the_classes():
    assert verdict(changed(failures={"too_few_peaks": 37})) == (
        "None of 37 runs has a score yet: 37 too few peaks."
    )


def test_tiles_count_failures_by_class_and_mark_them():
    failures = {tile.key: tile for tile in tiles(seen())}["failures"]
    assert (failures.value, failures.more, failures.tone) == ("2", "2 diverged", "error")
    assert failures.detail.startswith("of "), "a line of its own: classes wrap below it"
    assert {tile.key: tile for tile in tiles(changed(failures={}))}["failures"].tone == "default"


def test_no_state_is_told_by_colour_alone():
    words = {state_word(changed(state=s)).word for s in ("idle", "running", "failed", "completed")}
    signs = {state_word(changed(state=s)).sign for s in ("idle", "running", "failed", "completed")}
    assert len(words) == len(signs) == 4


def test_text_from_outside_is_not_markup():
    evil = "<img src=x onerror=alert(1)>"
    assert evil not in tiles_html(changed(last_event=evil))
    assert evil not in header_html(changed(hunt_id=evil))
    row = {"config_hash": "a" * 40, "status": "diverged", "error": evil}
    assert evil not in heading_html("a" * 40, row)


def test_the_heading_has_the_whole_id_on_hover():
    name = "0123456789" * 4
    assert f'title="{name}">01234567<' in heading_html(name, {"status": "ok"})
    assert "of an earlier hunt" in heading_html(name, None)
    assert "hunt" not in heading_html(name, None, known=False)  # its row is being read
    assert "No run selected" in heading_html("", None)


def test_the_run_list_has_numbers_or_nothing_and_the_weaker_p():
    rows = [
        {"config_hash": "a" * 40, "status": "ok", "log_prime_sse": 0.5, "fitness": 2.0,
         "p_phase_scramble": 0.1, "p_target_shuffle": 0.3},
        {"config_hash": "b" * 40, "status": "too_few_peaks", "log_prime_sse": None,
         "p_phase_scramble": None, "p_target_shuffle": None},
    ]  # fmt: skip
    table = run_table(rows)
    assert list(table.columns) == list(COLUMNS)
    assert table["p"].tolist()[0] == 0.3
    assert table["p"].isna().tolist() == [False, True]
    assert table["status"].tolist() == ["ok", "too few peaks"]
    assert len(run_table(())) == 0


def test_the_best_run_is_strict_json():
    assert json.loads(best_json(BEST)) == BEST
    with pytest.raises(ValueError, match="JSON compliant"):
        best_json({"fitness": float("nan")})
