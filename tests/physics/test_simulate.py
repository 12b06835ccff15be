import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import monitoring

from engine.errors import DeviceMemoryError, SettingsError, StopRequested
from engine.physics import simulate
from engine.physics.grid import derivatives, make_grid
from engine.physics.recorder import CHECKPOINT_STEPS, Schedule
from engine.physics.simulate import Pace, initial_state, simulate_batch
from engine.settings import RunConfig

FIELDS = ("psi", "rho_s", "final_rho", "final_g_tt", "checkpoint_psi", "checkpoint_rho_s")


def config(**changes) -> RunConfig:
    return RunConfig.from_mapping({"N_grid": 32, "domain_length": 32.0, "T_steps": 60, **changes})


def batch(count: int) -> list[RunConfig]:
    return [config(param_kappa=0.01 * (i + 1), param_alpha=0.1 * (i + 1)) for i in range(count)]


@pytest.fixture(scope="module")
def seven():
    return simulate_batch(batch(7))


@pytest.mark.parametrize("member", [0, 3, 6])
def test_a_run_alone_and_in_a_batch_of_seven_gives_the_same_bytes(seven, member):
    (alone,) = simulate_batch([batch(7)[member]])
    for name in (*FIELDS, "history_rho", "history_g_tt"):
        assert getattr(alone, name).tobytes() == getattr(seven[member], name).tobytes(), name


def test_runs_of_other_forms_share_a_batch_and_no_byte_changes(seven):
    flat = dataclasses.replace(batch(1)[0], param_alpha=0.0)
    local = dataclasses.replace(batch(1)[0], param_kappa=0.0)
    mixed = [batch(7)[2], flat, local, batch(7)[5], flat]
    told = []
    results = simulate_batch(mixed, on_progress=told.append)
    alone = {id(c): simulate_batch([c])[0] for c in (flat, local)}
    wanted = [seven[2], alone[id(flat)], alone[id(local)], seven[5], alone[id(flat)]]
    for found, expected in zip(results, wanted, strict=True):
        assert found.psi.tobytes() == expected.psi.tobytes()
    done = [progress.steps_done for progress in told]
    assert done == sorted(done)
    assert done[-1] == told[-1].steps_total


def test_a_diverging_neighbour_changes_no_byte(seven):
    runaway = dataclasses.replace(batch(1)[0], epsilon=10.0, saturation=0.0, dt=1.0)
    results = simulate_batch([*batch(7)[:3], runaway, *batch(7)[4:]])
    assert results[3].diverged_step is not None
    assert all(results[i].diverged_step is None for i in (0, 1, 2, 4, 5, 6))
    for i in (0, 1, 2, 4, 5, 6):
        assert results[i].psi.tobytes() == seven[i].psi.tobytes()


@pytest.mark.parametrize(
    ("precision", "real", "complex_"),
    [("float32", "float32", "complex64"), ("float64", "float64", "complex128")],
)
def test_results_have_the_precision_asked_for(precision, real, complex_):
    (result,) = simulate_batch([config(precision=precision)])
    assert result.psi.dtype == complex_
    for array in (result.rho_s, result.final_rho, result.final_g_tt, result.history_rho):
        assert array.dtype == real


def test_single_precision_follows_double_precision():
    single, double = (simulate_batch([config(precision=p)])[0] for p in ("float32", "float64"))
    error = np.linalg.norm(single.psi - double.psi) / np.linalg.norm(double.psi)
    assert error < 1e-5


def test_the_final_fields_are_those_of_the_final_state(seven):
    result, c = seven[2], batch(7)[2]
    np.testing.assert_allclose(result.final_rho, np.abs(result.psi) ** 2, rtol=1e-6)
    metric = -((c.sdg_rho_vac / result.rho_s) ** c.param_alpha)
    np.testing.assert_allclose(result.final_g_tt, metric, rtol=1e-6)


@pytest.fixture
def compilations():
    """Names of the events of compilation since the test began."""
    seen: list[str] = []

    def listen(event: str, _: float, **__: object) -> None:
        if event.endswith("backend_compile_duration"):
            seen.append(event)

    monitoring.register_event_duration_secs_listener(listen)
    yield seen
    monitoring.unregister_event_duration_listener(listen)


def test_a_new_candidate_compiles_nothing(compilations):
    simulate_batch([config(N_grid=20)] * 2)
    assert compilations, "the first batch of a shape compiles"
    compilations.clear()
    changed = {"param_kappa": 0.07, "epsilon": 0.3, "dt": 0.05, "domain_length": 20.0, "seed": 3}
    simulate_batch([config(N_grid=20, **changed)] * 2)
    assert not compilations


def test_a_stop_is_heard_between_samples():
    asked = iter([False] * 5 + [True] * 100)
    seen = []
    with pytest.raises(StopRequested):
        simulate_batch(
            [config(T_steps=1000)], on_progress=seen.append, should_stop=lambda: next(asked)
        )
    assert 0 < seen[-1].steps_done < 1000


