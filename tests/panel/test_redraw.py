"""The draws behind a p-value come again, and with them the p-value itself."""

import numpy as np
import pytest
from audited_hunt import hunted

from engine.audit.nulls import draws_behind, sequential
from engine.audit.report import audit_artifact
from engine.errors import StopRequested
from engine.store.provenance import read_provenance
from irer_panel.redraw import (
    PHASE_SCRAMBLE,
    TARGET_SHUFFLE,
    NullDraws,
    agreement,
    can_redraw,
    p_words,
    redraw,
    undefined_words,
)
from irer_panel.views.null_plot import NullPlot, bins, ticks


@pytest.fixture(scope="module")
def audits(tmp_path_factory):
    """A workspace, and the provenance of its scored runs."""
    engine = hunted(tmp_path_factory.mktemp("drawn"))
    rows = [row for row in engine.reader.runs() if row["status"] == "ok"]
    workspace = engine.workspace
    yield workspace, [read_provenance(workspace.provenance_path(r["config_hash"])) for r in rows]
    engine.close()


@pytest.mark.parametrize("asked", [1, 12, 19, 199])
def test_every_p_value_comes_out_exactly_as_the_audit_found_it(audits, asked):
    workspace, found = audits
    counts = set()
    for kept in found:
        run = kept["config_hash"]
        provenance = audit_artifact(workspace.artifact_path(run), run, draws=asked)
        fidelity = provenance["spectral_fidelity"]
        for draws in redraw(workspace, run, provenance):
            assert draws.test.p == draws.audited == fidelity[f"p_{draws.name}"]
            assert draws.test.to_dict() == fidelity[f"null_{draws.name}"]
            assert draws.scores.size == draws.test.draws
            assert agreement(draws) == ""
        counts.add(fidelity["null_phase_scramble"]["draws"])
    assert len(counts) > 1 or asked > 12, "drawing on until enough reach was not tried"


@pytest.mark.parametrize("draws", [19, 50, 199])
@pytest.mark.parametrize("observed", [0.003, 0.02, 0.2, 0.9])
def test_a_kept_test_says_how_many_draws_to_ask_for(draws, observed):
    def source():
        random = np.random.default_rng(7)
        return lambda count: random.random(count)

    kept = sequential(observed, source(), draws, 1000)
    again = sequential(observed, source(), draws_behind(kept.to_dict(), kept.p), 1000)
    assert (again.p, again.to_dict()) == (kept.p, kept.to_dict())


def test_draws_in_portions_are_the_same_draws(audits, monkeypatch):
    workspace, (provenance, *_) = audits
    run = provenance["config_hash"]
    whole, _ = redraw(workspace, run, provenance)
    monkeypatch.setattr("irer_panel.redraw._CHUNK_CELLS", 7 * 32**2)
    asked = []
    parts, _ = redraw(workspace, run, provenance, lambda: asked.append(1) or True)
    np.testing.assert_array_equal(parts.scores, whole.scores)
    assert len(asked) > 1


def test_drawing_stops_when_nobody_looks_any_more(audits):
    workspace, (provenance, *_) = audits
    with pytest.raises(StopRequested):
        redraw(workspace, provenance["config_hash"], provenance, lambda: False)


def test_a_p_value_that_does_not_come_again_is_said(audits):
    workspace, (provenance, *_) = audits
    fidelity = {**provenance["spectral_fidelity"], "p_target_shuffle": 0.0625}
    _, shuffle = redraw(
        workspace, provenance["config_hash"], {**provenance, "spectral_fidelity": fidelity}
    )
    assert "where the audit found 0.0625" in agreement(shuffle)


def test_p_in_words():
    assert p_words(PHASE_SCRAMBLE, {"draws": 199, "reached": 7}, 0.04, 5) == (
        "7 of 199 draws score as low: p = 0.04."
    )
    assert p_words(PHASE_SCRAMBLE, {"draws": 199, "reached": 1}, 0.01, 5) == (
        "1 of 199 draws scores as low: p = 0.01."
    )
    assert p_words(TARGET_SHUFFLE, {"draws": 24, "reached": 1}, 1 / 24, 5) == (
        "1 of 24 orders of the gaps scores as low, its own included: p = 0.04167; with 5 peaks it "
        "is 0.04167 at best."
    )


def test_an_audit_without_a_score_has_nothing_to_draw():
    assert not can_redraw(None)
    assert not can_redraw({"spectral_fidelity": {}})
    assert not can_redraw({"spectral_fidelity": {"log_prime_sse": None}})


def test_bins_hold_every_draw_that_has_a_score_and_the_observed_one():
    scores = np.array([0.0, 0.02, 0.5, 3.0, np.inf])
    edges, counts = bins(scores, 7.0)
    assert counts.sum() == 4
    assert edges[0] < 1e-30
    assert edges[-1] > 7.0
    draws = NullDraws(PHASE_SCRAMBLE, scores, 7.0, None, 0.5, 5)
    assert undefined_words(draws).startswith("1 draw has too few peaks")
    plot = NullPlot("draws")
    references = plot.figure.references()
    plot.draw(draws)
    assert plot.figure.x_range.start < 7.0 < plot.figure.x_range.end
    assert plot.figure.references() == references, "another model: the page is walked for it"


def test_equal_scores_are_still_a_histogram():
    edges, counts = bins(np.full(6, 0.25), 0.25)
    assert counts.sum() == 6
    assert np.all(np.diff(edges) > 0)


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.015, 0.7, [0.02, 0.05, 0.1, 0.2, 0.5]),
        (0.15, 0.35, [0.15, 0.2, 0.25, 0.3, 0.35]),
        (0.9, 2.2, [1.0, 1.5, 2.0]),
        (0.003, 40.0, [0.01, 0.1, 1.0, 10.0]),
        (1e-30, 1.0, [1e-30, 1e-24, 1e-18, 1e-12, 1e-06, 1.0]),
    ],
)
def test_a_score_axis_has_a_few_round_ticks_that_do_not_touch(low, high, wanted):
    assert ticks(low, high) == pytest.approx(wanted)
