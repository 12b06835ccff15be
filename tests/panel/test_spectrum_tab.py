"""The Spectrum tab shows what the audit found, read again from the artifact."""

import json

import numpy as np
import pytest
from audited_hunt import becomes, hunted
from panel_samples import write_run

from engine.hunt.engine import Engine
from engine.hunt.retention import evict
from engine.store.ledger import Ledger
from engine.store.provenance import read_provenance
from engine.store.workspace import Workspace
from irer_panel.background import NoLoop
from irer_panel.selection import Selection
from irer_panel.snapshot import Snapshot, look
from irer_panel.spectrum import PRIMES, fit_html, read_spectrum, spectrum_of, summary
from irer_panel.views.null_plot import NullPlot
from irer_panel.views.spectrum import SpectrumTab
from irer_panel.views.spectrum_plot import SpectrumPlot, legend
from irer_panel.wording import NUMBER_JS


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = hunted(tmp_path_factory.mktemp("seen"))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def provenance(engine):
    """Of the best run."""
    best = engine.reader.best()["config_hash"]
    return read_provenance(engine.workspace.provenance_path(best))


def test_peaks_scale_and_score_are_the_audits_to_the_last_bit(engine, provenance):
    found = provenance["spectral_fidelity"]
    spectrum = read_spectrum(engine.workspace, provenance["config_hash"])
    assert spectrum.fidelity.peaks.tolist() == found["peaks_k"]
    assert spectrum.fidelity.log_prime_sse == found["log_prime_sse"]
    assert spectrum.fidelity.scale == found["scale"]
    assert np.sum(spectrum.errors**2) == pytest.approx(found["log_prime_sse"])
    assert spectrum.missing == PRIMES[len(found["peaks_k"][:8]) :]
    assert "audit" not in " ".join(summary(spectrum, provenance))


def comb(*rings, size=128):
    """A field with a line of power at each of some rings, on a square of side 2π."""
    x = np.arange(size) * 2 * np.pi / size
    return 1 + sum(0.1 * np.cos(ring * x)[None, :] for ring in rings) * np.ones((size, 1))


def test_a_field_of_few_lines_has_peaks_there_and_the_missing_targets_are_named():
    spectrum = spectrum_of(comb(7, 11, 16, 19), 2 * np.pi)
    assert spectrum.used == pytest.approx([7, 11, 16, 19], abs=0.01)
    assert spectrum.targets.size == 8
    assert spectrum.missing == (11, 13, 17, 19)
    words = " ".join(summary(spectrum, None))
    assert "from all 4 peaks" in words
    assert "No peak is left for ln 11, 13, 17 and 19." in words
    assert "nothing vouches" in words
    table = fit_html(spectrum)
    assert table.count("no peak") == 4
    assert "Dotted across" in legend(spectrum)


def test_only_eight_peaks_are_scored():
    spectrum = spectrum_of(comb(*range(4, 40, 4)), 2 * np.pi)
    assert (spectrum.fidelity.peaks.size, spectrum.used.size) == (9, 8)
    assert "the first 8 of 9 peaks" in summary(spectrum, None)[0]
    assert spectrum.missing == ()


def test_too_few_peaks_are_shown_without_a_fit():
    spectrum = spectrum_of(comb(9, 20), 2 * np.pi)
    assert spectrum.used.size == spectrum.targets.size == 0
    assert "2 peaks, and fewer than 3 mean nothing" in summary(spectrum, None)[0]
    assert fit_html(spectrum) == ""
    plot = SpectrumPlot()
    plot.draw(spectrum)
    assert not plot.figure.above[0].visible


def test_a_score_that_the_audit_did_not_find_is_said(engine, provenance):
    spectrum = read_spectrum(engine.workspace, provenance["config_hash"])
    other = {**provenance["spectral_fidelity"], "log_prime_sse": 0.125}
    words = summary(spectrum, {**provenance, "spectral_fidelity": other})
    assert "The audit found 0.125" in words[-1]


