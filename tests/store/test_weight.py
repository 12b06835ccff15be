"""What a workspace weighs."""

import os

from engine.store.weight import ROOT, Weight, weigh
from engine.store.workspace import FOLDERS, Workspace


def test_every_folder_weighs_its_files_and_the_root_the_rest(tmp_path):
    place = Workspace.open(tmp_path)
    assert weigh(place) == dict.fromkeys((ROOT, *FOLDERS), Weight(0, 0))
    for i in range(3):
        (tmp_path / "simulation_data" / f"{i}.h5").write_bytes(b"x" * 100 * i)
    (tmp_path / "provenance_reports" / "a.json").write_bytes(b"{}")
    place.ledger_path.write_bytes(b"x" * 7)
    found = weigh(place)
    assert found["simulation_data"] == Weight(3, 300)
    assert found["provenance_reports"] == Weight(1, 2)
    assert found[ROOT] == Weight(1, 7)
    assert found["logs"] == Weight(0, 0)


def test_links_and_folders_weigh_nothing_and_what_is_gone_is_no_error(tmp_path):
    place = Workspace.open(tmp_path)
    (tmp_path / "outside").write_bytes(b"x" * 1000)
    os.symlink(tmp_path / "outside", tmp_path / "logs" / "link")
    os.symlink(tmp_path / "nowhere", tmp_path / "logs" / "broken")
    (tmp_path / "logs" / "folder").mkdir()
    (tmp_path / "analysis_reports").rmdir()
    assert weigh(place)["logs"] == weigh(place)["analysis_reports"] == Weight(0, 0)


def test_a_hundred_thousand_files_are_each_looked_at_once(tmp_path):
    place = Workspace.open(tmp_path)
    folder = os.open(tmp_path / "simulation_data", os.O_RDONLY)
    for i in range(100_000):
        os.close(os.open(f"rho_history_{i:040x}.h5", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    assert weigh(place)["simulation_data"] == Weight(100_000, 0)
