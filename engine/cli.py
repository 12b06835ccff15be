"""The command line: `irer …`. What costs time to import is imported inside its command."""

import argparse
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine import __version__
from engine.errors import (
    DeviceMemoryError,
    EngineError,
    HuntBusyError,
    LedgerError,
    SettingsError,
    WorkspaceError,
)
from engine.hunt.terminal import add_commands as add_exports
from engine.layer2.terminal import add_commands as add_components

DONE, FAILED, BAD_INPUT, REFUSED = 0, 1, 2, 3
"""Exit codes: done, failed, bad input, an audit says no."""

_BAD_INPUT = (SettingsError, WorkspaceError, LedgerError, DeviceMemoryError, HuntBusyError)
_HONEST = ("ok", "too_few_peaks")
"""Statuses of a run whose audit found nothing wrong: it is done, scored or not."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code, after a one-line message on an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without "–" must not end a hunt
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except KeyboardInterrupt:
        print("irer: stopped; what was done is kept.", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except EngineError as error:
        print(f"irer: {error}", file=sys.stderr)
        return BAD_INPUT if isinstance(error, _BAD_INPUT) else FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="irer", description="Hunt over a 2-D field simulation, with an independent audit."
    )
    parser.add_argument("--version", action="version", version=f"irer {__version__}")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--workspace",
        metavar="DIR",
        help="where everything is kept (default: $IRER_WORKSPACE, else ./irer_workspace)",
    )
    shared.add_argument("--json", action="store_true", help="print one JSON object")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, function: Callable[[argparse.Namespace], int], text: str) -> Any:
        command = commands.add_parser(name, parents=[shared], help=text, description=text)
        command.set_defaults(command=function)
        return command

    serve = add("serve", _serve, "Serve the dashboard.")
    serve.add_argument("--port", type=int, default=5006)
    serve.add_argument("--address", default="127.0.0.1")
    serve.add_argument(
        "--follow",
        action="store_true",
        help="only watch what other processes hunt in the workspace; nothing is written",
    )
    serve.add_argument(
        "--auth",
        nargs="?",
        const="",
        metavar="FILE",
        help="ask for a log-in or a token; without FILE, those of the workspace's access.json",
    )
    serve.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name under which browsers reach this server, such as that of a proxy",
    )
    serve.add_argument(
        "--frame",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="whose pages may show the dashboard in a frame: https://jupyter.example.org",
    )
    serve.add_argument(
        "--proxied", action="store_true", help="believe the proxy's X-Real-IP and X-Scheme"
    )
    user = add("user", _user, "Say who may log in: `irer user add NAME` asks for a password.")
    user.add_argument("action", choices=("add", "remove", "list"))
    user.add_argument("name", nargs="?", metavar="NAME")
    user.add_argument("--auth", metavar="FILE", help="instead of the workspace's access.json")
    token = add("token", _token, "Make tokens for scripts, and revoke them.")
    token.add_argument("action", choices=("create", "revoke", "list"))
    token.add_argument("name", nargs="?", metavar="NAME")
    token.add_argument("--scope", choices=("read", "control"), default="read")
    token.add_argument("--auth", metavar="FILE", help="instead of the workspace's access.json")
    hunt = add("hunt", _hunt, "Run a hunt to its end; Ctrl-C stops it and keeps what is done.")
    hunt.add_argument(
        "--resume",
        nargs="?",
        const="",
        metavar="HUNT_ID",
        help="go on with a hunt that was stopped or interrupted; the newest without an id",
    )
    hunt.add_argument("--num-generations", type=int, metavar="N")
    hunt.add_argument("--population-size", type=int, metavar="N")
    hunt.add_argument("--seed", type=int, metavar="N")
    hunt.add_argument("--strategy", metavar="NAME")
    hunt.add_argument(
        "--scheduler", metavar="ADDRESS", help="a Dask scheduler to compute on, such as tcp://…"
    )
    hunt.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any other setting, its value as JSON: --set N_grid=128",
    )
    run = add("run", _run, "Simulate, audit and enter one config; `{}` is the default run.")
    run.add_argument("config", metavar="CONFIG.json", type=Path)
    run.add_argument(
        "--initial-state",
        metavar="FILE.h5",
        type=Path,
        help="start from its psi and rho_s, or from the checkpoint of a run's artifact",
    )
    validate = add("validate", _validate, "Audit a run again from its artifact.")
    validate.add_argument("target", metavar="ID|FILE")
    reproduce = add("reproduce", _reproduce, "Compute a run again and compare every dataset.")
    reproduce.add_argument("target", metavar="ID")
    replicate = add("replicate", _replicate, "Run its physics again from fresh seeds.")
    replicate.add_argument("target", metavar="ID")
    replicate.add_argument("--seeds", type=int, default=8, metavar="N")
    promote = add("promote", _promote, "Run it again better resolved, and compare the metrics.")
    promote.add_argument("target", metavar="ID")
    promote.add_argument(
        "--n-grid", type=int, metavar="N", help="cells along a side (default: twice as many)"
    )
    promote.add_argument(
        "--halve-dt", action="store_true", help="half the step; alone, on the same grid"
    )
    restore = add("restore", _restore, "Make an evicted run's artifact again, byte for byte.")
    restore.add_argument("target", metavar="ID")
    add_components(add, _assignment)
    add("rebuild-ledger", _rebuild, "Write the ledger anew from the files of the runs.")
    add_exports(add)
    add("doctor", _doctor, "Look at the device, the threading layer, the workspace and the disk.")
    return parser


def _serve(options: argparse.Namespace) -> int:
    from engine.store.access import Access
    from engine.store.access_command import access_path
    from engine.store.workspace import Workspace
    from irer_panel.doors import Doors
    from irer_panel.server import serve

    doors = Doors(
        port=options.port,
        address=options.address,
        access=None
        if options.auth is None
        else Access(access_path(options.auth, options.workspace)),
        hosts=tuple(options.host),
        frames=tuple(options.frame),
        proxied=options.proxied,
    )
    there = Workspace.existing if options.follow else Workspace.open
    serve(there(options.workspace), doors, follows=options.follow)
    return DONE


def _user(options: argparse.Namespace) -> int:
    from engine.store.access_command import access_path, user

    report = user(options.action, options.name, access_path(options.auth, options.workspace))
    print(json.dumps(report) if options.json else "\n".join(report["users"]))
    return DONE


def _token(options: argparse.Namespace) -> int:
    from engine.store.access_command import access_path, token

    path = access_path(options.auth, options.workspace)
    report = token(options.action, options.name, options.scope, path)
    if options.json:
        print(json.dumps(report))
    elif "token" in report:
        print(report["token"])
    else:
        for name, each in report["tokens"].items():
            print(f"{name:<24} {each['scope']:<8} {each['created']}")
    return DONE


def _hunt(options: argparse.Namespace) -> int:
    from engine.hunt.command import hunt

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what is done is kept
    values = dict(_assignment(text) for text in options.set)
    for name in ("num_generations", "population_size", "seed", "strategy"):
        if getattr(options, name) is not None:
            values[name] = getattr(options, name)
    if options.resume is not None and values:
        raise SettingsError(
            f"--resume: got {next(iter(values))} too, expected no settings: a hunt goes on with "
            "its own; leave them out, or start a new hunt."
        )
    report = hunt(
        values,
        options.workspace,
        resume=options.resume,
        scheduler=options.scheduler,
        quiet=options.json,
    )
    if options.json:
        print(json.dumps(report))
    return DONE if report["state"] in ("completed", "stopped") else FAILED


def _run(options: argparse.Namespace) -> int:
    from engine.hunt.command import run

    report = run(_read_config(options.config), options.workspace, options.initial_state)
    if options.json:
        print(json.dumps(report))
    else:
        reason = f" ({report['error']})" if report["error"] else ""
        print(f"{report['config_hash']}  {report['status']}{reason}\n{report['artifact']}")
        for text in report["warnings"]:
            print(f"irer: warning: {text}", file=sys.stderr)
    return DONE if report["status"] in _HONEST else FAILED


def _validate(options: argparse.Namespace) -> int:
    from engine.audit.command import validate

    report = validate(options.target, options.workspace)
    if options.json:
        print(json.dumps(report))
    else:
        for line in _verdict(report):
            print(line)
    return DONE if report["status"] in _HONEST else REFUSED


def _reproduce(options: argparse.Namespace) -> int:
    from engine.hunt.reproduce import reproduce

    report = reproduce(options.target, options.workspace)
    print(json.dumps(report) if options.json else report["conclusion"])
    return DONE if report["reproduced"] else REFUSED


def _replicate(options: argparse.Namespace) -> int:
    from engine.hunt.replicate import replicate

    report = replicate(options.target, options.workspace, options.seeds)
    if options.json:
        print(json.dumps(report))
    else:
        for row in report["replicates"]:
            sse = "–" if row["log_prime_sse"] is None else f"{row['log_prime_sse']:.4g}"
            print(f"{row['config_hash']}  seed {row['seed']:<10}  SSE {sse:<8} {row['status']}")
        print(report["conclusion"])
    return DONE if report["borne_out"] else REFUSED


def _promote(options: argparse.Namespace) -> int:
    from engine.hunt.promote import promote

    report = promote(options.target, options.workspace, options.n_grid, options.halve_dt)
    if options.json:
        print(json.dumps(report))
    else:
        words = {True: "converged", False: "NOT CONVERGED", None: "undefined"}
        for name, each in report["metrics"].items():
            one, two = (
                "–" if each[side] is None else f"{each[side]:.4g}"
                for side in ("origin", "promoted")
            )
            print(f"{name:<15} {one:>10}  {two:>10}  {words[each['converged']]}")
        print(f"{report['promoted']['config_hash']}\n{report['conclusion']}")
    return DONE if report["converged"] else REFUSED


def _restore(options: argparse.Namespace) -> int:
    from engine.hunt.restore import restore

    report = restore(options.target, options.workspace)
    print(json.dumps(report) if options.json else report["conclusion"])
    return DONE if report["restored"] else REFUSED


def _rebuild(options: argparse.Namespace) -> int:
    from engine.store.rebuild import rebuild_ledger
    from engine.store.workspace import Workspace

    found = rebuild_ledger(Workspace.open(options.workspace))
    if options.json:
        print(json.dumps(found.to_dict()))
    else:
        print(*found.lines(), sep="\n")
    return DONE


def _doctor(options: argparse.Namespace) -> int:
    from engine.hunt.doctor import examine

    findings = examine(options.workspace)
    if options.json:
        print(json.dumps({finding.name: finding.to_dict() for finding in findings}))
    else:
        for finding in findings:
            print(f"{'ok  ' if finding.ok else 'BAD '} {finding.name:<16} {finding.text}")
    return DONE if all(finding.ok for finding in findings) else FAILED


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise SettingsError(f"--set: got {text!r}, expected KEY=VALUE, such as N_grid=128.")
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):  # plain text, or what the settings will refuse by name
        return name, value


def _read_config(path: Path) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
        values = json.loads(text)
    except OSError as error:
        raise SettingsError(
            f"{path}: {error.strerror}, expected a JSON config that can be read; check the path."
        ) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path}: {error}, expected a JSON object; correct the file.") from None
    if not isinstance(values, dict):
        raise SettingsError(
            f"{path}: got a JSON {type(values).__name__}, expected an object; "
            'write {"param_kappa": 0.05}, for example.'
        )
    return values


def _verdict(report: dict[str, Any]) -> list[str]:
    """The audit in a few lines of text."""
    lines = [
        f"run           {report['config_hash'] or 'unknown'}",
        f"status        {report['status']}" + (f": {report['error']}" if report["error"] else ""),
    ]
    marks = {True: "yes ", False: "NO  ", None: "–   "}
    for verdict in report["verdicts"]:
        figure = "" if verdict["figure"] is None else f"{verdict['figure']:.4g}, "
        head = f"{marks[verdict['passed']]}{verdict['name']:<13} {figure}{verdict['threshold']}"
        lines.append(f"{head}: {verdict['meaning']}")
    return lines + [f"warning       {text}" for text in report["warnings"]]


if __name__ == "__main__":
    raise SystemExit(main())
