"""What Panel keeps for a page whose socket is busy: none of it is forgotten, or comes too late.

Where a large message is under way, Panel writes the next ones a little later. A writer of its own
that finds none left ends, and tells the one which has just been called for the next to end as well:
those next ones lie until something else changes, maybe for ever. Here a writer looks once more.
"""

import asyncio

import panel.io.document as panel_document
from bokeh.document import Document

STALLED = 30.0
"""Seconds after which a socket that takes nothing is no more waited for."""

_write = panel_document._dispatch_msgs


async def _write_all(document: Document) -> None:
    await _write(document)
    if document in panel_document._WRITE_MSGS and document not in panel_document._WRITE_BLOCK:
        panel_document._WRITE_BLOCK[document] = True
        panel_document._dispatch_write_task(document, _write_all, document)


panel_document._dispatch_msgs = _write_all


async def written(document: Document) -> None:
    """Wait until Panel keeps nothing for a page, but not for a socket that takes nothing.

    Bokeh's own messages pass by what is kept: values that are older would come last, and models
    after others that name them.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + STALLED
    while loop.time() < until and (
        document in panel_document._WRITE_MSGS or document in panel_document._WRITE_BLOCK
    ):
        await asyncio.sleep(0.005)
