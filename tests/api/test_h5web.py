"""What H5Web is told about an artifact, by a real server, and what it is refused."""
# ruff: noqa: E501  (tables)

import io
import json
import os
import re
import urllib.parse

import h5py
import numpy as np
import pytest
import tifffile
from guarded import guard, raw

from engine.errors import ArtifactError
from engine.store.workspace import Workspace
from irer_panel.h5web import reading
from irer_panel.h5web.reader import Reader


@pytest.fixture(scope="module")
def run(rows):
    return rows[0]["config_hash"]


@pytest.fixture(scope="module")
def path(hunted, run):
    return hunted.artifact_path(run)


def ask(client, run, question, **query):
    return client.get(f"/h5web/{run}/{question}?{urllib.parse.urlencode(query)}")


def test_the_page_brings_all_that_it_needs_from_this_host(client, run):
    page = client.get(f"/h5web/{run}")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f"rho_history_{run}.h5".encode() in page.body
    named = re.findall(rb'(?:src|href)="(app/[^"]+)"', page.body)
    assert len(named) == 2
    for each in named:
        answer = client.get(f"/h5web/{each.decode()}")
        assert answer.status == 200
        kept = client.get(f"/h5web/{each.decode()}", If_None_Match=answer.headers["etag"])
        assert (kept.status, kept.body) == (304, b"")
    assert b"@h5web/app 17" in client.get("/h5web/app/LICENSES.txt").body


def test_the_tree_and_its_attributes_are_those_of_the_file(client, run, path):
    with h5py.File(path) as file:
        found = ask(client, run, "meta", path="/").json
        assert {each["name"] for each in found["children"]} == set(file)
        assert ask(client, run, "attr", path="/").json["default"] == "entry"
        final = ask(client, run, "attr", path="/entry/final").json
        assert (final["signal"], final["axes"]) == ("final_rho", ["y", "x"])
        rho = ask(client, run, "attr", path="/final_rho").json
        assert rho["long_name"] == file["final_rho"].attrs["long_name"]
        every = []
        file.visit_links(lambda name: every.append(f"/{name}"))
        assert set(ask(client, run, "paths", path="/").json) == {"/", *every}


def test_values_come_bit_for_bit(client, run, path):
    with h5py.File(path) as file:
        for name in ("/final_rho", "/entry/final/final_rho"):
            answer = ask(client, run, "data", path=name, format="bin", dtype="safe")
            assert answer.body == file["final_rho"][()].tobytes()
        part = ask(client, run, "data", path="/history/rho", format="bin", selection="0,:,3:5")
        assert part.body == file["history/rho"][0, :, 3:5].tobytes()
        for end, read in (("npy", np.load), ("tiff", tifffile.imread)):
            answer = ask(client, run, "data", path="/final_rho", format=end)
            assert "attachment" in answer.headers["content-disposition"]
            np.testing.assert_array_equal(read(io.BytesIO(answer.body)), file["final_rho"][()])
        psi = ask(client, run, "data", path="/final_psi", flatten="true").json
        there = np.array(psi) @ [1, 1j]
        np.testing.assert_array_equal(there.astype(np.complex64), file["final_psi"][()].ravel())


# fmt: off
REFUSED = {
    "no such path": ("data", {"path": "/nothing"}, 404, "not a valid path"),
    "a path that leads up": ("data", {"path": "/../../etc/passwd"}, 404, "not a valid path"),
    "a path that is none": ("meta", {"path": "final_rho"}, 404, "not a valid path"),
    "a null byte": ("meta", {"path": "/final_rho\0x"}, 404, "not a valid path"),
    "data of a group": ("data", {"path": "/history"}, 422, "got no dataset"),
    "members of a dataset": ("paths", {"path": "/final_rho"}, 422, "got no group"),
    "a selection that is none": ("data", {"path": "/final_rho", "selection": "__import__('os')"}, 422, ""),
    "a selection of too many axes": ("data", {"path": "/final_rho", "selection": "0,0,0,0"}, 422, "indices"),
    "a format that is none": ("data", {"path": "/final_rho", "format": "pickle"}, 422, "pickle"),
    "a type that is none": ("data", {"path": "/final_rho", "dtype": "object"}, 422, "object"),
}
# fmt: on


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_answered_is_said(client, run, case):
    question, query, status, words = case
    answer = ask(client, run, question, **query)
    assert answer.status == status
    assert words in answer.json["message"]
    assert b"Traceback" not in answer.body


def test_another_file_than_was_asked_for_is_not_read(client, run, path):
    answer = ask(client, run, "data", file="/etc/passwd", path="/x", format="bin")
    with h5py.File(path) as file:
        assert answer.body == file["x"][()].tobytes()


