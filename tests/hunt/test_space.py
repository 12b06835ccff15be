import numpy as np

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
