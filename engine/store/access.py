"""Who may use a server: users with passwords and tokens for scripts, in one file of its owner's.

A password is kept as its scrypt hash, for people choose what can be guessed. A token is 256 random
bits, which nobody guesses: its SHA-256 shows as little, and is checked in no time.
"""

import contextlib
import fcntl
import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.errors import SettingsError, WorkspaceError
from engine.store import strict_json
from engine.store.workspace import atomic_write

FILE_NAME = "access.json"
SCOPES = ("read", "control")
"""What a token is for: to look, or to command as well."""

LEAST_PASSWORD = 8
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_COST = {"n": 2**15, "r": 8, "p": 1}
_MEMORY = 2**26
_PREFIX = "irer_"


class Access:
    """The file; what another process changes in it is seen at the next question."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._seen: tuple[int, ...] = ()
        self._document: dict[str, dict[str, Any]] = {"users": {}, "tokens": {}}

    def users(self) -> list[str]:
        """The names of those who may log in.

        Raises:
            WorkspaceError: the file cannot be read, is no such file, or others can read it.
        """
        return sorted(self._read()["users"])

    def tokens(self) -> dict[str, dict[str, str]]:
        """The tokens by name: scope and time of creation. Raises as `users` does."""
        known = self._read()["tokens"]
        return {n: {"scope": t["scope"], "created": t["created"]} for n, t in known.items()}

    def fingerprint(self, user: str) -> str | None:
        """What changes with a user's password; None for nobody. Raises as `users` does."""
        found = self._read()["users"].get(user)
        return None if found is None else hashlib.sha256(found["hash"].encode()).hexdigest()[:16]

    def is_password(self, user: str, password: str) -> bool:
        """Whether this is a user's password; as slow for a user that is none."""
        found = self._read()["users"].get(user, {"salt": "00" * 16, "hash": ""})
        return hmac.compare_digest(_hashed(password, bytes.fromhex(found["salt"])), found["hash"])

    def scope_of(self, token: str) -> str | None:
        """What a token is for; None for one that is not known. Raises as `users` does."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        found = (t for t in self._read()["tokens"].values() if t["sha256"] == digest)
        return next((str(each["scope"]) for each in found), None)

    def add_user(self, name: str, password: str) -> None:
        """Let somebody log in, or give them a new password.

        Raises:
            SettingsError: a name or password that cannot be.
            WorkspaceError: the file cannot be written.
        """
        _check_name(name)
        if len(password) < LEAST_PASSWORD:
            raise SettingsError(
                f"password: got {len(password)} characters, expected at least {LEAST_PASSWORD}; "
                "choose a longer one."
            )
        salt = secrets.token_bytes(16)
        with self._changing() as document:
            document["users"][name] = {"salt": salt.hex(), "hash": _hashed(password, salt)}

    def remove_user(self, name: str) -> None:
        """Let somebody log in no more. Raises as `revoke_token` does."""
        self._remove("users", name)

    def create_token(self, name: str, scope: str) -> str:
        """Make a token.

        Returns:
            It, for the one time that it can be seen.

        Raises:
            SettingsError: a name that cannot be or is taken, or no such scope.
            WorkspaceError: the file cannot be written.
        """
        _check_name(name)
        if scope not in SCOPES:
            raise SettingsError(f"scope: got {scope!r}, expected {' or '.join(SCOPES)}; give one.")
        token = _PREFIX + secrets.token_urlsafe(32)
        with self._changing() as document:
            if name in document["tokens"]:
                raise SettingsError(
                    f"token: {name} is there already, expected a new name; revoke it first."
                )
            document["tokens"][name] = {
                "sha256": hashlib.sha256(token.encode()).hexdigest(),
                "scope": scope,
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        return token

    def revoke_token(self, name: str) -> None:
        """Make a token worth nothing, at once.

        Raises:
            SettingsError: there is none of this name.
            WorkspaceError: the file cannot be written.
        """
        self._remove("tokens", name)

    def _remove(self, kind: str, name: str) -> None:
        with self._changing() as document:
            if name not in document[kind]:
                known = ", ".join(sorted(document[kind])) or "none"
                raise SettingsError(
                    f"{kind[:-1]}: got {name[:64]!r}, expected one of those in "
                    f"{self.path.name} ({known}); check the name."
                )
            del document[kind][name]

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return {"users": {}, "tokens": {}}
        except OSError as error:
            raise self._wrong(str(error.strerror), "a file that can be read") from error
        seen = (found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode)
        if seen != self._seen:
            if stat.S_IMODE(found.st_mode) & 0o077:
                mode = f"mode {stat.S_IMODE(found.st_mode):o}"
                raise self._wrong(mode, "600, for its owner alone (chmod 600)")
            self._document, self._seen = self._parsed(), seen
        return self._document

    def _parsed(self) -> dict[str, dict[str, Any]]:
        try:
            document = strict_json.loads(self.path.read_bytes())
            for user in document["users"].values():
                bytes.fromhex(user["salt"]), bytes.fromhex(user["hash"])
            for token in document["tokens"].values():
                bytes.fromhex(token["sha256"]), SCOPES.index(token["scope"]), token["created"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._wrong(type(error).__name__, "what `irer user add` writes") from error
        return document

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, dict[str, Any]]]:
        """The document to change, one process at a time; written when the block ends well."""
        try:
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise self._wrong(str(error.strerror), "a folder that is there") from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            self._seen = ()
            known = self._read()
            document = {kind: dict(known[kind]) for kind in ("users", "tokens")}
            yield document
            with atomic_write(self.path) as temporary:
                temporary.chmod(0o600)
                temporary.write_text(strict_json.dumps(document, indent=1) + "\n")
        finally:
            os.close(folder)

    def _wrong(self, got: str, expected: str) -> WorkspaceError:
        return WorkspaceError(f"{self.path}: got {got}, expected {expected}; correct it.")


def _hashed(password: str, salt: bytes) -> str:
    return hashlib.scrypt(password.encode(), salt=salt, maxmem=_MEMORY, **_COST).hex()


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"name: got {name[:80]!r}, expected 1 to 64 letters, digits and . _ @ -; choose "
            "another."
        )
