"""Reading over HTTP what was computed: the run list, one run, its artifact, the description."""

import hashlib
import io
import math

import h5py
import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import SettingsError
from engine.settings import HuntSettings
from engine.store.layout import SCHEMA_VERSION
from irer_panel.api.schemas import hunt_settings, wrong_settings


@pytest.fixture(scope="module")
def described(client):
    return client.get("/api/openapi.json").json


def test_the_list_is_paged_sorted_and_filtered_as_the_ledger_is(client, rows):
    ids = [row["config_hash"] for row in rows]
    whole = client.get("/api/runs").json
    assert [row["config_hash"] for row in whole["runs"]] == ids[::-1]
    assert whole["runs"] == rows[::-1]
    page = client.get("/api/runs?limit=2&offset=3&order=param_kappa").json
    by_kappa = sorted(rows, key=lambda row: row["param_kappa"])
    assert (page["total"], page["limit"], page["offset"]) == (6, 2, 3)
    assert page["runs"] == by_kappa[3:5]
    middle = by_kappa[2]["param_kappa"]
    low = client.get(f"/api/runs?param_kappa_max={middle}&order=-param_kappa").json
    assert low["runs"] == by_kappa[2::-1]
    assert client.get("/api/runs?status=diverged").json["total"] == 0
    hunt = rows[0]["hunt_id"]
    assert client.get(f"/api/runs?hunt={hunt}&generation_min=2").json["total"] == 3
    assert client.get("/api/runs?hunt=2000-01-01-001").json["runs"] == []


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("limit=0", {"limit"}),
        ("limit=1001&offset=-1", {"limit", "offset"}),
        ("limit=ten&order=artifact", {"limit", "order"}),
        ("offset=99999999999999999999", {"offset"}),
        ("fitness_min=nan&fitness_max=1e999", {"fitness_min", "fitness_max"}),
        ("status=fine", {"status"}),
        ("limit=1&limit=2", {"limit"}),
        ("limit=%D9%A3", {"limit"}),
        ("size=3&sort=fitness", {"size", "sort"}),
        ("hunt=" + 41 * "1", {"hunt"}),
        ("order=fitness;DROP%20TABLE%20runs", {"order"}),
    ],
)
def test_bad_parameters_are_named_at_once(client, query, fields):
    refused = client.get(f"/api/runs?{query}")
    assert refused.status == 422
    assert {error["field"] for error in refused.json["errors"]} == fields


def test_a_run_is_told_whole(client, rows):
    run = client.get(f"/api/runs/{rows[0]['config_hash']}").json
    assert run["config"]["N_grid"] == 32
    assert [place["hunt_id"] for place in run["places"]] == [rows[0]["hunt_id"]]
    assert run["links"] == []


@pytest.mark.parametrize("name", ["0" * 40, "0" * 39, "A" * 40, "..", "%2e%2e%2fhunt.lock", "x"])
@pytest.mark.parametrize("part", ["", "/artifact"])
def test_a_run_that_is_none_is_not_found(client, name, part):
    refused = client.get(f"/api/runs/{name}{part}")
    assert (refused.status, refused.json["status"]) == (404, 404)


def test_an_artifact_is_the_file_and_its_tag_the_checksum(client, rows, hunted):
    row = rows[0]
    path = f"/api/runs/{row['config_hash']}/artifact"
    found = client.get(path)
    assert found.status == 200
    assert hashlib.sha256(found.body).hexdigest() == row["artifact_sha256"]
    assert found.headers["etag"] == f'"{row["artifact_sha256"]}"'
    with h5py.File(io.BytesIO(found.body)) as file:
        assert file.attrs["schema_version"] == SCHEMA_VERSION
    assert client.get(path, If_None_Match=found.headers["etag"]).status == 304
    head = client.ask("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) == len(found.body)


def test_an_artifact_is_resumed_where_it_broke_off(client, rows):
    path = f"/api/runs/{rows[0]['config_hash']}/artifact"
    whole = client.get(path)
    size = len(whole.body)
    for asked, first, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=1000-", 1000, size),
        ("bytes=-10", size - 10, size),
        (f"bytes=5-{10 * size}", 5, size),
    ):
        part = client.get(path, Range=asked)
        assert (part.status, part.body) == (206, whole.body[first:end])
        assert part.headers["content-range"] == f"bytes {first}-{end - 1}/{size}"
    assert client.get(path, Range="bytes=0-1", If_Range='"other"').status == 200
    assert client.get(path, Range="bytes=0-1, 5-6").status == 200
    for asked in (f"bytes={size}-", "bytes=-0", "bytes=9-3"):
        refused = client.get(path, Range=asked)
        assert (refused.status, refused.headers["content-range"]) == (416, f"bytes */{size}")


