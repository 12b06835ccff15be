"""What a script leaves in its folder harms nobody: links that lead out, endless trees, floods."""

import os
import re
import subprocess
from dataclasses import replace

import pytest
from component_samples import WRITING

from engine.errors import ComponentError
from engine.layer2 import tree
from engine.layer2.limits import Limits
from engine.layer2.orchestrator import analyze, working_folder
from engine.layer2.reports import read_newest

LIMITS = Limits(seconds=60)
FIGURES = "(out / 'figures.json').write_text('{}')\n"
DEEP = "for _ in range(1500):\n    os.mkdir('d'); os.chdir('d')\n"


def open_files():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("kind", ["path:h5", "path:json"])
def test_a_link_for_an_output_folder_takes_no_file_of_ours(place, run_id, plug_in, kind):
    precious = place.root / "precious.json"
    precious.write_text('{"a": 1}')
    script = WRITING + "os.rmdir(out); os.symlink(os.path.abspath('../../..'), out)"
    component = plug_in(
        "thief", script, outputs=[{"name": "a", "type": kind, "file": precious.name}]
    )
    with pytest.raises(ComponentError, match=r"its output folder: got a link .*correct the script"):
        analyze(place, component, run_id, {}, LIMITS)
    assert precious.read_text() == '{"a": 1}'
    assert read_newest(place, "thief", run_id)["status"] == "failed"


def test_a_file_for_an_output_folder_is_told(place, run_id, plug_in):
    component = plug_in("filer", WRITING + "os.rmdir(out); open(out, 'w')")
    with pytest.raises(ComponentError, match="its output folder: got a link or a file"):
        analyze(place, component, run_id, {}, LIMITS)


def test_an_output_that_nobody_may_read_is_read(place, run_id, plug_in):
    component = plug_in("shy", WRITING + FIGURES + "os.chmod(out / 'figures.json', 0)")
    assert analyze(place, component, run_id, {}, LIMITS)[0]["status"] == "ok"


def test_a_tree_without_end_is_a_failure_and_is_gone_afterwards(place, run_id, plug_in):
    deep = plug_in("deep", WRITING + FIGURES + DEEP)
    before = open_files()
    with pytest.raises(ComponentError, match=f"folders deeper than {tree.MOST_DEPTH}"):
        analyze(place, deep, run_id, {}, LIMITS)
    assert open_files() == before
    reports = place.root / "analysis_reports"
    assert not [each for each in reports.iterdir() if each.name.startswith(".")]
    assert analyze(place, plug_in("squares"), run_id, {}, LIMITS)[0]["status"] == "ok"


def nest(folder, levels):
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=here)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def test_what_a_dead_one_left_is_swept_however_deep(tmp_path):
    left = tmp_path / ".work-dead"
    left.mkdir()
    nest(left, 3000)  # longer than any path may be
    before = open_files()
    with working_folder(tmp_path) as place:
        assert [each.name for each in tmp_path.iterdir()] == [place.name]
    assert open_files() == before
    assert not list(tmp_path.iterdir())


def test_removing_follows_no_link_and_minds_no_mode(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "sub").mkdir(parents=True)
    (elsewhere / "sub" / "precious").write_text("x")
    folder = tmp_path / "folder"
    (folder / "shut" / "shut").mkdir(parents=True)
    (folder / "shut" / "shut" / "file").write_text("x")
    (folder / "shut" / "link").symlink_to(elsewhere)
    (folder / "link").symlink_to(elsewhere / "sub")
    (folder / "shut" / "shut").chmod(0)
    (folder / "shut").chmod(0)
    tree.remove(folder)
    assert not folder.exists()
    assert (elsewhere / "sub" / "precious").read_text() == "x"
    link = tmp_path / "link"
    link.symlink_to(elsewhere)
    tree.remove(link)
    tree.remove(tmp_path / "nothing")
    assert (elsewhere / "sub" / "precious").read_text() == "x"


