"""A component runs on a real run; what it makes is kept with where it came from."""

import json
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import h5py
import pytest
from component_samples import MANIFEST, WRITING

from engine.errors import ComponentError, SettingsError, WorkspaceError
from engine.layer2.confine import landlock_version
from engine.layer2.limits import Limits
from engine.layer2.orchestrator import analyze, output_paths, working_folder
from engine.layer2.reports import read_newest
from engine.store.artifact import sha256_file

LIMITS = Limits(seconds=60)
NAMES = ("csv", "json", "png", "h5")
ALL = [{"name": kind, "type": f"path:{kind}", "file": f"a.{kind}"} for kind in NAMES]
FOUR = (
    WRITING
    + """
import h5py
from PIL import Image
(out / "a.csv").write_text("t,x\\n0,1.5\\n1,2.5\\n")
(out / "a.json").write_text('{"sum": 3}')
Image.new("RGB", (8, 4)).save(out / "a.png")
with h5py.File(out / "a.h5", "w") as file:
    file["x"] = [1.0]
"""
)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_run_is_analyzed_and_the_report_says_how(place, run_id, plug_in):
    component = plug_in("squares")
    report, computed = analyze(place, component, run_id, {"power": 3}, LIMITS)
    assert computed
    artifact = place.artifact_path(run_id)
    with h5py.File(artifact) as file:
        total = float((file["final_rho"][:] ** 3).sum())
    path = output_paths(place, report)["figures"]
    assert json.loads(path.read_text()) == {"total": total}
    assert path.parent.parent.name == f"squares_{run_id}"
    assert report["status"] == "ok"
    assert report["said"] == "done 3"
    assert report["tunables"] == {"power": 3}
    assert report["inputs"]["artifact"]["sha256"] == sha256_file(artifact)
    assert report["inputs"]["artifact"]["source"] == f"simulation_data/{artifact.name}"
    assert set(report["software"]) == {"irer", "python", "h5py"}
    assert report["outputs"][0]["sha256"] == sha256_file(path)
    assert report["duration_s"] > report["cpu_s"] / 4 > 0
    assert report["memory_bytes"] > 2**20
    assert read_newest(place, "squares", run_id) == report


def test_the_same_asked_twice_is_one_report_and_another_replaces_none(place, run_id, plug_in):
    component = plug_in("squares")
    one, _ = analyze(place, component, run_id, {}, LIMITS)
    kept = contents(place.root / "analysis_reports" / f"squares_{run_id}")
    again, computed = analyze(place, component, run_id, {"power": 2}, LIMITS)
    assert (again, computed) == (one, False)
    two, computed = analyze(place, component, run_id, {"power": 4}, LIMITS)
    assert computed
    assert read_newest(place, "squares", run_id) == two
    analyze(place, component, run_id, {}, LIMITS)
    assert read_newest(place, "squares", run_id) == one, "what was asked for last is shown"
    changed = plug_in("squares", MANIFEST and FOUR, outputs=ALL)
    three, computed = analyze(place, changed, run_id, {}, LIMITS)
    assert computed
    assert len({one["key"], two["key"], three["key"]}) == 3
    now = contents(place.root / "analysis_reports" / f"squares_{run_id}")
    assert kept.items() <= now.items()
    assert read_newest(place, "squares", run_id) == three


def test_every_type_of_output_is_kept(place, run_id, plug_in):
    report, _ = analyze(place, plug_in("four", FOUR, outputs=ALL), run_id, {}, LIMITS)
    paths = output_paths(place, report)
    assert set(paths) == set(NAMES)
    for each in report["outputs"]:
        assert paths[each["name"]].stat().st_size == each["bytes"] > 0


def test_all_inputs_of_a_run_are_given(place, run_id, plug_in):
    script = WRITING + "import json; (out / 'figures.json').write_text(json.dumps(given))"
    inputs = [
        {"name": "provenance", "type": "path:json"},
        {"name": "job_uuid", "type": "string:uuid"},
    ]
    text = {"name": "text", "label": "Text", "type": "string", "default": "-a 'b'\n$HOME"}
    component = plug_in("given", script + "\nprint(sys.argv)", inputs=inputs,
                        tunable_variables=[text])  # fmt: skip
    report, _ = analyze(place, component, run_id, {}, LIMITS)
    assert repr("--text=-a 'b'\n$HOME") in report["said"]
    given = json.loads(output_paths(place, report)["figures"].read_text())
    assert given["--provenance"] == str(place.provenance_path(run_id))
    assert given["--job_uuid"] == report["inputs"]["job_uuid"]["source"]


