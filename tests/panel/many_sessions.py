"""Opens and closes pages of a server in this process, and counts what they leave behind.

`python -m tests.panel.many_sessions WORKSPACE BATCHES EACH` prints JSON: bytes of memory, cockpits,
documents, listeners, watchers of Panel's state, HoloViews callbacks and threads of ours, before
and after, and the errors of pages that were closed.
"""

import asyncio
import gc
import json
import os
import sys
import threading
import time
import weakref
from pathlib import Path

import panel as pn
import psutil
from bokeh.client import pull_session
from bokeh.document import Document
from bokeh.document.events import MessageSentEvent
from bokeh.events import DocumentReady
from panel.io.state import set_curdoc

from engine.hunt.engine import Engine
from engine.store.workspace import Workspace
from irer_panel.app import Cockpit, create_page

TABS = ("Runs", "Hunt", "Compare", "Spectrum", "Audit", "Time", "Analyses", "Live", "Log")
cockpits: weakref.WeakSet[Cockpit] = weakref.WeakSet()
documents: weakref.WeakSet[Document] = weakref.WeakSet()
refusals: list[str] = []


class Counted(Cockpit):
    """A cockpit that is counted while it lives."""

    def __init__(self, *args, **params):
        pn.state._add_busy_event("first")  # Panel begins its clean-up task here
        pn.state._remove_busy_event("first")
        super().__init__(*args, **params)
        cockpits.add(self)
        documents.add(self.loop._document)

    def close(self, *args):
        try:
            with set_curdoc(self.loop._document):  # a builder of another page may have left it so
                super().close(*args)
        except Exception as error:
            refusals.append(repr(error))
            raise


def becomes(look):
    until = time.monotonic() + 120
    while not look():
        assert time.monotonic() < until
        time.sleep(0.05)


def serve(engine):
    """The address of a server in a thread of its own that drops silent sessions at once."""
    ready, made = threading.Event(), []

    def run():
        asyncio.set_event_loop(asyncio.new_event_loop())
        server = pn.io.server.get_server(
            {"/": lambda: create_page(engine)},
            port=0,
            address="127.0.0.1",
            unused_session_lifetime_milliseconds=200,
            check_unused_sessions_milliseconds=100,
        )
        made.append(server.port)
        server.io_loop.add_callback(ready.set)
        server.start()
        server.io_loop.start()

    threading.Thread(target=run, daemon=True).start()
    assert ready.wait(60)
    return f"http://127.0.0.1:{made[0]}/"


def visit(engine, url, pages):
    """Open so many pages at once, every tab of the first, and close them."""
    sessions = [pull_session(url=url) for _ in range(pages)]
    for session in sessions:
        loaded = MessageSentEvent(session.document, "bokeh_event", DocumentReady())
        session.document.callbacks.trigger_on_change(loaded)
        session.force_roundtrip()
    assert engine.bus.listeners == pages
    opened = [each for each in cockpits if not each._closed]
    becomes(lambda: all(each.deck is not None and "Runs" in each.deck.views for each in opened))
    first = opened[0]
    for title in TABS:
        first.loop.soon(lambda title=title: first.deck.open(title))
        becomes(lambda title=title: title in first.deck.views)
    becomes(lambda: all(each.fields.pair.fields is not None for each in opened))
    for session in sessions:
        session.close()
    becomes(lambda: engine.bus.listeners == 0)


def rest():
    """What is there in the end: a session's last pulse is two seconds off, a view is made whole."""
    until = time.monotonic() + 20
    while (cockpits or documents) and time.monotonic() < until:
        time.sleep(1)
        gc.collect()
    from holoviews.plotting.bokeh.callbacks import Callback

    watchers = pn.state.param.watchers.values()
    return {
        "bytes": psutil.Process().memory_info().rss,
        "cockpits": len(cockpits),
        "documents": len(documents),
        "refusals": refusals,
        "listeners": engine.bus.listeners,
        "watchers": sum(len(each) for kinds in watchers for each in kinds.values()),
        "callbacks": len(Callback._callbacks),
        "threads": sum(each.name.startswith("irer") for each in threading.enumerate()),
    }


if __name__ == "__main__":
    folder, batches, each = sys.argv[1:]
    sys.modules["irer_panel.app"].Cockpit = Counted
    engine = Engine(Workspace.open(Path(folder)))
    url = serve(engine)
    for _ in range(2):
        visit(engine, url, int(each))
    before = rest()
    for _ in range(int(batches)):
        visit(engine, url, int(each))
    print(json.dumps({"before": before, "after": rest()}), flush=True)
    os._exit(0)