def test_the_plot_holds_every_ring_and_labels_every_target(engine, provenance):
    spectrum = read_spectrum(engine.workspace, provenance["config_hash"])
    plot = SpectrumPlot()
    plot.draw(spectrum)
    axis = plot.figure.above[0]
    assert list(axis.major_label_overrides.values()) == [str(prime) for prime in PRIMES]
    assert axis.ticker.ticks == pytest.approx(spectrum.targets)
    assert [each.axis_label for each in (*plot.figure.below, *plot.figure.left)] == [
        "wavenumber k [1/x]",
        "power P of a ring",
    ]
    low, high = plot.figure.x_range.start, plot.figure.x_range.end
    assert low <= spectrum.used.min()
    assert high >= spectrum.targets.max() or high >= spectrum.wavenumbers.max()


def shown(tab):
    return tab._heading.object


def test_logarithmic_axes_write_numbers_by_the_rule_of_the_page():
    axes = [SpectrumPlot().figure.yaxis[0], NullPlot("draws").figure.xaxis[0]]
    assert all(NUMBER_JS in axis.formatter.code for axis in axes)


def test_the_selected_run_is_followed_and_its_draws_are_made_again(engine, provenance):
    selection = Selection()
    tab = SpectrumTab(engine, selection, NoLoop(), snapshot=look(engine, Snapshot()))
    assert "No run selected" in shown(tab)
    run = provenance["config_hash"]
    selection.pick(run)
    becomes(lambda: all(pane.visible for pane in tab.nulls._figures))
    assert "log_prime_sse = " in shown(tab)
    assert tab._body.visible
    for name, words in tab.nulls.words.items():
        assert "p = " in words.object, name
        assert "Drawn again" not in words.object
    selection.pick("f" * 40)
    becomes(lambda: "no such file" in shown(tab))
    assert not tab._body.visible
    assert not tab.nulls._box.visible
    tab.close()


def test_long_draws_wait_to_be_asked_for(engine, provenance):
    selection = Selection()
    tab = SpectrumTab(engine, selection, NoLoop())
    selection.run = run = provenance["config_hash"]
    becomes(lambda: tab._body.visible)
    long = {**provenance, "timing": {**provenance["timing"], "nulls_s": 90.0}}
    tab.nulls.look_at(run, long)
    assert tab.nulls.again.visible
    assert "1 min 30 s" in tab.nulls.state.object
    assert not any(pane.visible for pane in tab.nulls._figures)
    tab.nulls.again.clicks += 1
    becomes(lambda: all(pane.visible for pane in tab.nulls._figures))
    tab.close()


def test_an_evicted_run_says_so(tmp_path):
    engine = hunted(tmp_path, num_generations=1, population_size=2)
    run = engine.reader.runs()[0]["config_hash"]
    with Ledger(engine.workspace.ledger_path) as ledger:
        evict(engine.workspace, ledger, [run])
    selection = Selection()
    tab = SpectrumTab(engine, selection, NoLoop(), snapshot=look(engine, Snapshot()))
    selection.pick(run)
    becomes(lambda: f"The fields of run {run[:8]} were evicted" in shown(tab))
    tab.close()
    engine.close()


def test_a_diverged_run_has_no_spectrum_and_an_unaudited_one_no_draws(tmp_path):
    workspace = Workspace.open(tmp_path)
    engine = Engine(workspace)
    run, *_ = write_run(workspace)
    selection = Selection()
    tab = SpectrumTab(engine, selection, NoLoop())
    selection.pick(run)
    becomes(lambda: tab._body.visible)
    assert "nothing vouches" in shown(tab)
    assert not tab.nulls._box.visible
    other, *_ = write_run(workspace, seed=1)
    report = {"config_hash": other, "status": "diverged", "error": "the run <blew> up: dt."}
    workspace.provenance_path(other).write_text(json.dumps(report))
    selection.pick(other)
    becomes(lambda: "No spectrum: the run &lt;blew&gt; up" in shown(tab))
    assert not tab._body.visible
    tab.close()
    engine.close()