def test_more_than_can_be_held_is_refused_before_it_is_read(path, run, monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 32 * 32 * 4 - 1)
    whole = {"path": "/final_rho", "format": "bin"}
    refused = reading.Reading().answer(path, run, "data", whole)
    assert refused.status == 422
    assert b"1024 values" in refused.content
    assert (
        reading.Reading().answer(path, run, "data", {**whole, "selection": "0:31,:"}).status == 200
    )
    monkeypatch.setattr(reading, "MAX_TEXT_VALUES", 5)
    row = {"path": "/final_rho", "selection": "0,0:6"}
    assert reading.Reading().answer(path, run, "data", row).status == 422
    found = reading.Reading().answer(path, run, "data", {**row, "selection": "0,0:5"})
    assert len(json.loads(found.content)) == 5


def test_a_file_that_traps_hdf5_costs_its_question_and_no_more(hunted, path, run, tmp_path):
    bad = tmp_path / path.name
    data = bytearray(path.read_bytes())
    heap = data.find(b"GCOL")  # HDF5's heap of texts: damaged so, it is read for ever
    assert heap > 0
    data[heap + 16 : heap + 512] = bytes(496)
    bad.write_bytes(data)
    reader = Reader(seconds=5)
    try:
        with pytest.raises(ArtifactError, match="crashed HDF5 or took more than 5 s"):
            reader.ask(bad, run, "attr", {"path": "/entry/final"})
        assert reader.ask(path, run, "attr", {"path": "/entry/final"}).status == 200
    finally:
        reader.close()


def test_a_file_that_was_replaced_is_checked_and_read_anew(path, run, tmp_path):
    there, one = tmp_path / path.name, reading.Reading()
    there.write_bytes(path.read_bytes())
    rho = {"path": "/final_rho", "format": "bin"}
    first = one.answer(there, run, "data", rho)
    other = tmp_path / "other"
    other.write_bytes(path.read_bytes())
    with h5py.File(other, "r+") as file:
        file["final_rho"][:] = 2 * file["final_rho"][()]
    other.replace(there)
    second = one.answer(there, run, "data", rho)
    values = [np.frombuffer(each.content, "f4") for each in (first, second)]
    np.testing.assert_array_equal(2 * values[0], values[1])
    other.write_bytes(path.read_bytes()[:-1000])
    other.replace(there)
    assert one.answer(there, run, "meta", {"path": "/"}).status == 404
    there.unlink()
    assert one.answer(there, run, "meta", {"path": "/"}).status == 404
    there.write_bytes(path.read_bytes())
    assert one.answer(there, run, "data", rho) == first
    assert one.answer(there, "0" * 40, "meta", {"path": "/"}).status == 404
    one.close()


def test_a_dataset_with_a_hole_is_not_shown_as_zeros(path, run, tmp_path):
    holed = tmp_path / path.name
    holed.write_bytes(path.read_bytes())
    with h5py.File(holed, "r+") as file:
        kept = {"chunks": (32, 32), "fletcher32": True}
        del file["final_rho"]
        file.create_dataset("final_rho", (32, 32), "f4", **kept)
    found = reading.Reading().answer(holed, run, "data", {"path": "/final_rho", "format": "bin"})
    assert (found.status, b"chunks stored" in found.content) == (404, True)


# fmt: off
IN = "Cookie: {cookie}"
ATTACKS = {
    "the page without a log-in": ("GET /h5web/{run}", [], 401),
    "values without a log-in": ("GET /h5web/{run}/data?path=/final_rho", [], 401),
    "the bundle without a log-in": ("GET /h5web/app/h5web.js", [], 401),
    "a forged cookie": ("GET /h5web/{run}/meta?path=/", ["Cookie: irer_user=ada"], 401),
    "two slashes": ("GET //h5web/{run}/meta", [], 401),
    "capitals": ("GET /H5WEB/{run}/meta", [], 401),
    "a token, which is for scripts": ("GET /h5web/{run}", ["Authorization: Bearer {control}"], 401),
    "a host that was made to point here": ("GET /h5web/{run}/meta", [IN, "Host: evil.example"], 421),
    "a folder up": ("GET /h5web/../../etc/passwd", [IN], 404),
    "a folder up, encoded": ("GET /h5web/%2e%2e%2fhunt.lock/meta", [IN], 404),
    "a folder up in the bundle": ("GET /h5web/app/..%2f__init__.py", [IN], 404),
    "the sources of the bundle": ("GET /h5web/app/main.jsx", [IN], 404),
    "an id in capitals": ("GET /h5web/{RUN}/meta", [IN], 404),
    "an id and a line break": ("GET /h5web/{run}%0a/meta", [IN], 404),
    "an id and a null byte": ("GET /h5web/{run}%00/meta", [IN], 404),
    "another file by its name": ("GET /h5web/{run}/meta?file=/etc/passwd&path=/etc/passwd", [IN], 404),
    "a question that is none": ("GET /h5web/{run}/stats?path=/final_rho", [IN], 404),
    "a link out of the workspace": ("GET /h5web/{linked}/meta?path=/", [IN], 403),
    "a link within the workspace": ("GET /h5web/{inner}/meta?path=/", [IN], 403),
    "a pipe for an artifact": ("GET /h5web/{piped}/meta?path=/", [IN], 404),
    "another run's artifact": ("GET /h5web/{swapped}/meta?path=/", [IN], 404),
    "a run without an artifact": ("GET /h5web/" + 40 * "0" + "/meta", [IN], 404),
    "a command": ("POST /h5web/{run}/data", [IN], 405),
}
# fmt: on


