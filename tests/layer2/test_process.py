"""A script that crashes, hangs, floods, flees or writes elsewhere is contained: real processes."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from engine.layer2.confine import landlock_version
from engine.layer2.limits import Limits
from engine.layer2.process import environment, run_script

needs_landlock = pytest.mark.skipif(
    landlock_version() < 3, reason="this kernel has no Landlock of version 3"
)


@pytest.fixture
def run(tmp_path):
    """Run a script that may write beneath `work` alone."""
    work = tmp_path / "work"
    work.mkdir()

    def run_(script, *arguments, limits=None, **keywords):
        path = tmp_path / "script.py"
        path.write_text(script)
        return run_script(
            path, arguments, work, environment(work), limits or Limits(seconds=60),
            writable=[work], **keywords,
        )  # fmt: skip

    return run_


def gone(pid, seconds=10.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def test_a_script_gets_its_arguments_and_its_own_place(run, tmp_path):
    outcome = run("import sys, os; print(sys.argv[1:], os.getcwd())", "--power", "a b", "--x")
    assert outcome.reason == ""
    assert outcome.said == f"['--power', 'a b', '--x'] {tmp_path / 'work'}"
    assert outcome.cpu_s > 0
    assert outcome.memory_bytes > 2**20


def test_no_secret_of_ours_is_passed_on(run, monkeypatch):
    monkeypatch.setenv("IRER_COOKIE_SECRET", "s3cret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    said = run("import os; print(dict(os.environ), open('/proc/self/environ').read())").said
    assert "s3cret" not in said
    assert "PATH" in said


def test_no_file_of_ours_is_left_open_to_it(run, tmp_path):
    with open(tmp_path / "ledger", "w") as held:
        os.set_inheritable(held.fileno(), True)
        said = run("import os; print(sorted(os.listdir('/proc/self/fd'), key=int))").said
    assert said == "['0', '1', '2', '3']"  # the last is that of the folder itself


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("1 / 0", "exit code 1: ZeroDivisionError: division by zero"),
        ("import os; os._exit(7)", "exit code 7: it said nothing"),
        ("import os; os.abort()", "signal 6 ended it"),
        ("this is no Python", "SyntaxError"),
        ("import ctypes; ctypes.string_at(0)", "signal 11 ended it"),
        ("print('\\x1b[31mred\\x00'); raise SystemExit(3)", "exit code 3: [31mred"),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\xfe'); sys.exit(1)", "exit code 1"),
    ],
)
def test_a_crash_is_told_with_its_last_word(run, script, reason):
    assert reason in run(script).reason


def test_a_script_that_hangs_is_ended(run):
    outcome = run("import time; time.sleep(600)", limits=Limits(seconds=1))
    assert outcome.reason == "it took more than 1 s; `irer analyze --time-limit S` allows more"


def test_a_script_that_is_ended_takes_all_that_it_started_with_it(run, tmp_path):
    script = (
        "import os, subprocess, sys, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "child = subprocess.Popen(sleep)\n"
        "if not os.fork():\n"
        "    os.setsid()\n"
        "    if os.fork(): os._exit(0)\n"  # a daemon: no child of ours, no group of ours
        "    open('part', 'w').write(str(os.getpid()))\n"
        "    os.rename('part', 'daemon')\n"
        "    time.sleep(600)\n"
        "print(child.pid, os.getpid(), flush=True)\n"
        "time.sleep(600)\n"
    )
    note = tmp_path / "work/daemon"
    outcome = run(script, should_stop=note.exists)
    assert outcome.reason == "it was stopped"
    pids = [int(word) for word in (*outcome.said.split(), note.read_text())]
    assert len(pids) == 3
    assert all(gone(pid) for pid in pids)


def test_what_a_script_leaves_behind_ends_with_it(run):
    script = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork(): os._exit(0)\n"
        "    print(os.getpid(), flush=True)\n"
        "    time.sleep(600)\n"
        "time.sleep(0.3)\n"
    )
    outcome = run(script)
    assert outcome.reason == ""
    assert gone(int(outcome.said))


def test_a_flood_of_words_is_ended_and_fills_no_memory(run):
    before = psutil.Process().memory_info().rss
    outcome = run("while True: print('x' * 9999)", limits=Limits(seconds=60, said_bytes=2**20))
    assert "it printed more than 1 MiB" in outcome.reason
    assert len(outcome.said) <= 8192
    assert psutil.Process().memory_info().rss - before < 200 * 2**20


def test_a_flood_of_bytes_is_ended(run):
    script = (
        "import itertools\n"
        "for n in itertools.count():\n"
        "    open(f'f{n}', 'wb').write(b'x' * 2**20)\n"
    )
    outcome = run(script, limits=Limits(seconds=60, output_bytes=32 * 2**20))
    assert "it wrote more than 0.03125 GiB" in outcome.reason


def test_a_file_has_a_longest_length(run, tmp_path):
    limits = Limits(seconds=60, file_bytes=2**20)
    outcome = run("open('big', 'wb').write(b'x' * 2**22)", limits=limits)
    assert "File too large" in outcome.reason
    assert (tmp_path / "work/big").stat().st_size <= 2**20


def test_memory_has_an_end(run):
    outcome = run("x = bytearray(2**30)", limits=Limits(seconds=60, memory_bytes=2**29))
    assert "MemoryError" in outcome.reason


def test_it_is_stopped_when_it_is_asked_to(run):
    asked = threading.Event()
    threading.Timer(0.5, asked.set).start()
    outcome = run("import time; time.sleep(600)", should_stop=asked.is_set)
    assert outcome.reason == "it was stopped"


OUTSIDE = {
    "write": "open({file!r}, 'w')",
    "append": "open({file!r}, 'a')",
    "truncate": "os.truncate({file!r}, 0)",
    "remove": "os.remove({file!r})",
    "rename": "os.rename({file!r}, 'mine')",
    "replace": "open('mine', 'w'); os.replace('mine', {file!r})",
    "hard link": "os.link({file!r}, 'mine'); open('mine', 'w')",
    "symbolic link": "os.symlink({file!r}, 'mine'); open('mine', 'w')",
    "new file": "open({folder!r} + '/new', 'w')",
    "new folder": "os.mkdir({folder!r} + '/new')",
    "through /proc": "open('/proc/self/root' + {file!r}, 'w')",
    "the parent's memory": "open(f'/proc/{{os.getppid()}}/mem', 'r+b')",
    "a child": "subprocess.run(['sh', '-c', 'echo x > ' + {file!r}], check=True)",
}


@needs_landlock
@pytest.mark.parametrize("attack", OUTSIDE.values(), ids=OUTSIDE)
def test_nothing_is_written_outside(run, tmp_path, attack):
    folder = tmp_path / "outside"
    folder.mkdir()
    file = folder / "ledger"
    file.write_text("precious")
    script = "import os, subprocess\n" + attack.format(file=str(file), folder=str(folder))
    assert run(script).reason
    assert [path.name for path in folder.iterdir()] == ["ledger"]
    assert file.read_text() == "precious"


def test_inside_it_may_write_as_it_likes(run, tmp_path):
    script = (
        "import os, pathlib, tempfile\n"
        "os.mkdir('a'); open('a/b', 'w').write('x'); os.rename('a/b', 'c'); os.rmdir('a')\n"
        "os.symlink('c', 'd'); os.truncate('c', 0); open(os.devnull, 'w').write('x')\n"
        "tempfile.TemporaryFile().write(b'x'); (pathlib.Path.home() / 'e').write_text('x')\n"
    )
    assert run(script).reason == ""
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == ["c", "d", "e"]


@pytest.mark.skipif(landlock_version() < 6, reason="this kernel does not scope signals")
def test_a_script_cannot_end_our_processes(run):
    with subprocess.Popen(["sleep", "60"]) as bystander:
        try:
            for target in (str(bystander.pid), "os.getppid()"):
                outcome = run(f"import os; os.kill({target}, 9)")
                assert "PermissionError" in outcome.reason
            assert bystander.poll() is None
        finally:
            bystander.kill()


def test_a_component_ends_with_its_orchestrator(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import os, pathlib, time\n"
        "pathlib.Path('pid').write_text(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    code = (
        "import sys; from pathlib import Path\n"
        "from engine.layer2.process import environment, run_script\n"
        "from engine.layer2.limits import Limits\n"
        "here = Path(sys.argv[1])\n"
        "run_script(here / 'script.py', [], here, environment(here), Limits(), writable=[here])\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) as orchestrator:
        note = tmp_path / "pid"
        until = time.monotonic() + 30
        while not (note.exists() and note.read_text()):
            assert orchestrator.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        orchestrator.send_signal(signal.SIGKILL)
    assert gone(int(note.read_text()))


def test_it_goes_behind_what_people_wait_for(run):
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    said = run("import os; print(os.getpriority(os.PRIO_PROCESS, 0))").said
    assert int(said) == min(19, nice + 10)


@needs_landlock
def test_a_socket_of_ours_in_the_file_system_can_still_be_reached(run, tmp_path):
    """What is not contained, so that nobody promises it: docs/components.md says so."""
    path = str(tmp_path / "door")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen()
        script = f"import socket; socket.socket(socket.AF_UNIX).connect({path!r}); print('in')"
        assert run(script).said == "in"
        assert Path(path).exists()
