import numpy as np
import optax

from engine.physics import adam


def test_searches_that_began_together_take_optaxs_steps():
    reference = optax.adam(0.1)
    rng = np.random.default_rng(0)
    moments, state = adam.begin((5, 3)), reference.init(np.zeros((5, 3)))
    for _ in range(20):
        gradient = rng.normal(size=(5, 3))
        direction, moments = adam.direction(gradient, moments)
        step, state = reference.update(gradient, state)
        assert np.allclose(0.1 * direction, step, rtol=1e-12)


def test_each_search_counts_its_own_steps():
    rng = np.random.default_rng(0)
    history = rng.normal(size=(8, 2))
    moments = adam.begin((2, 2))
    for number, gradient in enumerate(history):
        if number == 5:  # the second search begins anew
            moments = adam.Moments(*(np.stack([each[0], 0 * each[1]]) for each in moments))
        direction, moments = adam.direction(np.stack([gradient, gradient]), moments)
    alone = adam.begin((1, 2))
    for gradient in history[5:]:
        last, alone = adam.direction(gradient[None], alone)
    assert np.array_equal(moments.steps, [8, 3])
    assert np.array_equal(direction[1], last[0])
    assert not np.array_equal(direction[0], last[0])


def test_steps_are_of_64_bits():
    gradient = np.array([[1.0, 1.0 + 1e-12]])
    direction, moments = adam.direction(gradient, adam.begin((1, 2)))
    assert direction.dtype == np.float64
    assert moments.mean[0, 0] != moments.mean[0, 1]