BAD_OUTPUTS = {
    "nothing": ("", "got nothing, expected the file"),
    "no JSON": ("(out / 'a.json').write_text('{')", "expected JSON"),
    "a number that is none": ("(out / 'a.json').write_text('[NaN]')", "expected JSON"),
    "too deep": ("(out / 'a.json').write_text('[' * 200000)", "expected JSON"),
    "no text": ("(out / 'a.json').write_bytes(b'\\xff')", "expected JSON"),
    "a link": ("os.symlink('/etc/passwd', out / 'a.json')", "a plain file of its own"),
    "a folder": ("(out / 'a.json').mkdir()", "a plain file of its own"),
    "a pipe": ("os.mkfifo(out / 'a.json')", "a plain file of its own"),
    "no folder": ("os.rmdir(out)", "got nothing"),
    "no CSV": ("(out / 'a.json').write_text('{}'); (out / 'a.csv').write_text('')", "empty file"),
    "ragged CSV": (
        "(out / 'a.json').write_text('{}'); (out / 'a.csv').write_text('a,b\\n1\\n')",
        "1 cells in row 2, expected 2",
    ),
    "no picture": (
        "(out / 'a.json').write_text('{}'); (out / 'a.csv').write_text('a\\n');"
        "(out / 'a.png').write_text('<svg/>')",
        "expected a PNG",
    ),
    "crash": ("raise RuntimeError('no such luck')", "RuntimeError: no such luck"),
}


@pytest.mark.parametrize(("script", "reason"), BAD_OUTPUTS.values(), ids=BAD_OUTPUTS)
def test_a_failure_is_named_kept_and_touches_nothing_else(place, run_id, plug_in, script, reason):
    outputs = [ALL[1], ALL[0], ALL[2]]
    component = plug_in("bad", WRITING + script, outputs=outputs)
    before = contents(place.root)
    with pytest.raises(ComponentError, match=f"bad on run {run_id}: ") as caught:
        analyze(place, component, run_id, {}, LIMITS)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    report = read_newest(place, "bad", run_id)
    assert (report["status"], report["outputs"]) == ("failed", [])
    [kept] = (place.root / "analysis_reports" / f"bad_{run_id}").glob("failed-1/report.json")
    more = f" What it printed: {kept}." if report["said"] else ""
    assert str(caught.value) == f"{report['error']}{more}"
    assert bool(more) or "raise" not in script
    assert ".work-" not in report["said"], "what is gone by now is no place to look"
    after = contents(place.root)
    assert before.items() <= after.items()
    new = {name.rpartition("/")[2] for name in set(after) - set(before)}
    assert new == {"report.json", f"bad_{run_id}.json"}


def test_a_failure_does_not_replace_a_report_nor_another_failure(place, run_id, plug_in):
    component = plug_in(
        "moody", WRITING + "if given['--power'] == '1': sys.exit(5)\n"
        "(out / 'figures.json').write_text('{}')",
    )  # fmt: skip
    good, _ = analyze(place, component, run_id, {}, LIMITS)
    for _ in range(2):  # what failed is tried again by who asks again
        with pytest.raises(ComponentError, match="exit code 5"):
            analyze(place, component, run_id, {"power": 1}, LIMITS)
    folder = place.root / "analysis_reports" / f"moody_{run_id}"
    assert {path.name for path in folder.iterdir()} == {good["key"], "failed-1", "failed-2"}
    assert analyze(place, component, run_id, {}, LIMITS) == (good, False)


def test_an_input_that_is_changed_is_told(place, run_id, plug_in):
    script = WRITING + "(out / 'figures.json').write_text('{}'); os.utime(given['--artifact'])"
    with pytest.raises(ComponentError, match=r"its input artifact .* was changed while it ran"):
        analyze(place, plug_in("toucher", script), run_id, {}, LIMITS)


@pytest.mark.skipif(landlock_version() < 3, reason="this kernel has no Landlock of version 3")
def test_the_workspace_is_out_of_its_reach(place, run_id, plug_in):
    script = (
        WRITING + "import shutil\nroot = pathlib.Path(given['--artifact']).parents[1]\n"
        "shutil.rmtree(root, ignore_errors=True)\n"
        "for name in ('simulation_ledger.sqlite', 'trusted_components.json'):\n"
        "    try: open(root / name, 'w')\n"
        "    except PermissionError: print('refused')\n"
        "out.mkdir()\n"  # its own, which alone it could remove
        "(out / 'figures.json').write_text('{}')"
    )
    component = plug_in("vandal", script)
    before = contents(place.root)
    report, _ = analyze(place, component, run_id, {}, LIMITS)
    assert report["said"].split() == ["refused", "refused"]
    assert report["contained"] == f"Landlock {landlock_version()}"
    assert before.items() <= contents(place.root).items()


