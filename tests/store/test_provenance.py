import json

import pytest

from engine.errors import WorkspaceError
from engine.store.provenance import MAX_BYTES, read_provenance, write_provenance

ID = "0123456789abcdef0123456789abcdef01234567"
OTHER = ID[::-1]


def verdict(**values):
    return {"config_hash": ID, "status": "ok", "log_prime_sse": 0.1, "warnings": [], **values}


@pytest.fixture
def path(workspace):
    return workspace.provenance_path(ID)


def test_a_verdict_comes_back_as_it_was_written(path):
    provenance = verdict(spectral_fidelity={"peaks_k": [0.1, 0.2], "scale": None}, error="ψ ≠ ψ'")
    write_provenance(path, provenance)
    assert read_provenance(path) == provenance
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_any_strict_json_parser_can_read_it(path):
    write_provenance(path, verdict())

    def refuse(constant):
        raise AssertionError(constant)

    assert json.loads(path.read_text(), parse_constant=refuse)["status"] == "ok"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_is_not_finite_never_gets_to_the_disk(path, value):
    write_provenance(path, verdict())
    before = path.read_bytes()
    with pytest.raises(WorkspaceError, match=r"spectral_fidelity\.scale: got"):
        write_provenance(path, verdict(spectral_fidelity={"scale": value}))
    assert path.read_bytes() == before


def test_the_verdict_on_another_run_is_refused(path, workspace):
    with pytest.raises(WorkspaceError, match="expected the id in the name"):
        write_provenance(workspace.provenance_path(OTHER), verdict())
    with pytest.raises(WorkspaceError, match=r"expected provenance_<run id>\.json"):
        write_provenance(workspace.root / "provenance.json", verdict())
    write_provenance(path, verdict())
    moved = path.rename(workspace.provenance_path(OTHER))
    with pytest.raises(WorkspaceError, match="expected the id in the name"):
        read_provenance(moved)


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        (b"", "Expecting value"),
        (b'{"config_hash": "' + ID.encode(), "Unterminated"),
        (b'{"config_hash": "' + ID.encode() + b'", "scale": NaN}', "got NaN"),
        (b"[]", "expected an object"),
        (b"\xff\xfe", "codec"),
        (b" " * (MAX_BYTES + 1), "expected at most"),
    ],
)
def test_a_damaged_verdict_says_what_to_do(path, contents, reason):
    path.write_bytes(contents)
    with pytest.raises(WorkspaceError, match=reason) as refused:
        read_provenance(path)
    assert "irer validate" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_verdict_and_a_folder_in_its_place_are_workspace_errors(path):
    with pytest.raises(WorkspaceError, match="not there"):
        read_provenance(path)
    path.mkdir()
    with pytest.raises(WorkspaceError, match="not a file"):
        read_provenance(path)