def test_an_artifact_that_leads_out_of_the_workspace_is_refused(client, rows, hunted, tmp_path):
    path = hunted.artifact_path(rows[1]["config_hash"])
    kept = path.read_bytes()
    (tmp_path / "secret.h5").write_bytes(b"secret")
    path.unlink()
    try:
        asked = f"/api/runs/{rows[1]['config_hash']}/artifact"
        assert client.get(asked).status == 404
        path.symlink_to(tmp_path / "secret.h5")
        refused = client.get(asked)
        assert refused.status == 403
        assert b"secret" not in refused.body
    finally:
        path.unlink(missing_ok=True)
        path.write_bytes(kept)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/start-hunt", "POST"),
        ("PUT", "/api/start-hunt", "POST"),
        ("POST", "/api/get-status", "GET"),
        ("DELETE", "/api/runs", "GET"),
        ("OPTIONS", "/api/stop-hunt", "POST"),
        ("BREW", "/api/get-status", "GET"),
    ],
)
def test_another_method_is_told_which_are_allowed(client, method, path, allowed):
    refused = client.ask(method, path)
    assert (refused.status, refused.headers["allow"]) == (405, allowed)
    assert refused.headers["content-type"] == "application/problem+json"


def test_answers_are_as_the_description_says(client, described, rows):
    run = rows[0]["config_hash"]
    for path, url in (
        ("/api/get-status", "/api/get-status"),
        ("/api/get-constants", "/api/get-constants"),
        ("/api/runs", "/api/runs"),
        ("/api/runs/{id}", f"/api/runs/{run}"),
    ):
        content = described["paths"][path]["get"]["responses"]["200"]["content"]
        jsonschema_rs.validate(content["application/json"]["schema"], client.get(url).json)
    assert described["openapi"] == "3.1.0"


NAMES = sorted(hunt_settings()["properties"].keys() - {"scheduler", "strategy"})
VALUES = st.one_of(
    st.integers(-10, 10**9 + 1),
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=5),
    st.lists(st.floats(-1, 200), max_size=3),
    st.sampled_from(["sncgl", "fmia", "power", "float64", "genetic", "sobol", "auto", "f" * 64]),
)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(NAMES), VALUES)
def test_the_schema_accepts_what_the_engine_accepts(name, value):
    """What a schema cannot say (low ≤ high, words of a text) the engine says afterwards."""
    try:
        HuntSettings.from_mapping({name: value})
        engine = True
    except SettingsError:
        engine = False
    schema = {**hunt_settings()["properties"][name]}
    accepted = jsonschema_rs.Draft202012Validator(schema).is_valid(value)
    assert accepted or not engine
    if schema["type"] in ("integer", "number") and isinstance(value, int | float):
        # JSON has no other numbers.
        assert accepted is engine or not math.isfinite(value)


@pytest.mark.parametrize("value", ["\ud800", ["a\udc00"], {"\ud800": 1}], ids=repr)
def test_half_a_character_is_wrong_in_every_setting(value):
    """The validator takes none; the rest of the settings is looked at all the same."""
    for name in hunt_settings()["properties"]:
        assert wrong_settings({name: value}).keys() == {name}
        assert wrong_settings({name: value, "dt": "x"}).keys() == {name, "dt"}