def test_a_report_that_was_changed_is_not_taken_for_the_one_that_was_made(place, run_id, plug_in):
    component = plug_in("squares")
    report, _ = analyze(place, component, run_id, {}, LIMITS)
    output_paths(place, report)["figures"].write_text('{"total": 0}')
    with pytest.raises(WorkspaceError, match="another than was written"):
        analyze(place, component, run_id, {}, LIMITS)


def test_what_is_missing_is_named_before_anything_runs(place, run_id, plug_in):
    component = plug_in("needy", dependencies=["h5py>=99", "no_such_package_at_all"])
    words = (
        r"got h5py \S+, no_such_package_at_all not installed, expected h5py>=99, no_such_\w+; "
        r"install: pip install 'h5py>=99' 'no_such_package_at_all'\."
    )
    with pytest.raises(SettingsError, match=words):
        analyze(place, component, run_id, {}, LIMITS)
    squares = plug_in("squares")
    for name, words in (
        ("0" * 40, "expected a run of this workspace"),
        ("../" + run_id, "expected 40 hex digits"),
        ("2026-11-21-001", "expected 40 hex digits"),
    ):
        with pytest.raises(SettingsError, match=words):
            analyze(place, squares, name, {}, LIMITS)
    with pytest.raises(SettingsError, match="power: got '9', expected a whole number, at least 1"):
        analyze(place, squares, run_id, {"power": 9}, LIMITS)
    assert not list((place.root / "analysis_reports").iterdir())


def test_two_who_ask_at_once_get_one_report(place, run_id, plug_in):
    component = plug_in("squares")
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(analyze, place, component, run_id, {}, LIMITS) for _ in range(4)]
    reports = [each.result()[0] for each in asked]
    assert all(report == reports[0] for report in reports)
    assert len(list((place.root / "analysis_reports" / f"squares_{run_id}").iterdir())) == 1


def test_a_folder_that_was_just_made_is_no_dead_ones(tmp_path):
    def make(_):
        with working_folder(tmp_path) as made:
            (made / "work").mkdir()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(400)))
    assert not list(tmp_path.iterdir())


def test_what_a_killed_orchestrator_left_is_swept_by_the_next(place, run_id, plug_in):
    slow = plug_in("slow", "import time; open('begun', 'w'); time.sleep(600)")
    code = (
        "import sys\nfrom engine.store.workspace import Workspace\n"
        "from engine.layer2.command import analyze_by_name\n"
        "analyze_by_name('slow', sys.argv[2], sys.argv[1], {}, None, None)\n"
    )
    command = [sys.executable, "-c", code, str(place.root), run_id]
    folder = place.root / "analysis_reports"
    with subprocess.Popen(command) as orchestrator:
        until = time.monotonic() + 60
        while not list(folder.glob(".work-*/*/begun")):
            assert orchestrator.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        analyze(place, plug_in("squares"), run_id, {}, LIMITS)
        assert list(folder.glob(".work-*/*/begun")), "a live one is left alone"
        orchestrator.send_signal(signal.SIGKILL)
    assert slow.name == "slow"
    analyze(place, plug_in("squares"), run_id, {"power": 5}, LIMITS)
    assert not list(folder.glob(".work-*"))


def test_a_full_disk_leaves_no_half_report(hunted, run_id, make_disk):
    from component_samples import write_component

    from engine.layer2.discovery import find_component
    from engine.layer2.trust import trust
    from engine.store.workspace import Workspace

    disk = make_disk("4m")
    shutil.copytree(hunted[0], disk / "workspace")
    place = Workspace.open(disk / "workspace")
    script = WRITING + "(out / 'figures.json').write_text('[' + '1,' * 9_000_000 + '1]')"
    write_component(place.root / "components", "big", script)
    component = find_component(place, "big")
    trust(place, component)
    with pytest.raises(ComponentError, match=r"No space left on device|wrote more than"):
        analyze(place, component, run_id, {}, LIMITS)
    assert read_newest(place, "big", run_id)["status"] == "failed"
