"""The control plane's face: the dashboard over an engine, in a browser or a notebook cell."""

from typing import Any

__all__ = ["FieldView", "HuntDashboard", "ParetoView", "create_page", "create_view"]

_ALONE = ("FieldView", "ParetoView")


def __getattr__(name: str) -> Any:
    """Import Panel only when one of these is asked for: `irer_panel.server` must come first."""
    if name in _ALONE:
        from irer_panel import alone

        return getattr(alone, name)
    if name in __all__:
        from irer_panel import app

        return getattr(app, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