@pytest.fixture(scope="module")
def guarded(start_server, tmp_path_factory):
    return guard(start_server, Workspace.open(tmp_path_factory.mktemp("guarded")))


@pytest.fixture(scope="module")
def words(guarded, path, run):
    """What the attacks are filled with: files of every bad kind, in a workspace of their own."""
    workspace = Workspace(guarded.access.path.parent)
    kinds = ("linked", "inner", "piped", "swapped")
    names = {kind: f"{index:040x}" for index, kind in enumerate(kinds, 1)}
    secret = secret_in(workspace)
    for name in (run, names["swapped"]):
        workspace.artifact_path(name).write_bytes(path.read_bytes())
    workspace.artifact_path(names["linked"]).symlink_to("/etc/passwd")
    workspace.artifact_path(names["inner"]).symlink_to(secret)
    os.mkfifo(workspace.artifact_path(names["piped"]))
    known = {"run": run, "RUN": run.upper(), "cookie": guarded.cookie, "control": guarded.control}
    return {**names, **known}


def secret_in(workspace):
    secret = workspace.root / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["x"] = np.full((32, 32), np.frombuffer(b"secr", "f4")[0])
    return secret


def linked(file, secret):
    del file["final_rho"]
    file["final_rho"] = h5py.ExternalLink(str(secret), "/x")


def virtual(file, secret):
    layout = h5py.VirtualLayout((32, 32), "f4")
    layout[:] = h5py.VirtualSource(str(secret), "x", (32, 32))
    del file["final_rho"]
    file.create_virtual_dataset("final_rho", layout)


def stored_elsewhere(file, secret):
    del file["final_rho"]
    file.create_dataset("final_rho", (32, 32), "f4", external=str(secret))


def astray(file, secret):
    del file["entry/final/final_rho"]
    file["entry/final/final_rho"] = h5py.ExternalLink(str(secret), "/x")


ELSEWHERE = {
    linked: "a link to elsewhere",
    virtual: "a virtual dataset",
    stored_elsewhere: "data in another file",
    astray: "expected a link to a dataset of this file",
}


@pytest.mark.parametrize("spoil", ELSEWHERE, ids=lambda each: each.__name__)
def test_a_file_that_points_elsewhere_is_refused_whole(guarded, words, path, spoil):
    workspace, run = Workspace(guarded.access.path.parent), words["run"]
    there = workspace.artifact_path(run)
    try:
        with h5py.File(there, "r+") as file:
            spoil(file, secret_in(workspace))
        for end in ("meta?path=/", "data?path=/entry/final/final_rho&format=bin", "paths?path=/"):
            answer = guarded.client.get(f"/h5web/{run}/{end}", Cookie=guarded.cookie)
            assert answer.status == 404
            assert ELSEWHERE[spoil] in answer.json["message"]
            assert b"secr" not in answer.body.replace(b"secret.h5", b"")
    finally:
        there.write_bytes(path.read_bytes())


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_gets_its_status_and_nothing_else(guarded, words, attack):
    line, headers, status = attack
    filled = [line, *headers]
    for name, value in words.items():
        filled = [each.replace(f"{{{name}}}", value) for each in filled]
    if not any(each.startswith("Host:") for each in filled):
        filled.append(f"Host: {guarded.client.host}")
    head = "\r\n".join([f"{filled[0]} HTTP/1.1", *filled[1:], "Connection: close", "", ""])
    found, answer = raw(guarded.client, head.encode())
    assert found == status
    for secret in (b"secr", b"root:", b"Traceback"):
        assert secret not in answer


def test_whoever_has_logged_in_reads_and_each_answer_is_guarded(guarded, words):
    for end in ("", "/meta?path=/", "/data?path=/final_rho&format=bin"):
        answer = guarded.client.get(f"/h5web/{words['run']}{end}", Cookie=guarded.cookie)
        assert answer.status == 200
        assert "unsafe-inline" not in answer.headers["content-security-policy"].split("style")[0]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
