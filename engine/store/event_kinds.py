"""The kinds of events and what each tells, declared once: writers are held to it, readers follow.

A new kind, or a new field that may be missing, leaves `EVENT_SCHEMA` as it is; a change that a
reader of before would misread raises it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.store.run_row import EVIDENCE, PARAMETERS, SCORES

EVENT_SCHEMA = 1
"""Version of the kinds and their fields."""

RUN_COMMITTED, AUDIT_DONE, BEST_IMPROVED = "run_committed", "audit_done", "best_improved"
BATCH_DONE, REPORT_FOUND = "batch_done", "report_found"
HUNT_PAUSED, HUNT_RESUMED, HUNT_STALLED = "hunt_paused", "hunt_resumed", "hunt_stalled"

LONGEST = 1000
"""Characters of an error or a reason that an event tells."""

_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "an integer": (int,),
    "a number": (int, float),
    "true or false": (bool,),
}


@dataclass(frozen=True)
class Told:
    """One field of a payload.

    Attributes:
        type: "text", "an integer", "a number" or "true or false".
        doc: what it says.
        nullable: whether it may be null.
        optional: whether it may be missing.
    """

    type: str
    doc: str
    nullable: bool = False
    optional: bool = False

    @property
    def words(self) -> str:
        """Its type in words."""
        return self.type + ", or null" * self.nullable + "; may be missing" * self.optional

    def takes(self, value: Any) -> bool:
        """Whether it can have a value."""
        if value is None:
            return self.nullable
        return isinstance(value, _TYPES[self.type]) and (
            self.type == "true or false" or not isinstance(value, bool)
        )


@dataclass(frozen=True)
class Kind:
    """What an event of one kind is.

    Attributes:
        about: what its `hunt_id` and `config_hash` name: "hunt", "run", "run of a hunt" or
            "workspace".
        doc: what has happened.
        fields: its payload by name.
    """

    about: str
    doc: str
    fields: Mapping[str, Told] = field(default_factory=dict)


_REASON = {"reason": Told("text", "why, at most its first 1000 characters; empty for no reason")}
_STATUS = {"status": Told("text", "`ok` or a class of failure")}
_PLACE = {
    name: Told("an integer", doc)
    for name, doc in (
        ("generation", "its generation, from 1"),
        ("member", "its place in the generation, from 0"),
        ("replicate", "which of its candidate's seeds, from 0"),
    )
}
_OUTSIDE = {name: Told(t.type, t.doc, optional=True) for name, t in _PLACE.items()}
_RUN = {
    "new": Told("true or false", "false: the run was known, only its place is new"),
    **_STATUS,
    "error": Told("text", "why it failed, at most its first 1000 characters"),
    **{name: Told("a number", "as in the run list", nullable=True) for name in SCORES},
    **{name: Told("a number", "as in the run list", nullable=True) for name in EVIDENCE},
    "n_peaks": Told("an integer", "as in the run list", nullable=True),
    **{name: Told("a number", "its setting") for name in PARAMETERS},
    **_OUTSIDE,
    "fitness": Told("a number", "its worth to the hunt", nullable=True, optional=True),
}

KINDS: Mapping[str, Kind] = {
    "hunt_started": Kind("hunt", "A hunt has begun."),
    "hunt_continued": Kind("hunt", "A hunt that had ended goes on."),
    HUNT_PAUSED: Kind("hunt", "A hunt holds, until it is resumed or ends."),
    HUNT_RESUMED: Kind("hunt", "A paused hunt goes on."),
    BATCH_DONE: Kind(
        "hunt",
        "Runs are simulated and their artifacts written; their audits follow.",
        {
            "generation": Told("an integer", "their generation, from 1"),
            "runs": Told("an integer", "how many"),
            "seconds": Told("a number", "how long the device took"),
        },
    ),
    AUDIT_DONE: Kind(
        "run of a hunt",
        "A run is audited; its commit is the next event.",
        {
            **_STATUS,
            "seconds": Told("a number", "how long the auditor took"),
            "passed": Told("an integer", "lines of the verdict that passed"),
            "failed": Told("an integer", "lines that failed; the others were not reached"),
        },
    ),
    RUN_COMMITTED: Kind("run of a hunt", "A run has its row, and its place in the hunt.", _RUN),
    BEST_IMPROVED: Kind(
        "run of a hunt",
        "The run of the event before is the fittest of its hunt so far.",
        {
            **_PLACE,
            "fitness": Told("a number", "its worth to the hunt"),
            "log_prime_sse": Told("a number", "as in the run list"),
        },
    ),
    HUNT_STALLED: Kind(
        "hunt",
        "Nothing has moved for five times as long as a batch usually takes.",
        {
            "stage": Told("text", "what is waited for"),
            "silent_s": Told("a number", "for how many seconds"),
        },
    ),
    "hunt_completed": Kind("hunt", "A hunt has reached its end or its budget.", _REASON),
    "hunt_stopped": Kind("hunt", "A hunt was stopped; it can go on.", _REASON),
    "hunt_failed": Kind("hunt", "A hunt has failed; it can go on.", _REASON),
    "artifacts_evicted": Kind(
        "workspace",
        "Artifacts were removed to keep the disk free.",
        {"runs": Told("an integer", "of how many runs")},
    ),
    "artifacts_restored": Kind(
        "workspace",
        "Evicted artifacts are there again.",
        {"runs": Told("an integer", "of how many runs")},
    ),
    "ledger_rebuilt": Kind(
        "workspace",
        "This ledger was written anew from the files of the runs.",
        {"runs": Told("an integer", "how many it has")},
    ),
    REPORT_FOUND: Kind(
        "run",
        "A provenance report lies in the workspace whose run is not in the ledger.",
        _STATUS,
    ),
}


def objection(kind: str, payload: Mapping[str, Any]) -> str:
    """What is wrong with a payload for a kind; empty for nothing, and for a kind of others."""
    if kind not in KINDS:
        return ""
    declared = KINDS[kind].fields
    for name, told in declared.items():
        if name not in payload:
            if not told.optional:
                return f"{name} is missing, expected {told.words}"
        elif not told.takes(payload[name]):
            return f"{name} is {payload[name]!r}, expected {told.words}"
    for name in payload:
        if name not in declared:
            return f"{name} is not among {', '.join(declared) or 'its fields: it has none'}"
    return ""


def clipped(text: str) -> str:
    """As much of a text as an event tells."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