def test_what_it_writes_last_counts_too(place, run_id, plug_in):
    script = WRITING + (
        "import time; time.sleep(2)\n"  # until looks are rarer than this takes
        "for name in ('a.h5', 'b.h5'):\n"
        "    fd = os.open(out / name, os.O_CREAT | os.O_RDWR)\n"
        "    os.write(fd, b'\\x89HDF\\r\\n\\x1a\\n'); os.posix_fallocate(fd, 0, 2**25)\n"
        "os._exit(0)\n"
    )
    outputs = [{"name": n, "type": "path:h5", "file": f"{n}.h5"} for n in "ab"]
    component = plug_in("burst", script, outputs=outputs)
    limits = replace(LIMITS, output_bytes=2**24)
    with pytest.raises(ComponentError, match=r"it wrote more than 0\.015625 GiB; write less"):
        analyze(place, component, run_id, {}, limits)


def test_folders_and_their_number_count(tmp_path, monkeypatch):
    for name in range(50):
        (tmp_path / str(name)).mkdir()
    (tmp_path / "file").write_bytes(b"x" * 9999)
    du = int(subprocess.check_output(["du", "-s", "--block-size=1", tmp_path]).split()[0])
    inside = du - tmp_path.lstat().st_blocks * 512
    assert tree.excess(tmp_path, inside) == ""
    assert "wrote more than" in tree.excess(tmp_path, inside - 1)
    monkeypatch.setattr(tree, "MOST_ENTRIES", 49)
    assert tree.excess(tmp_path, 2**30) == "it made more than 49 files and folders; make fewer"


def test_a_link_is_not_counted_through(tmp_path):
    (tmp_path / "big").mkdir()
    (tmp_path / "big" / "file").write_bytes(b"x" * 2**20)
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "link").symlink_to(tmp_path / "big")
    assert tree.excess(tmp_path / "small", 2**19) == ""
    assert tree.excess(tmp_path / "big", 2**19)


TABLES = {
    "without end": ("','*1001", r"1002 columns, expected at most 1000"),
    "one endless line": ("'x,' * 2**20", r"a row of more than 1048576 characters"),
    "one row in many lines": (
        "'a\\n\"\\n' + '\",\"\\n' * 2**19",
        r"a row of more than 1048576 characters",
    ),
}


@pytest.mark.parametrize(("text", "reason"), TABLES.values(), ids=TABLES)
def test_a_table_that_is_none_is_refused_before_it_fills_memory(
    place, run_id, plug_in, text, reason
):
    outputs = [{"name": "t", "type": "path:csv", "file": "t.csv"}]
    component = plug_in("wide", WRITING + f"(out / 't.csv').write_text({text})", outputs=outputs)
    with pytest.raises(ComponentError, match=reason):
        analyze(place, component, run_id, {}, LIMITS)


def test_a_table_has_a_most_of_bytes(place, run_id, plug_in):
    script = WRITING + (
        "with open(out / 't.csv', 'w') as stream:\n"
        "    stream.write('a\\n'); stream.truncate(2**28 + 1)\n"
    )
    outputs = [{"name": "t", "type": "path:csv", "file": "t.csv"}]
    component = plug_in("long", script, outputs=outputs)
    with pytest.raises(ComponentError, match=r"268435457 bytes, expected at most 268435456"):
        analyze(place, component, run_id, {}, LIMITS)


def test_the_advice_is_the_one_that_helps(place, run_id, plug_in):
    component = plug_in("hang", "import time; time.sleep(600)")
    with pytest.raises(ComponentError) as caught:
        analyze(place, component, run_id, {}, Limits(seconds=1))
    assert str(caught.value).endswith("; `irer analyze --time-limit S` allows more.")
    with pytest.raises(ComponentError, match=re.escape("by zero; correct the script.")):
        analyze(place, plug_in("crash", "1 / 0"), run_id, {}, LIMITS)
