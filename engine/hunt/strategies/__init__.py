"""Search strategies by name: those that ship, and those that installed packages add."""

import importlib
import importlib.metadata
import logging

from engine.errors import SettingsError
from engine.hunt.strategies.contract import Maker, Results, Strategy, Task
from engine.settings import HuntSettings

__all__ = ["Maker", "Results", "Strategy", "Task", "make_strategy", "strategy_names"]

_log = logging.getLogger(__name__)

ENTRY_POINTS = "irer.strategies"

# Imported when they are asked for: some take a second.
_SHIPPED = {
    "genetic": "engine.hunt.strategies.genetic:Genetic",
    "nsga2": "engine.hunt.strategies.nsga2:Nsga2",
    "cmaes": "engine.hunt.strategies.cmaes:CmaEs",
    "map_elites": "engine.hunt.strategies.map_elites:MapElites",
    "sobol": "engine.hunt.strategies.sobol:Sobol",
    "gradient": "engine.hunt.strategies.gradient:Gradient",
}


def strategy_names() -> list[str]:
    """Every name that `make_strategy` knows, those that ship first."""
    return [*_SHIPPED, *sorted(set(_added()) - set(_SHIPPED))]


def make_strategy(settings: HuntSettings) -> Strategy:
    """The strategy of a hunt, at its start.

    Raises:
        SettingsError: no such strategy, or one that cannot do what is asked.
    """
    task = Task(
        dimensions=len(settings.dimensions),
        population=settings.population_size,
        objectives=len(settings.sought),
        seed=settings.base.seed,
    )
    return _maker(settings.strategy)(task)


def _maker(name: str) -> Maker:
    if name in _SHIPPED:
        module, _, attribute = _SHIPPED[name].partition(":")
        maker: Maker = getattr(importlib.import_module(module), attribute)
        return maker
    added = _added()
    if name not in added:
        raise SettingsError(
            f"strategy: got {name!r}, expected one of {', '.join(strategy_names())}; choose one.",
            field="strategy",
        )
    try:
        maker = added[name].load()
    except Exception as error:
        _log.exception("The strategy %s could not be loaded.", name)
        raise SettingsError(
            f"strategy: got {name!r}, whose package {added[name].value} cannot be loaded "
            f"({type(error).__name__}: {error}); reinstall it or choose another.",
            field="strategy",
        ) from error
    return maker


def _added() -> dict[str, importlib.metadata.EntryPoint]:
    return {point.name: point for point in importlib.metadata.entry_points(group=ENTRY_POINTS)}
