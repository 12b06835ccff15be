"""`irer analyze` and `irer components` as a person uses them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from component_samples import write_component

from engine.cli import main


@pytest.fixture
def irer(place):
    def irer_(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "engine.cli", *arguments, "--workspace", str(place.root)],
            capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip

    return irer_


def test_from_a_folder_to_a_figure(irer, place, run_id):
    write_component(place.root / "components", "squares")
    asked = irer("analyze", "squares", run_id)
    assert asked.returncode == 2
    assert asked.stderr.count("\n") == 1
    assert "`irer components trust squares --workspace /" in asked.stderr
    assert "NOT TRUSTED" in irer("components").stdout
    done = irer("components", "trust", "squares")
    assert done.returncode == 0
    assert "squares              1.0      workspace    trusted      on a run" in done.stdout
    done = irer("analyze", "squares", run_id, "--set", "power=1", "--json")
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["computed"]
    assert set(json.loads(Path(report["files"]["figures"]).read_text())) == {"total"}
    again = irer("analyze", "squares", run_id, "--set", "power=1")
    assert again.stdout.startswith(f"Sum of squares 1.0 on run {run_id}, kept from before\n")
    assert report["files"]["figures"] in again.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("analyze", "cubes", "RUN"), 2, "got 'cubes', expected one of"),
        (("analyze", "squares", "0" * 40), 2, "expected a run of this workspace"),
        (("analyze", "squares", "RUN", "--set", "power=99"), 2, "at most 8"),
        (("analyze", "squares", "RUN", "--set", "colour=1"), 2, "expected one of power"),
        (("analyze", "squares", "RUN", "--time-limit", "0"), 2, "--time-limit: got 0"),
        (("analyze", "crash", "RUN"), 1, "ZeroDivisionError: division by zero"),
        (("analyze", "hang", "RUN", "--time-limit", "1"), 1, "it took more than 1 s"),
        (("components", "trust"), 2, "NAME: got none"),
        (("components", "trust", "cubes"), 2, "got 'cubes'"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(place, plug_in, run_id, capsys, arguments, code, words):
    plug_in("squares")
    plug_in("crash", "1 / 0")
    plug_in("hang", "import time; time.sleep(600)")
    named = [run_id if each == "RUN" else each for each in arguments]
    assert main([*named, "--workspace", str(place.root)]) == code
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    if code == 1:
        assert words in place.hub_log_path.read_text()


def test_a_broken_component_is_listed_with_its_reason(irer, place):
    write_component(place.root / "components", "bad", version=None)
    done = irer("components")
    assert done.returncode == 0
    assert "bad/component_manifest.json: version: got nothing" in done.stderr


def test_ctrl_c_ends_the_component_too(place, plug_in, run_id):
    plug_in("hang", "import os, time; open('begun', 'w').write(str(os.getpid())); time.sleep(600)")
    code = (  # a job in the background has been told to ignore it
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from engine.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "analyze", "hang", run_id]
    process = subprocess.Popen(
        [*command, "--workspace", str(place.root)], stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 60
    while not (notes := list(place.root.glob("analysis_reports/.work-*/*/begun"))) or not (
        pid := notes[0].read_text()
    ):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "irer: stopped" in said
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
    assert not list((place.root / "analysis_reports").iterdir())
