"""The server: one-line refusals, and sessions that end with their browser."""

import asyncio
import gc
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import panel as pn
import pytest
from bokeh.client import pull_session

from engine.errors import SettingsError
from engine.hunt.engine import Engine
from engine.store.access import Access
from engine.store.workspace import Workspace
from irer_panel.app import create_page
from irer_panel.background import loop_of
from irer_panel.doors import Doors
from irer_panel.server import listen

# Tornado leaves the socket that it could not bind to the garbage collector.
leaves_a_socket = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@leaves_a_socket
def test_a_port_in_use_is_one_line_that_says_what_to_do():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError) as refusal:
            listen(Doors(port=port))
    text = str(refusal.value)
    assert f"port: {port} on 127.0.0.1 is in use" in text
    assert "--port" in text
    assert "\n" not in text
    gc.collect()


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(SettingsError, match=rf"port: got {port}, expected 0 to 65535"):
        Doors(port=port)


@leaves_a_socket
def test_an_address_of_another_host_is_refused(tmp_path):
    access = Access(tmp_path / "access.json")
    access.add_user("ada", "correct horse")
    with pytest.raises(SettingsError, match=r"address: got '192\.0\.2\.1'.*of this host"):
        listen(Doors(port=0, address="192.0.2.1", access=access))
    gc.collect()


def test_the_panel_is_imported_only_when_it_is_used():
    code = "import sys, irer_panel, irer_panel.wording; print('panel' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("slow", ["jax", "scipy.stats", "pymoo", "ribs", "optuna", "distributed"])
def test_the_server_listens_before_what_only_a_hunt_needs_is_imported(slow):
    code = f"import sys, irer_panel.server; print({slow!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("whole", ["holoviews.plotting.bokeh", "pandas"])
def test_what_panel_looks_for_among_the_loaded_is_loaded_before_a_page_is_made(whole):
    """A page that was opened while a thread imported HoloViews got an ImportError for an answer."""
    code = f"import sys, irer_panel.server; print({whole!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


@contextmanager
def served(page):
    """The address of a server in a thread of its own that drops silent sessions at once."""
    ready = threading.Event()
    made = []

    def run():
        asyncio.set_event_loop(asyncio.new_event_loop())
        server = pn.io.server.get_server(
            {"/": page},
            port=0,
            address="127.0.0.1",
            unused_session_lifetime_milliseconds=200,
            check_unused_sessions_milliseconds=100,
        )
        made.append(server)
        server.io_loop.add_callback(ready.set)
        server.start()
        server.io_loop.start()
        server.io_loop.close(all_fds=True)

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(30)
    yield f"http://127.0.0.1:{made[0].port}/"
    made[0].io_loop.add_callback(made[0].stop)
    made[0].io_loop.add_callback(made[0].io_loop.stop)
    thread.join(30)


@pytest.fixture
def serving(tmp_path):
    """An engine and the address of its pages."""
    engine = Engine(Workspace.open(tmp_path))
    with served(lambda: create_page(engine)) as url:
        yield engine, url
    engine.close()


def wait_until(wanted, seconds=20.0):
    until = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_every_browser_listens_and_leaves_nothing_when_it_goes(serving):
    engine, url = serving
    one, two = pull_session(url=url), pull_session(url=url)
    assert engine.bus.listeners == 2
    one.close()
    wait_until(lambda: engine.bus.listeners == 1)
    two.close()
    wait_until(lambda: engine.bus.listeners == 0)


def test_a_view_is_made_beside_the_loop_and_reaches_the_page():
    threads = []

    def page():
        column = pn.Column()
        loop = loop_of(pn.state.curdoc)

        def make():
            threads.append(threading.get_ident())
            column.append(pn.pane.Markdown("made aside"))

        def go_on():
            threads.append(threading.get_ident())
            column.append(pn.pane.Markdown("and then"))

        threads.append(threading.get_ident())
        loop.aside(make, go_on)
        return column

    with served(page) as url:
        session = pull_session(url=url)
        wait_until(lambda: len(threads) == 3)
        wait_until(lambda: len(session.document.roots[0].children) == 2)
        session.close()
    loops, other, after = threads
    assert loops == after != other
