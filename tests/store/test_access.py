"""Users and tokens: what is kept shows neither, and what cannot be trusted is refused."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.errors import SettingsError, WorkspaceError
from engine.store.access import Access


@pytest.fixture
def access(tmp_path):
    return Access(tmp_path / "access.json")


def test_before_there_is_a_file_nobody_is_known(access):
    assert (access.users(), access.tokens()) == ([], {})
    assert access.scope_of("irer_x") is None
    assert not access.is_password("ada", "")


def test_a_password_is_known_and_never_kept(access):
    access.add_user("ada", "correct horse")
    assert access.is_password("ada", "correct horse")
    assert not access.is_password("ada", "correct horsf")
    assert not access.is_password("bob", "correct horse")
    kept = access.path.read_text()
    assert "horse" not in kept
    assert stat.S_IMODE(access.path.stat().st_mode) == 0o600


def test_the_same_password_has_another_hash_and_fingerprint_each_time(access):
    access.add_user("ada", "correct horse")
    before = access.fingerprint("ada")
    access.add_user("ada", "correct horse")
    assert before != access.fingerprint("ada")
    access.remove_user("ada")
    assert access.fingerprint("ada") is None


def test_a_token_is_worth_its_scope_until_it_is_revoked(access):
    read, control = access.create_token("plots", "read"), access.create_token("ci", "control")
    assert (access.scope_of(read), access.scope_of(control)) == ("read", "control")
    assert len(read) > 40
    assert read not in access.path.read_text()
    other = Access(access.path)  # as a server in another process has it
    assert other.scope_of(read) == "read"
    access.revoke_token("plots")
    assert other.scope_of(read) is None
    assert other.scope_of(control) == "control"


def test_changes_at_once_are_all_kept(access):
    with ThreadPoolExecutor(20) as many:
        list(many.map(lambda i: Access(access.path).create_token(f"t{i}", "read"), range(20)))
    assert len(access.tokens()) == 20


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "ä", "x" * 65, "a\n", "a:b"])
def test_a_name_that_cannot_be_is_refused(access, name):
    with pytest.raises(SettingsError, match="name: got"):
        access.add_user(name, "correct horse")
    with pytest.raises(SettingsError, match="name: got"):
        access.create_token(name, "read")


def test_what_is_too_short_unknown_or_there_already_is_refused(access):
    with pytest.raises(SettingsError, match="at least 8"):
        access.add_user("ada", "1234567")
    with pytest.raises(SettingsError, match="scope: got 'all'"):
        access.create_token("ci", "all")
    access.create_token("ci", "read")
    with pytest.raises(SettingsError, match="there already"):
        access.create_token("ci", "control")
    with pytest.raises(SettingsError, match=r"one of those in access\.json \(ci\)"):
        access.revoke_token("cd")


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "[]",
        "{}",
        '{"users": {}, "tokens": {"a": {"sha256": "zz", "scope": "read", "created": ""}}}',
        '{"users": {}, "tokens": {"a": {"sha256": "00", "scope": "root", "created": ""}}}',
        '{"users": {"ada": {"hash": "00"}}, "tokens": {}}',
        '{"users": [], "tokens": {}}',
    ],
)
def test_a_damaged_file_lets_nobody_in(access, damage):
    access.create_token("ci", "control")
    access.path.write_text(damage)
    for ask in (access.users, lambda: access.scope_of("x"), lambda: access.is_password("a", "b")):
        with pytest.raises(WorkspaceError, match=r"access\.json: got"):
            ask()


def test_a_file_that_others_can_read_is_refused(access):
    access.create_token("ci", "control")
    access.path.chmod(0o640)
    with pytest.raises(WorkspaceError, match="chmod 600"):
        access.scope_of("x")


def test_the_file_says_how_it_was_made_and_nothing_else(access):
    access.create_token("ci", "control")
    (token,) = json.loads(access.path.read_text())["tokens"].values()
    assert set(token) == {"sha256", "scope", "created"}
