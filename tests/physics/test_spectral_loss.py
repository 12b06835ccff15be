import jax
import jax.numpy as jnp
import numpy as np
import pytest

from engine.audit import spectrum as audit_spectrum
from engine.audit.primes import score_peaks
from engine.physics.spectral_loss import SOFTNESS, comb_loss, radial_spectrum

LOG_PRIMES = np.log([2, 3, 5, 7, 11, 13, 17, 19])
RINGS = np.arange(1, 129)


def comb(scale: float, shift: float = 0.0) -> np.ndarray:
    """A falling spectrum with a peak at scale·(ln p + shift) for each of the eight primes."""
    bumps = np.exp(-((RINGS - scale * (LOG_PRIMES[:, None] + shift)) ** 2) / (2 * 0.6**2))
    return np.exp(-RINGS / 10 + 3 * bumps.sum(axis=0))


def noise(seed: int) -> np.ndarray:
    """A falling spectrum with the sampling noise of its rings."""
    random = np.random.default_rng(seed)
    return np.exp(-RINGS / 10 + random.normal(size=RINGS.size) / np.sqrt(np.pi * RINGS))


def score(power: np.ndarray) -> float:
    peak, position = audit_spectrum.find_peaks(power)
    result = score_peaks(position[peak]).log_prime_sse
    assert result is not None
    return result


def field_with(power: np.ndarray, n: int, seed: int = 0) -> np.ndarray:
    """A real field whose radial spectrum follows `power` on all rings but the last."""
    white = np.fft.fft2(np.random.default_rng(seed).normal(size=(n, n)))
    m = np.fft.fftfreq(n, 1 / n)
    k = np.hypot(m, m[:, None])
    amplitude = np.exp(0.5 * np.interp(k, RINGS[: power.size], np.log(power)))
    return np.fft.ifft2(white / np.abs(white) * amplitude).real


@pytest.mark.parametrize("n", [8, 50, 64])
def test_the_spectrum_is_the_one_that_the_auditor_computes(n):
    rho = np.random.default_rng(n).normal(size=(n, n))
    ours, theirs = radial_spectrum(jnp.asarray(rho)), audit_spectrum.radial_spectrum(rho)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize("scale", [20.0, 25.5, 33.0, 40.0])
def test_a_comb_at_the_logarithms_of_the_primes_is_low_at_every_scale(scale):
    assert comb_loss(jnp.asarray(comb(scale))) < 1e-3


@pytest.mark.parametrize("scale", [20.0, 25.5, 30.0])
def test_the_loss_rises_as_a_comb_is_shifted(scale):
    losses = [float(comb_loss(jnp.asarray(comb(scale, s)))) for s in (0.0, 0.05, 0.1, 0.2, 0.4)]
    assert losses == sorted(losses)
    assert losses[-1] > 100 * losses[0]


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5])
def test_where_peaks_are_distinct_it_is_the_score(shift):
    power = comb(25.5, shift)
    y = np.log(power)
    above = np.minimum(y[1:-1] - y[:-2], y[1:-1] - y[2:])
    assert (above[above > 0] > SOFTNESS).all(), "each local maximum is to count as a whole peak"
    assert float(comb_loss(jnp.asarray(power))) == pytest.approx(score(power), rel=1e-9)


def test_it_passes_smoothly_where_the_score_jumps():
    """A ninth peak rises below the others: the score jumps as it appears, the loss climbs to it."""
    bump = np.exp(-((RINGS - 5.0) ** 2) / (2 * 0.6**2))
    heights = np.linspace(0.0, 1.0, 2001)
    spectra = jnp.asarray(comb(25.5) * np.exp(heights[:, None] * bump))
    losses = np.asarray(jax.vmap(comb_loss)(spectra))
    scores = np.array([score(np.asarray(power)) for power in spectra])
    assert np.abs(np.diff(scores)).max() > 0.1
    assert np.abs(np.diff(losses)).max() < 0.02
    np.testing.assert_allclose(losses[[0, -1]], scores[[0, -1]], rtol=1e-9)


def test_the_derivative_is_the_slope_on_noisy_spectra():
    slope = jax.jit(jax.grad(lambda y: comb_loss(jnp.exp(y))))
    loss = jax.jit(lambda y: comb_loss(jnp.exp(y)))
    for seed in range(20):
        y = jnp.log(jnp.asarray(noise(seed)))
        way = jnp.asarray(np.random.default_rng(seed + 100).normal(size=y.shape))
        h = 1e-6
        central = float(loss(y + h * way) - loss(y - h * way)) / (2 * h)
        assert float(slope(y) @ way) == pytest.approx(central, rel=1e-4, abs=1e-7)


def test_offset_and_scale_of_the_density_do_not_matter():
    rho = field_with(comb(25.5, 0.1), 256)
    plain, moved = (float(comb_loss(radial_spectrum(jnp.asarray(r)))) for r in (rho, 3e3 * rho + 7))
    assert plain == pytest.approx(score(audit_spectrum.radial_spectrum(rho)), rel=1e-6)
    assert moved == pytest.approx(plain, rel=1e-6)


def test_below_three_peaks_it_leads_back_to_them():
    two = np.exp(-RINGS / 10) * np.exp(
        3 * sum(np.exp(-((RINGS - k) ** 2) / (2 * 0.6**2)) for k in (20.0, 40.0))
    )
    none = np.exp(-RINGS / 10)
    poor = float(comb_loss(jnp.asarray(comb(25.5, 0.4))))
    assert poor < float(comb_loss(jnp.asarray(two))) < float(comb_loss(jnp.asarray(none)))


@pytest.mark.parametrize("value", [0.0, 0.3])
def test_a_uniform_field_has_a_finite_loss_and_gradient(value):
    loss, slope = jax.value_and_grad(lambda rho: comb_loss(radial_spectrum(rho)))(
        jnp.full((16, 16), value)
    )
    assert np.isfinite(loss)
    assert np.isfinite(slope).all()
