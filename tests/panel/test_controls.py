"""The page's controls are the engine's settings, and its refusals are the engine's own."""

import pytest

from engine.errors import SettingsError
from engine.hunt.strategies import strategy_names
from engine.schema import specs
from engine.settings import HuntSettings, RunConfig
from irer_panel.controls import HuntControls, choices, label, parse, purpose

SPECS = {**specs(HuntSettings), **specs(RunConfig)}


@pytest.mark.parametrize("name", SPECS)
def test_every_setting_has_a_control_with_its_bounds_choices_default_and_purpose(name):
    parameter, spec = HuntControls.param[name], SPECS[name]
    assert parameter.doc == spec.doc
    if spec.choices:
        assert parameter.objects == list(spec.choices)
    if spec.bounds:
        assert parameter.bounds == spec.bounds
        assert parameter.inclusive_bounds == (not spec.low_open, True)
    default = HuntSettings().to_dict()[name]
    assert parameter.default == (tuple(default) if isinstance(default, list) else default)
    assert name in purpose(name)
    assert spec.doc in purpose(name)
    assert label(name)


def test_untouched_controls_are_the_default_hunt():
    assert HuntControls().settings() == HuntSettings()


def test_what_is_entered_arrives_in_the_settings():
    controls = HuntControls()
    entered = {"num_generations": "3", "T_steps": "2e2", "dt": " 0.05 ", "precision": "float64"}
    for name, text in entered.items():
        assert controls.enter(name, text) == ""
    assert controls.enter("kappa_range", "0.02", 0) == ""
    settings = controls.settings()
    assert settings.num_generations == 3
    assert settings.kappa_range == (0.02, 0.1)
    assert (settings.base.T_steps, settings.base.dt) == (200, 0.05)
    assert settings.base.precision == "float64"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("num_generations", "0"),
        ("num_generations", "2.5"),
        ("population_size", "many"),
        ("population_size", ""),
        ("N_grid", "65"),
        ("dt", "nan"),
        ("dt", "inf"),
        ("domain_length", "0"),
        ("seed", "9" * 5000),
        ("initial_state_sha256", "zz"),
        ("model", "fmia"),
    ],
)
def test_a_bad_value_is_refused_in_the_engines_words_and_the_good_one_stays(name, text):
    controls = HuntControls()
    value = text if SPECS[name].choices or SPECS[name].pattern_hex else parse(text)
    with pytest.raises(SettingsError) as refusal:
        HuntSettings.from_mapping({name: value})
    before = getattr(controls, name)
    assert controls.enter(name, text) == str(refusal.value) == controls.errors[name]
    assert getattr(controls, name) == before
    with pytest.raises(SettingsError, match=name):
        controls.settings()


def test_a_corrected_value_clears_its_error_alone():
    controls = HuntControls()
    controls.enter("dt", "0")
    controls.enter("seed", "-1")
    controls.enter("dt", "0.1")
    assert list(controls.errors) == ["seed"]


def test_a_range_is_refused_while_its_ends_are_crossed():
    controls = HuntControls()
    assert "low ≤ high" in controls.enter("alpha_range", "2", 0)
    assert controls.enter("alpha_range", "3", 1) == ""
    assert controls.settings().alpha_range == (2.0, 3.0)


def test_two_pages_do_not_share_their_controls():
    one, other = HuntControls(), HuntControls()
    one.enter("seed", "7")
    one.enter("dt", "x")
    assert other.param.values()["seed"] == 42
    assert other.errors == {}


def test_searched_settings_follow_the_search_text():
    controls = HuntControls()
    assert controls.searched() == ("param_kappa", "param_sigma_k", "param_alpha")
    assert controls.enter("search", "epsilon=0.01:1:log param_alpha=off") == ""
    assert controls.searched() == ("param_kappa", "param_sigma_k", "epsilon")
    assert "epsilon=0.01:1:log" in controls.enter("search", "epsilon=1:0")
    assert controls.searched() == ("param_kappa", "param_sigma_k", "epsilon")


def test_strategies_and_objectives_can_be_chosen_from_what_the_engine_knows():
    assert list(choices("strategy")) == strategy_names()
    assert len(set(choices("objectives"))) == 8
    controls = HuntControls()
    for each in choices("objectives"):
        assert controls.enter("objectives", each) == ""
    assert controls.enter("objectives", "fidelity,evidence") == ""
    assert controls.settings().sought == ("fidelity", "evidence")


def test_what_start_was_refused_for_stands_at_its_field_until_something_is_entered():
    controls = HuntControls()
    controls.refuse(SettingsError("objectives: got 2 …", field="objectives"))
    assert controls.refused == {"objectives": "objectives: got 2 …"}
    controls.settings()
    controls.enter("seed", "7")
    assert controls.refused == {}
    controls.refuse(SettingsError("hunt: got none …", field="hunt_id"))
    assert controls.refused == {}


@pytest.mark.parametrize(
    ("name", "words"),
    [("audit_limit_s", "Audit limit [s]"), ("history_mb", "History [MB]"),
     ("max_hours", "Max hours"), ("param_sigma_k", "Sigma k [1/x]"), ("keep_best", "Keep best")],
)  # fmt: skip
def test_a_label_has_its_unit_once(name, words):
    assert label(name) == words
