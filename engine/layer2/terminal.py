"""The commands `irer analyze` and `irer components`: their options, and what they print."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

Assignment = Callable[[str], tuple[str, Any]]


def add_commands(add: Callable[..., Any], assignment: Assignment) -> None:
    """Add both to a command line.

    Args:
        add: makes a command of a name, a function and a line of help.
        assignment: reads KEY=VALUE.
    """
    analyze = add(
        "analyze",
        lambda options: _analyze(options, assignment),
        "Run a component on a run, a hunt or a job, and keep what it makes.",
    )
    analyze.add_argument("component", metavar="COMPONENT")
    analyze.add_argument("target", metavar="ID", help="of a run or hunt; for a job, a new UUID")
    analyze.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="one of the component's tunable variables, its value as JSON: --set scale=0.5",
    )
    analyze.add_argument("--time-limit", type=float, metavar="S", help="in seconds")
    analyze.add_argument("--memory-limit", type=float, metavar="GIB", help="of each process")
    components = add("components", _components, "List the components that plug in, or trust one.")
    components.add_argument("action", nargs="?", choices=("list", "trust"), default="list")
    components.add_argument("name", nargs="?", metavar="NAME")


def _analyze(options: argparse.Namespace, assignment: Assignment) -> int:
    from engine.layer2.command import analyze_by_name

    report = analyze_by_name(
        options.component,
        options.target,
        options.workspace,
        dict(assignment(text) for text in options.set),
        options.time_limit,
        options.memory_limit,
    )
    if options.json:
        print(json.dumps(report))
    else:
        how = f"{report['duration_s']:.1f} s" if report["computed"] else "kept from before"
        print(f"{report['name']} {report['version']} on {report['subject']} {report['id']}, {how}")
        for name, path in report["files"].items():
            print(f"{name:<24} {path}")
        if report["said"]:
            print(f"It printed:\n{report['said'].rstrip()}")
    return 0


def _components(options: argparse.Namespace) -> int:
    from engine.layer2.command import components

    report = components(options.action, options.name, options.workspace)
    if options.json:
        print(json.dumps(report))
        return 0
    for name, each in report["components"].items():
        trusted = "trusted" if each["trusted"] else "NOT TRUSTED"
        subject = f"on a {each['works_on']}"
        head = f"{name:<20} {each['version']:<8} {each['origin']:<12} {trusted:<12} {subject:<10}"
        print(f"{head} {each['name']}")
    for text in report["broken"].values():
        print(f"irer: {text}", file=sys.stderr)
    return 0
