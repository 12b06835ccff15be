"""The figure of SSE against H-norm: points, density, front, success box and the selected run."""

from dataclasses import dataclass, field
from typing import Any

from bokeh.models import ColumnDataSource, LogColorMapper
from bokeh.models.annotations.geometry import BoxAnnotation

from engine.audit.verdicts import SUCCESS_H_NORM, SUCCESS_SSE
from engine.hunt.table import H_NORM, SSE
from irer_panel.chart import (
    ACCENT,
    GOOD,
    ON_HUE,
    PLAIN,
    RUN_TIP,
    add_ring,
    add_selection,
    add_tip,
    chart,
)
from irer_panel.density import Density

_TIP = RUN_TIP % (
    f"SSE @{SSE.key}{{%.4g}} · H-norm @{H_NORM.key}{{%.4g}}<br>p @p · fitness @fitness{{%.4g}}"
)
_SHADES = ["#40536b", "#4f6a89", "#5d82a5", "#6b9ac0", "#7cb3d8", "#8fcbed", "#a8e2fb"]


@dataclass(frozen=True, eq=False)
class ScatterSources:
    """What the figure draws beside the points."""

    front: ColumnDataSource = field(default_factory=lambda: _empty("x", "y"))
    ring: ColumnDataSource = field(default_factory=lambda: _empty("x", "y"))
    extent: ColumnDataSource = field(default_factory=lambda: _empty("x", "y"))
    density: ColumnDataSource = field(default_factory=lambda: _empty("image", "x", "y", "w", "h"))


def scatter_figure(points: ColumnDataSource, sources: ScatterSources) -> Any:
    """The figure, log–log; its ranges follow `sources.extent` until the user moves them."""
    fig = chart("SSE (log_prime_sse)", "H-norm (sdg_h_norm_l2)", log_x=True, log_y=True)
    fig.height = 380
    fig.toolbar.active_scroll = fig.tools[1]
    fig.add_layout(
        BoxAnnotation(
            right=SUCCESS_SSE,
            top=SUCCESS_H_NORM,
            fill_color=GOOD,
            fill_alpha=0.1,
            line_color=GOOD,
            line_dash="dashed",
            line_alpha=0.9,
        )
    )
    fig.text(
        [SUCCESS_SSE * 0.9],
        [SUCCESS_H_NORM * 0.85],
        ["success"],
        text_color=ON_HUE,
        background_fill_color=GOOD,
        padding=3,
        border_radius=3,
        text_font_size="12px",
        text_align="right",
        text_baseline="top",
    )
    mapper = LogColorMapper(palette=_SHADES, low=1, nan_color=(0, 0, 0, 0))
    fig.image("image", x="x", y="y", dw="w", dh="h", source=sources.density, color_mapper=mapper)
    fig.step("x", "y", source=sources.front, color=PLAIN, line_width=2, mode="after")
    extent = fig.scatter("x", "y", source=sources.extent, alpha=0)
    dots = fig.scatter(
        SSE.key,
        H_NORM.key,
        source=points,
        marker="marker",
        size="size",
        fill_color="colour",
        line_color="colour",
        alpha="opacity",
        selection_fill_color=ACCENT,
        selection_line_color=ACCENT,
        nonselection_alpha=0.08,
    )
    add_ring(fig, sources.ring)
    add_selection(fig, [dots])
    add_tip(fig, [dots], _TIP)
    fig.x_range.renderers = fig.y_range.renderers = [extent]
    return fig


def density_columns(density: Density | None) -> dict[str, Any]:
    """The rows of `ScatterSources.density`, none for no density."""
    if density is None:
        return {"image": [], "x": [], "y": [], "w": [], "h": []}
    (left, right), (bottom, top) = density.x_range, density.y_range
    return {
        "image": [density.counts],
        "x": [left],
        "y": [bottom],
        "w": [right - left],
        "h": [top - bottom],
    }


def _empty(*names: str) -> ColumnDataSource:
    return ColumnDataSource({name: [] for name in names})
