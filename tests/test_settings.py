import copy
import dataclasses
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import SettingsError
from engine.schema import _check_value, _coerce, field_types, specs
from engine.settings import FMIA_PRESET, PHYSICS_KEYS, HuntSettings, RunConfig


def test_the_id_of_the_default_run_never_changes():
    assert RunConfig().config_hash == "5c6fdac28bcfd538af084604577a56e7f71baaa4"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"epsilon": 1}, {"epsilon": 1.0}),
        ({"epsilon": -0.0}, {"epsilon": 0.0}),
        ({"T_steps": 10.0}, {"T_steps": 10}),
        ({}, {"seed": 42}),
    ],
)
def test_two_spellings_of_one_config_have_one_id(one, other):
    assert RunConfig.from_mapping(one).config_hash == RunConfig.from_mapping(other).config_hash


@pytest.mark.parametrize("name", [n for n in specs(RunConfig) if n != "model"])
def test_every_setting_of_a_run_is_part_of_its_id(name):
    changed = {
        "precision": "float64",
        "initial_state_sha256": "a" * 64,
        "N_grid": 32,
        "metric_ansatz": "exponential",
    }
    value = changed[name] if name in changed else getattr(RunConfig(), name) + 1
    config = dataclasses.replace(RunConfig(), **{name: value})
    assert config.config_hash != RunConfig().config_hash
    assert (config.param_hash != RunConfig().param_hash) is (
        name in (*PHYSICS_KEYS, "metric_ansatz")
    )


def test_a_config_survives_json():
    config = RunConfig.from_mapping({"param_kappa": 0.1 + 0.2, "model": "sncgl"})
    again = RunConfig.from_mapping(json.loads(json.dumps(config.to_dict())), complete=True)
    assert again == config
    assert again.config_hash == config.config_hash


BAD = [
    ("dt", 0, "above 0"),
    ("dt", "fast", "expected a number"),
    ("dt", True, "expected a number"),
    ("dt", None, "expected a number"),
    ("dt", float("nan"), "finite"),
    ("dt", float("inf"), "finite"),
    ("T_steps", 0, "at least 1 and at most 100000000;"),
    ("seed", 2**32, "got 4294967296, expected a value at least 0 and at most 4294967295;"),
    ("T_steps", 1.5, "whole number"),
    ("T_steps", 10**400, "finite|whole number"),
    ("N_grid", 63, "even"),
    ("N_grid", 4, "at least 8"),
    ("precision", "float16", "expected one of float32, float64"),
    ("model", "sncg", "expected one of"),
    ("model", 3, "expected text"),
    ("param_kapa", 0.1, "did you mean 'param_kappa'"),
    ("generation", 1, "unknown key"),
    ("initial_state_sha256", "../x", "hex digits"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_bad_input_is_one_line_that_names_the_field(name, value, message):
    with pytest.raises(SettingsError, match=message) as caught:
        RunConfig.from_mapping({name: value})
    assert caught.value.field == name
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kappa_range": [0.2, 0.1]}, "swap"),
        ({"kappa_range": [0.1]}, "expected \\[low, high\\]"),
        ({"sigma_k_range": [0, 1]}, "above 0"),
        ({"num_generations": 0}, "at least 1"),
        ({"objectives": "luck"}, "expected auto, or some of fidelity"),
        ({"objectives": "fidelity,fidelity"}, "each once"),
        ({"search": "epsilon"}, "key=low:high"),
        ({"search": "epsilon=1:0"}, "low < high"),
        ({"search": "epsilon=0:1:log"}, "above 0"),
        ({"search": "epsilon=0:1:ln"}, "or :log"),
        ({"search": "epsilon=0:11"}, "at most 10"),
        ({"search": "sdg_rho_vac=0:1"}, "above 0"),
        ({"search": "N_grid=8:16"}, "one of epsilon"),
        ({"search": "epsilon=0:1 epsilon=0:2"}, "epsilon twice"),
        ({"search": "param_kappa=off,param_alpha=off,param_sigma_k=off"}, "at least one"),
        ({"model": "fmia"}, "expected 'sncgl'"),
        ({"N_gird": 4}, "did you mean 'N_grid'"),
        ([1], "expected a JSON object"),
    ],
)
def test_bad_hunt_settings_are_refused(values, message):
    with pytest.raises(SettingsError, match=message):
        HuntSettings.from_mapping(values)


VALUES = st.one_of(
    st.integers(), st.floats(), st.text(max_size=5), st.none(), st.lists(st.floats(), max_size=3)
)


@pytest.mark.parametrize("kind", [RunConfig, HuntSettings])
def test_every_default_is_what_would_be_accepted(kind):
    """A default is taken without a look, so it has to be of its type and within its bounds."""
    for name, spec in specs(kind).items():
        default = getattr(kind(), name)
        again = _coerce(name, copy.deepcopy(default), field_types(kind)[name])
        _check_value(name, again, spec)
        assert (type(again), repr(again)) == (type(default), repr(default))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from([*specs(HuntSettings), *specs(RunConfig)]), VALUES)
def test_any_json_value_is_accepted_as_it_is_or_refused_by_name(name, value):
    try:
        accepted = HuntSettings.from_mapping({name: value})
    except SettingsError as error:
        refused = error
    else:
        assert HuntSettings.from_mapping(accepted.to_dict()) == accepted
        return
    assert refused.field == name


def test_a_stored_config_must_be_complete():
    values = RunConfig().to_dict()
    del values["sdg_tau"]
    with pytest.raises(SettingsError, match="sdg_tau: missing"):
        RunConfig.from_mapping(values, complete=True)


def test_the_preset_fills_and_fixes_its_keys():
    config = RunConfig.from_mapping({"model": "fmia", "dispersion": 0.7})
    assert config.dispersion == 0.7
    assert config.nonlinear_dispersion == FMIA_PRESET["nonlinear_dispersion"]
    with pytest.raises(SettingsError, match="fmia preset"):
        RunConfig.from_mapping({"model": "fmia", "diffusion": 0.5})


def test_snapshots_are_bounded_in_bytes():
    small, large = RunConfig(N_grid=64), RunConfig(N_grid=2048)
    assert HuntSettings().frames_of(small) == 20
    assert HuntSettings().frames_of(large) == 256_000_000 // (2 * 4 * 2048**2) == 7
    assert HuntSettings(history_mb=0.0).frames_of(small) == 0
    assert HuntSettings(history_frames=3).frames_of(small) == 3
    double = RunConfig(N_grid=2048, precision="float64")
    assert HuntSettings().frames_of(double) == 3
