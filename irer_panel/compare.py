"""What a comparison says of runs: what each is worth, where their settings differ, which is best.

"Best" is a claim that only a test against chance can bear. The smallest SSE of several, and what
is derived from it, is called best where the hunt's report calls its run significant after Holm's
correction; else it is called the lowest of these, and not significant. What no test against chance
is made of (the H-norm) is said to be untested.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.hunt.significance import read_report
from engine.schema import specs
from engine.settings import STATUS_OK, RunConfig
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace
from irer_panel.states import SIGNIFICANT
from irer_panel.wording import NONE, SYMBOLS, number

BEST, LOWEST, HIGHEST = "★ best, significant", "lowest", "highest"


@dataclass(frozen=True)
class Facts:
    """What the ledger and the hunts' reports say of a run.

    Attributes:
        run: its id.
        row: its columns with `config` and `places`, None for a run that the ledger does not know.
        significant: whether the reports of its hunts call it significant, all of them; None where
            there is none yet, which is before a hunt's end.
    """

    run: str
    row: Mapping[str, Any] | None = None
    significant: bool | None = None

    @property
    def config(self) -> Mapping[str, Any]:
        """Its settings; empty where they are not known."""
        return (self.row or {}).get("config") or {}

    @property
    def fitness(self) -> float | None:
        """Of its first place that has one."""
        places = (self.row or {}).get("places") or ()
        return next((p["fitness"] for p in places if p["fitness"] is not None), None)

    @property
    def p(self) -> float | None:
        """The larger, hence weaker, of its two null p-values."""
        odds = [self.value(f"p_{name}") for name in ("phase_scramble", "target_shuffle")]
        return None if None in odds else max(each for each in odds if each is not None)

    def value(self, column: str) -> float | None:
        """A figure of the ledger, None where there is none."""
        found = self.fitness if column == "fitness" else (self.row or {}).get(column)
        return None if found is None else float(found)


def read_facts(reader: LedgerReader, workspace: Workspace, run: str) -> Facts:
    """Read what is known of a run. Call it off the event loop.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    row = reader.run(run)
    if row is None:
        return Facts(run)
    hunts = {place["hunt_id"] for place in row["places"]}
    reports = [read_report(workspace, hunt) for hunt in hunts]
    found = [None if each is None else run in each.get("significant", ()) for each in reports]
    proven = False if False in found else None if None in found or not found else True
    return Facts(run, row, proven)


def worth(facts: Facts) -> str:
    """What a run is worth, in a line: its fitness or class of failure, its SSE and p in words."""
    if facts.row is None:
        return "not in this ledger"
    status, sse, p = facts.row["status"], facts.value("log_prime_sse"), facts.p
    if status != STATUS_OK:
        return f"✕ {status.replace('_', ' ')}, no score"
    words = [f"fitness {number(facts.fitness)}"] if facts.fitness is not None else []
    words.append(f"SSE {number(sse)}")
    if p is None:
        return " · ".join([*words, "no p-values"])
    meaning = "not significant"
    if facts.significant:
        meaning = "significant after correction"
    elif p < SIGNIFICANT:
        after = "not significant after" if facts.significant is False else "before"
        meaning = f"beats both nulls, {after} correction"
    return " · ".join([*words, f"p {number(p)}: {meaning}"])


@dataclass(frozen=True)
class Line:
    """A row of the table.

    Attributes:
        name: key or column.
        heading: what it is called.
        values: in words, one a run.
        differs: whether they do; of figures, which all differ, only the status says so.
        marks: what is to be said of each value beside it, empty for nothing.
    """

    name: str
    heading: str
    values: tuple[str, ...]
    differs: bool
    marks: tuple[str, ...]


def settings(runs: Sequence[Facts]) -> list[Line]:
    """Every setting of the runs, in the order of their declaration."""
    lines = []
    for name in specs(RunConfig):
        found = [facts.config.get(name) for facts in runs]
        known = {value for facts, value in zip(runs, found, strict=True) if facts.config}
        symbol = SYMBOLS.get(name)
        heading = f"{symbol} · {name}" if symbol else name
        values = _tell_apart(found)
        lines.append(Line(name, heading, values, len(known) > 1, ("",) * len(runs)))
    return lines


@dataclass(frozen=True)
class Metric:
    """A figure that runs are compared by.

    Attributes:
        column: of the ledger.
        heading: what it is called.
        better: picks the better of several; None where none is.
        tested: whether it is held against chance.
    """

    column: str
    heading: str
    better: Callable[[Sequence[float]], float] | None = None
    tested: bool = False


METRICS = (
    Metric("fitness", "Fitness", max, True),
    Metric("log_prime_sse", "SSE", min, True),
    Metric("p_phase_scramble", "p, phase scramble", min, True),
    Metric("p_target_shuffle", "p, target shuffle", min, True),
    Metric("sdg_h_norm_l2", "H-norm", min),
    Metric("n_peaks", "Peaks"),
    Metric("pcs_score", "PCS"),
    Metric("evolution_residual", "Residual"),
    Metric("defect_density", "Defects"),
)
"""In the table's order."""


def metrics(runs: Sequence[Facts]) -> list[Line]:
    """The status and every metric of the runs, the best of each marked as far as that is known."""
    found = [(facts.row or {}).get("status") for facts in runs]
    words = tuple(NONE if each is None else each.replace("_", " ") for each in found)
    lines = [Line("status", "Status", words, len(set(words)) > 1, ("",) * len(runs))]
    for metric in METRICS:
        values = [facts.value(metric.column) for facts in runs]
        shown = tuple(number(value) for value in values)
        marks = _marks(metric, runs, values)
        lines.append(Line(metric.column, metric.heading, shown, False, marks))
    return lines


def _marks(
    metric: Metric, runs: Sequence[Facts], values: Sequence[float | None]
) -> tuple[str, ...]:
    """What is said of the best values; nothing where there are not two to compare."""
    known = [value for value in values if value is not None]
    if metric.better is None or len(set(known)) < 2:
        return ("",) * len(runs)
    best = metric.better(known)
    place = HIGHEST if metric.better is max else LOWEST
    marks = []
    for facts, value in zip(runs, values, strict=True):
        if value != best:
            marks.append("")
        elif not metric.tested:
            marks.append(f"{place}, untested")
        else:
            marks.append(BEST if facts.significant else f"{place}, not significant")
    return tuple(marks)


def _tell_apart(values: Sequence[Any]) -> tuple[str, ...]:
    """Values of a setting in words: as many digits as tell those apart that differ, at least 4."""
    if not any(isinstance(value, float) for value in values):
        return tuple(NONE if value is None else str(value) or NONE for value in values)
    words: tuple[str, ...] = ()
    for digits in range(4, 18):
        words = tuple(number(value, digits) for value in values)
        if len(set(words)) == len(set(values)):
            break
    return words
