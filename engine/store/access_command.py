"""What `irer user` and `irer token` do."""

import getpass
import sys
from pathlib import Path
from typing import Any

from engine.errors import SettingsError
from engine.store.access import FILE_NAME, Access
from engine.store.workspace import Workspace


def access_path(given: str | None, workspace: str | None) -> Path:
    """The file that is meant: the one given, or the workspace's own for None or an empty text."""
    return Path(given) if given else Workspace.open(workspace).root / FILE_NAME


def user(action: str, name: str | None, path: Path) -> dict[str, Any]:
    """Add, remove or list those who may log in.

    Raises:
        SettingsError: no name, one that cannot be, or a password that is too short.
        WorkspaceError: the file cannot be used.
    """
    access = Access(path)
    if action == "add":
        access.add_user(_required(name), _password())
    elif action == "remove":
        access.remove_user(_required(name))
    return {"file": str(path), "users": access.users()}


def token(action: str, name: str | None, scope: str, path: Path) -> dict[str, Any]:
    """Create, revoke or list tokens; a created one is in the report, this once.

    Raises:
        SettingsError: no name, or one that cannot be.
        WorkspaceError: the file cannot be used.
    """
    access, made = Access(path), {}
    if action == "create":
        made = {"token": access.create_token(_required(name), scope)}
    elif action == "revoke":
        access.revoke_token(_required(name))
    return {"file": str(path), "tokens": access.tokens(), **made}


def _required(name: str | None) -> str:
    if name is None:
        raise SettingsError("name: got none, expected one; give it after the action.")
    return name


def _password() -> str:
    """From the terminal, unseen and twice; from a pipe, its first line. Never an argument."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise SettingsError("password: got two different ones, expected the same; try again.")
    return first