def test_progress_ends_at_the_end():
    seen = []
    simulate_batch([config()], on_progress=seen.append)
    done = [p.steps_done for p in seen]
    assert done == sorted(done)
    assert len(set(done)) > 20
    assert seen[-1].steps_done == seen[-1].steps_total == 60


def test_the_bytes_do_not_depend_on_how_the_steps_were_handed_out(monkeypatch):
    (one,) = simulate_batch([config(T_steps=400)], history_frames=0)
    monkeypatch.setattr(Pace, "of", lambda _: Pace(1))
    monkeypatch.setattr(Pace, "after", lambda self, *_: self)
    (other,) = simulate_batch([config(T_steps=400)], history_frames=0)
    assert one.psi.tobytes() == other.psi.tobytes()
    for name, trace in one.diagnostics.items():
        assert trace.tobytes() == other.diagnostics[name].tobytes(), name


def test_a_pace_answers_about_twice_a_second():
    assert Pace(100).after(100, 1.0) == Pace(50)
    assert Pace(100).after(100, 0.25) == Pace(200)
    assert Pace(100).after(100, 1e-3) == Pace(400)
    assert Pace(100).after(1, 60.0) == Pace(1)


def test_noise_is_band_limited_and_has_the_amplitude_of_the_specification():
    n = 96
    state = initial_state(jnp.uint32(1), n, np.float64)
    grid = make_grid(n, 1.0, np.float64)
    psi, *_ = derivatives(state.psi_hat, grid)
    kept = np.abs(np.fft.fftfreq(n, 1 / n)) < n / 3
    outside = ~(kept[:, None] & kept[None, :])
    spectrum = np.abs(np.fft.fft2(psi))
    assert spectrum[outside].max() < 1e-12 * spectrum.max()
    share = kept.mean() ** 2
    assert np.mean(np.abs(psi) ** 2) == pytest.approx(2 * 0.1**2 * share, rel=0.05)
    assert not np.asarray(state.s_hat).any()


def test_seeds_start_from_different_fields_and_repeat():
    a, b, again = simulate_batch([config(seed=1), config(seed=2), config(seed=1)])
    assert a.psi.tobytes() == again.psi.tobytes()
    assert np.linalg.norm(a.history_rho[0] - b.history_rho[0]) > 0.1


@pytest.mark.parametrize("other", [{"N_grid": 16}, {"metric_ansatz": "exponential"}])
def test_configs_of_two_shapes_or_metrics_are_refused(other):
    with pytest.raises(SettingsError, match="2 different"):
        simulate_batch([config(), config(**other)])


def test_what_does_not_fit_the_device_is_computed_in_halves(seven, monkeypatch):
    """The device is stood in for: one that is really full ends other programs too."""
    real, tried, seen = simulate._simulate, [], []

    def full_beyond_two(configs, *rest):
        tried.append(len(configs))
        if len(configs) > 2:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating.")
        return real(configs, *rest)

    monkeypatch.setattr(simulate, "_simulate", full_beyond_two)
    results = simulate_batch(batch(7), on_progress=seen.append)
    assert tried == [7, 3, 1, 2, 4, 2, 2]
    assert [r.psi.tobytes() for r in results] == [r.psi.tobytes() for r in seven]
    done = [p.steps_done for p in seen]
    assert done == sorted(done)
    assert done[-1] == 60


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("RESOURCE_EXHAUSTED: Out of memory", DeviceMemoryError),
        ("INTERNAL: a kernel failed", jax.errors.JaxRuntimeError),
    ],
)
def test_one_run_that_does_not_fit_is_named_and_other_failures_are_not_retried(
    monkeypatch, message, error
):
    def fail(*_):
        raise jax.errors.JaxRuntimeError(message)

    monkeypatch.setattr(simulate, "_simulate", fail)
    with pytest.raises(error, match=r"N_grid: got 32|INTERNAL"):
        simulate_batch(batch(1 if error is DeviceMemoryError else 4))


def test_a_checksum_without_its_file_is_refused():
    with pytest.raises(SettingsError, match="initial_state_sha256"):
        simulate_batch([config(initial_state_sha256="0" * 64)])


@pytest.mark.parametrize(("steps", "frames"), [(1, 20), (7, 3), (1000, 20), (1000, 0), (12345, 7)])
def test_the_schedule_covers_the_run(steps, frames):
    schedule = Schedule.of(steps, frames)
    assert schedule.stops[0] == 0
    assert schedule.stops[-1] == steps
    assert list(schedule.stops) == sorted(set(schedule.stops))
    assert schedule.checkpoint == max(0, steps - CHECKPOINT_STEPS)
    assert {schedule.checkpoint, *schedule.frames} <= set(schedule.stops)
    assert len(schedule.frames) == min(frames, steps)
