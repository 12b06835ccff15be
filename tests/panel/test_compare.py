"""What a comparison says: marks that have an end, settings that differ, and no best by chance."""

import pytest

from engine.settings import RunConfig
from irer_panel.compare import BEST, Facts, metrics, settings, worth
from irer_panel.compared import MOST, Compared
from irer_panel.fields import G_TT, PHASE, RHO
from irer_panel.link import query_of, wanted_compared
from irer_panel.views.colour_bar import bar_html, ticks_of
from irer_panel.views.compare_table import table_html
from irer_panel.views.field_look import Look, colours

IDS = [f"{digit}" * 40 for digit in "123456"]


def facts(name, significant=None, *, status="ok", p=0.4, sse=0.5, h=0.01, fitness=2.0, **changes):
    row = {
        "config": RunConfig(**changes).to_dict(),
        "status": status,
        "error": "",
        "places": [{"hunt_id": "h", "fitness": fitness}],
        "log_prime_sse": sse,
        "p_phase_scramble": p,
        "p_target_shuffle": None if p is None else p / 2,
        "sdg_h_norm_l2": h,
    }
    return Facts(name, row, significant)


def test_the_fifth_mark_is_refused_in_words_and_the_four_stay():
    compared = Compared()
    for run in IDS[:5]:
        compared.toggle(run)
    assert compared.runs == tuple(IDS[:MOST])
    assert compared.refused == (
        "Run 55555555 was not marked: got a fifth run, expected at most 4; take a mark away first."
    )
    compared.toggle(IDS[1])
    assert compared.runs == (IDS[0], IDS[2], IDS[3])
    assert compared.refused == ""
    compared.clear()
    assert compared.runs == ()


def test_a_link_names_the_runs_and_what_it_cannot_name_is_said():
    query = query_of({"compare": ",".join(IDS[:4])})
    assert query == f"compare={','.join(IDS[:4])}"
    assert wanted_compared({"compare": ",".join(IDS[:4])}) == (tuple(IDS[:4]), "")
    runs, refused = wanted_compared({"compare": f"{IDS[0]},../etc,{IDS[0]},{IDS[1]}"})
    assert runs == (IDS[0], IDS[1])
    assert refused == "compare: got '../etc', expected ids of runs; it was left out."
    runs, refused = wanted_compared({"compare": ",".join(IDS)})
    assert runs == tuple(IDS[:4])
    assert "got 6 runs, expected at most 4" in refused
    assert wanted_compared({}) == ((), "")


def test_settings_that_differ_are_found_and_those_of_an_unknown_run_are_none():
    lines = settings([facts(IDS[0]), facts(IDS[1], param_kappa=0.07), Facts(IDS[2])])
    differing = {line.name: line.values for line in lines if line.differs}
    assert differing == {"param_kappa": ("0.05", "0.07", "–")}
    assert next(line for line in lines if line.name == "N_grid").values == ("64", "64", "–")


def test_a_setting_has_as_many_digits_as_tell_the_runs_apart():
    near = [facts(IDS[0], param_kappa=0.0512341), facts(IDS[1], param_kappa=0.0512342)]
    kappa = next(line for line in settings(near) if line.name == "param_kappa")
    assert kappa.values == ("0.0512341", "0.0512342")
    assert kappa.differs
    alike = [facts(IDS[0], param_kappa=1 / 30), facts(IDS[1], param_kappa=1 / 30, seed=1)]
    lines = {line.name: line for line in settings(alike)}
    assert lines["param_kappa"].values == ("0.03333", "0.03333")
    assert lines["seed"].values == ("42", "1")


def marks(runs):
    return {line.name: line.marks for line in metrics(runs)}


def test_only_a_significant_run_is_called_best():
    lucky = facts(IDS[0], False, sse=0.001, p=0.002, fitness=9.0)
    other = facts(IDS[1], False, sse=0.4, h=0.001)
    found = marks([lucky, other])
    assert found["log_prime_sse"] == ("lowest, not significant", "")
    assert found["fitness"] == ("highest, not significant", "")
    assert found["sdg_h_norm_l2"] == ("", "lowest, untested")
    assert found["pcs_score"] == found["status"] == ("", "")
    proven = facts(IDS[0], True, sse=0.001, p=0.002, fitness=9.0)
    assert marks([proven, other])["log_prime_sse"] == (BEST, "")
    assert marks([proven])["log_prime_sse"] == ("",), "alone it is the best of none"
    assert marks([proven, proven])["log_prime_sse"] == ("", "")


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (facts(IDS[0]), "fitness 2 · SSE 0.5 · p 0.4: not significant"),
        (facts(IDS[0], p=0.002), "p 0.002: beats both nulls, before correction"),
        (facts(IDS[0], False, p=0.002), "beats both nulls, not significant after correction"),
        (facts(IDS[0], True, p=0.002), "significant after correction"),
        (facts(IDS[0], p=None), "no p-values"),
        (facts(IDS[0], status="too_few_peaks", sse=None), "✕ too few peaks, no score"),
        (Facts(IDS[0]), "not in this ledger"),
    ],
)
def test_what_a_run_is_worth_is_said_in_words(run, words):
    assert worth(run).endswith(words)


def test_the_table_marks_differences_by_a_sign_and_folds_what_is_equal():
    text = table_html([facts(IDS[0]), facts(IDS[1], param_kappa=0.07)])
    assert '<tr data-line="param_kappa" class="differs"><th>≠ κ · param_kappa</th>' in text
    assert "23 settings are the same in all" in text
    assert text.index("<details>") < text.index('data-line="N_grid"')
    assert table_html([]) == ""


def test_the_bar_has_both_limits_at_its_ends_whatever_the_scale():
    linear = ticks_of(colours(RHO, Look(), (0.0, 2.0)))
    assert [value for _, value in linear] == [0, 0.5, 1, 1.5, 2]
    log = ticks_of(colours(RHO, Look(scale="log"), (0.01, 100.0)))
    assert [value for _, value in log] == pytest.approx([0.01, 0.1, 1, 10, 100])
    symmetric = ticks_of(colours(G_TT, Look(scale="symmetric"), (-1.5, -0.5)))
    assert symmetric[0] == (0, -1.5)
    assert symmetric[-1] == (1, -0.5)
    assert (0.5, -1.0) in [(round(place, 6), value) for place, value in symmetric]
    text = bar_html(PHASE, colours(PHASE, Look(), (-3.14159, 3.14159)))
    assert ">−3.142<" in text
    assert ">0<" in text
