"""The process between: whose turn it is, how long, and that it never outlives who started it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from engine.layer2 import confine
from engine.layer2.limits import BEHIND, Limits
from engine.layer2.process import environment, environment_of_job, run_script

AUTOGROUP = Path("/proc/self/autogroup")


@pytest.fixture
def run(tmp_path):
    work = tmp_path / "work"
    work.mkdir()

    def run_(script, *, limits=None, variables=None, **keywords):
        path = tmp_path / "script.py"
        path.write_text(script)
        return run_script(
            path, [], work, variables or environment(work), limits or Limits(seconds=60),
            writable=[work], **keywords,
        )  # fmt: skip

    return run_


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel has no autogroups")
@pytest.mark.parametrize(("idle", "nice"), [(True, 19), (False, 10)])
def test_its_session_goes_behind_other_sessions(run, idle, nice):
    """Where each session is a group of its own, a process's priority counts within it alone."""
    ours = AUTOGROUP.read_text()  # nothing where a control group holds the tests
    for _ in range(20):  # the kernel takes ten such wishes a second
        said = run(
            "print(open('/proc/self/autogroup').read())", limits=Limits(seconds=60, idle=idle)
        ).said
        if said.endswith(f" nice {nice}"):
            break
        time.sleep(0.15)
    assert said.endswith(f" nice {nice}")
    assert said.split()[0] not in ours.split()
    assert AUTOGROUP.read_text() == ours


def test_what_waits_for_idle_cores_is_bound_by_what_it_computes(run):
    assert BEHIND.idle
    assert BEHIND.cpu_seconds >= 600
    assert BEHIND.seconds >= 6 * 3600
    outcome = run("while True: pass", limits=Limits(seconds=60, cpu_seconds=1))
    assert outcome.reason == "it computed for more than 1 s; compute less"
    script = "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
    assert run(script, limits=Limits(seconds=60, cpu_seconds=1)).reason
    limits = Limits(seconds=60, cpu_seconds=1)
    assert run("import time; time.sleep(1.5)", limits=limits).reason == ""


def command(parent, report, *script):
    numbers = dict.fromkeys(confine.NUMBERS, 0) | {"parent": parent, "report": report}
    bounds = [str(numbers[name]) for name in confine.NUMBERS]
    return [sys.executable, "-I", "-S", confine.__file__, *bounds, sys.executable, "-c", *script]


def begun(*arguments):
    """A supervisor of its own, and the end of its report."""
    told, report = os.pipe()
    process = subprocess.Popen(
        command(arguments[0] or os.getpid(), report, *arguments[1:]),
        pass_fds=(report,), start_new_session=True,
    )  # fmt: skip
    os.close(report)
    return process, told


def test_a_parent_that_died_before_it_could_be_followed_leaves_nothing(tmp_path):
    for _ in range(5):
        gone = subprocess.Popen(["true"])
        gone.wait()
        note = tmp_path / "note"
        script = "import sys, time; open(sys.argv[1], 'w'); time.sleep(600)"
        process, told = begun(gone.pid, script, str(note))
        try:
            assert process.wait(30) is not None
            assert not note.exists()
        finally:
            process.kill()
            os.close(told)


def test_a_supervisor_that_is_told_to_end_at_any_moment_ends(tmp_path):
    for step in range(40):
        process, told = begun(0, "import time; time.sleep(600)")
        try:
            time.sleep(step / 1000)
            children = psutil.Process(process.pid).children()
            process.terminate()
            assert process.wait(30) is not None
            assert all(not each.is_running() for each in children)
        finally:
            process.kill()
            os.close(told)


def test_one_whom_a_service_manager_ends_was_stopped_and_did_not_fail(run, tmp_path):
    """It tells every process of a service at once, and ours may hear it first."""
    note = tmp_path / "work/parent"
    script = (
        "import os, time\nopen('part', 'w').write(str(os.getppid()))\n"
        "os.rename('part', 'parent')\ntime.sleep(600)\n"
    )
    found = []
    one = threading.Thread(target=lambda: found.append(run(script)))
    one.start()
    while not note.exists():
        assert one.is_alive()
        time.sleep(0.02)
    os.kill(int(note.read_text()), signal.SIGTERM)
    one.join()
    assert found[0].stopped
    assert not run("1 / 0").stopped
    assert not run("import time; time.sleep(9)", limits=Limits(seconds=1)).stopped


def test_a_job_computes_as_the_engine_itself_would(run, tmp_path, monkeypatch):
    ours = {
        "CUDA_VISIBLE_DEVICES": "1", "XLA_FLAGS": "--xla_x", "JAX_ENABLE_X64": "0",
        "IRER_REDIS_URL": "redis://nowhere", "HOME": str(tmp_path), "XDG_CACHE_HOME": "/tmp/c",
        "TMPDIR": str(tmp_path), "IRER_WORKSPACE": "/another", "PYTHONPATH": "/mine",
    }  # fmt: skip
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    variables = environment_of_job(tmp_path / "workspace")
    script = f"import json, os, engine; print(json.dumps({{n: os.environ[n] for n in {[*ours]}}}))"
    seen = json.loads(run(script, variables=variables).said)
    assert seen.pop("IRER_WORKSPACE") == str(tmp_path / "workspace")
    assert seen.pop("PYTHONPATH").split(":")[1:] == ["/mine"]
    for name in ours.keys() - {"IRER_WORKSPACE", "PYTHONPATH"}:
        assert seen[name] == ours[name]
    assert not {"CUDA_VISIBLE_DEVICES", "IRER_REDIS_URL"} & environment(tmp_path).keys()
