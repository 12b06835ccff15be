"""A pair of fields rendered in a running loop, for its tests."""

import asyncio

import holoviews as hv

from irer_panel.background import KernelLoop
from irer_panel.selection import Selection
from irer_panel.views.field_pair import FieldPair


def rendered(pair):
    """Both plots as HoloViews draws them."""
    renderer = hv.renderer("bokeh")
    return [renderer.get_plot(each.plot) for each in pair.plots]


def pixels(plot):
    return plot.handles["source"].data["image"][0]


def ranges(plot):
    x, y = plot.state.x_range, plot.state.y_range
    return (x.start, x.end, y.start, y.end)


async def shows(pair, wanted):
    async with asyncio.timeout(20):
        while not wanted():
            await asyncio.sleep(0.01)


def follow(workspace, check):
    """Run `check(pair, selection, plots)` in a loop, with both plots rendered."""

    async def run():
        selection = Selection()
        pair = FieldPair(workspace, selection, KernelLoop())
        pair.furnish()
        pair.complete()
        plots = rendered(pair)
        for plot in plots[1:]:  # one page: HoloViews renders each as a root of its own here
            of_root = pair._shared._of_root
            of_root[plot.root.ref["id"]] = of_root[plots[0].root.ref["id"]]
            pair._shared.join(plot)
        await check(pair, selection, plots)
        pair.close()

    asyncio.run(run())
