from dataclasses import replace

import numpy as np
import pytest

from engine.hunt.space import SearchSpace
from engine.settings import HuntSettings


def test_corners_of_the_cube_are_the_bounds_and_all_else_is_the_base():
    settings = HuntSettings.from_mapping({"kappa_range": [0.01, 0.07], "N_grid": 32, "seed": 9})
    low, high = SearchSpace.of(settings).configs(np.array([[0.0, 0, 0], [1, 1, 1]]))
    assert (low.param_kappa, low.param_sigma_k, low.param_alpha) == (0.01, 0.1, 0.01)
    assert (high.param_kappa, high.param_sigma_k, high.param_alpha) == (0.07, 1.0, 1.0)
    assert low.N_grid == high.N_grid == 32
    assert low.seed == high.seed == 9


def test_no_rounding_leaves_the_bounds():
    settings = HuntSettings.from_mapping({"kappa_range": [0.1, 0.7]})
    points = np.nextafter(np.ones((5, 3)), 0)
    for config in SearchSpace.of(settings).configs(points):
        assert 0.1 <= config.param_kappa <= 0.7


def test_search_adds_keys_changes_scales_and_leaves_keys_out():
    text = "param_kappa=0.001:0.1:log param_alpha=off epsilon=-1:3"
    space = SearchSpace.of(HuntSettings.from_mapping({"search": text, "param_alpha": 0.3}))
    assert space.keys == ("param_kappa", "param_sigma_k", "epsilon")
    (middle,) = space.configs(np.full((1, 3), 0.5), seed=7)
    assert middle.param_kappa == pytest.approx(0.01)
    assert middle.epsilon == pytest.approx(1.0)
    assert (middle.param_alpha, middle.seed) == (0.3, 7)


def test_a_gradient_in_the_cube_is_that_of_the_values():
    space = SearchSpace.of(
        HuntSettings.from_mapping({"search": "param_kappa=0.001:0.1:log param_sigma_k=off"})
    )
    point, small = np.array([0.3, 0.8]), 1e-6

    def value(at: np.ndarray) -> float:
        (config,) = space.configs(at[None])
        return config.param_kappa**2 + 3 * config.param_alpha

    (config,) = space.configs(point[None])
    gradient = space.unit_gradient(point, {"param_kappa": 2 * config.param_kappa, "param_alpha": 3})
    for axis in range(2):
        step = small * np.eye(2)[axis]
        assert gradient[axis] == pytest.approx((value(point + step) - value(point - step)) / 2e-6)


@pytest.mark.parametrize("key", ["param_kappa", "epsilon"])
def test_a_point_is_the_same_within_rounding_of_its_searched_keys_alone(key):
    text = "param_kappa=1e-6:0.1:log epsilon=-1:1 param_sigma_k=off param_alpha=off"
    space = SearchSpace.of(HuntSettings.from_mapping({"search": text}))
    point, axis = np.array([[0.1, 0.5]]), space.keys.index(key)
    (config,) = space.configs(point)
    for away, same in ((0.0, True), (4e-13, True), (1e-7, False)):
        moved = point.copy()
        moved[0, axis] += away
        (other,) = space.configs(moved)
        assert (other == config) is (away == 0)
        assert space.is_same(config, other) is space.is_same(other, config) is same
    assert not space.is_same(config, replace(config, seed=config.seed + 1))
    assert not space.is_same(config, replace(config, param_alpha=config.param_alpha + 1e-13))
