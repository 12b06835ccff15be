"""The look: one accent for action and selection, three colours that mean something."""

from typing import Any

CYAN, EMERALD, AMBER, RED = "#22d3ee", "#34d399", "#fbbf24", "#f87171"
"""Dark theme: action and selection, fidelity and success, stability and caution, failure."""

DEEP_CYAN, DEEP_EMERALD, DEEP_AMBER, DEEP_RED = "#0e7490", "#047857", "#b45309", "#b91c1c"
"""The same four on a light ground, dark enough for WCAG AA as text."""

NARROW = 1000
"""Below this width in pixels the sidebar folds away and the field plots stack."""

_BREAKPOINTS = {"values": {"xs": 0, "sm": NARROW, "md": 1100, "lg": 1280, "xl": 1536}}
_TYPOGRAPHY = {"button": {"textTransform": "none", "fontWeight": 600}}

_FOCUS = {
    "&.Mui-focusVisible": {
        "outline": "2px solid var(--mui-palette-primary-main)",
        "outlineOffset": "-2px",
    }
}
"""What the keyboard is on: a ring, besides the material design's faint shade."""


def _scheme(
    accent: str, on_accent: str, success: str, warning: str, error: str, ground: str, paper: str
) -> dict[str, Any]:
    return {
        "palette": {
            "primary": {"main": accent, "contrastText": on_accent},
            "info": {"main": accent, "contrastText": on_accent},
            "success": {"main": success},
            "warning": {"main": warning},
            "error": {"main": error},
            "background": {"default": ground, "paper": paper},
        },
        "breakpoints": _BREAKPOINTS,
        "typography": _TYPOGRAPHY,
        "components": {"MuiButtonBase": {"styleOverrides": {"root": _FOCUS}}},
    }


THEME = {
    "dark": _scheme(CYAN, "#0d141c", EMERALD, AMBER, RED, "#0d141c", "#141d27"),
    "light": _scheme(
        DEEP_CYAN, "#ffffff", DEEP_EMERALD, DEEP_AMBER, DEEP_RED, "#f5f7f9", "#ffffff"
    ),
}
"""MUI themes by colour scheme."""

TONES = {
    "default": "var(--mui-palette-text-secondary)",
    "primary": "var(--mui-palette-primary-main)",
    "success": "var(--mui-palette-success-main)",
    "warning": "var(--mui-palette-warning-main)",
    "error": "var(--mui-palette-error-main)",
}
"""CSS colours of what is written in HTML, by meaning; they follow the theme."""
