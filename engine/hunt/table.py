"""A hunt's runs as columns of numbers: what its statistics and figures are computed from."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from engine.dimensions import Dimension
from engine.settings import STATUS_OK, HuntSettings
from engine.store.reader import LedgerReader
from engine.store.run_row import PARAMETERS

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Places = np.ndarray[Any, np.dtype[np.intp]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

LARGER_P = "larger_p"
"""The larger of a run's two null p-values: both must be small."""


@dataclass(frozen=True)
class Metric:
    """A figure of a run that runs are compared by.

    Attributes:
        key: its column.
        name: as people write it.
        smaller_is_better: None where neither is.
        log: whether its logarithm is what to look at.
    """

    key: str
    name: str
    smaller_is_better: bool | None
    log: bool = False


FITNESS = Metric("fitness", "Fitness", False)
SSE = Metric("log_prime_sse", "SSE", True, log=True)
H_NORM = Metric("sdg_h_norm_l2", "H-norm", True, log=True)
METRICS = (
    FITNESS,
    SSE,
    H_NORM,
    Metric(LARGER_P, "p (larger)", True, log=True),
    Metric("n_peaks", "Peaks", None),
    Metric("pcs_score", "PCS", False),
    Metric("defect_density", "Defects per area", None),
)
"""What a hunt's runs can be compared by."""

_P = ("p_phase_scramble", "p_target_shuffle")
_STORED = ("generation", "member", "replicate", *(m.key for m in METRICS if m.key != LARGER_P), *_P)


def _no_numbers() -> Mapping[str, Numbers]:
    return {name: np.empty(0) for name in (*_STORED, LARGER_P)}


@dataclass(frozen=True, eq=False)
class HuntTable:
    """The places of a hunt in order of their commit, a column a figure.

    Attributes:
        hunt_id: whose they are, empty for no hunt.
        settings: what was searched, and how; None for no hunt.
        ids: config_hash at each place; a run can be at several.
        statuses: `ok` or a class of failure.
        numbers: shape (n,) each: generation, member, replicate, the searched keys, and `METRICS`;
            NaN where there is no value.
    """

    hunt_id: str = ""
    settings: HuntSettings | None = None
    ids: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    numbers: Mapping[str, Numbers] = field(default_factory=_no_numbers)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, name: str) -> Numbers:
        return self.numbers[name]

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The searched keys and their intervals."""
        return self.settings.dimensions if self.settings else ()

    @functools.cached_property
    def ok(self) -> Mask:
        """Which places have a run with a score."""
        return np.array([status == STATUS_OK for status in self.statuses], bool)

    @functools.cached_property
    def generations(self) -> Mapping[int, Places]:
        """The places of each generation, oldest first."""
        order = np.argsort(self["generation"], kind="stable")
        numbers, starts = np.unique(self["generation"][order], return_index=True)
        groups = np.split(order, starts[1:]) if len(numbers) else []
        return {int(number): each for number, each in zip(numbers, groups, strict=True)}

    @functools.cached_property
    def first(self) -> Mapping[str, int]:
        """The first place of each run."""
        return {run: len(self.ids) - 1 - i for i, run in enumerate(reversed(self.ids))}

    @functools.cached_property
    def scored(self) -> Places:
        """The first places of all runs with a score, in order: each run once."""
        once = np.zeros(len(self), bool)
        once[list(self.first.values())] = True
        return np.flatnonzero(self.ok & once)


def read_table(reader: LedgerReader, hunt_id: str) -> HuntTable:
    """The runs of a hunt; an empty table for one that the ledger does not know.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    hunt = next((each for each in reader.hunts() if each["hunt_id"] == hunt_id), None)
    if hunt is None:
        return HuntTable()
    settings = HuntSettings.from_mapping(hunt["settings"])
    keys = [dimension.key for dimension in settings.dimensions]
    held = [key for key in keys if key in PARAMETERS]
    deep = [key for key in keys if key not in PARAMETERS]  # only in the config's text
    columns = reader.columns(["config_hash", "status", *_STORED, *held], hunt_id)
    numbers = {name: np.array(columns[name], float) for name in (*_STORED, *held)}
    if deep:
        with reader.places(["config"], hunt_id) as places:  # maybe more by now: the first are ours
            configs = [json.loads(text) for (text,) in islice(places, len(columns["status"]))]
        numbers |= {key: np.array([each[key] for each in configs], float) for key in deep}
    numbers[LARGER_P] = np.maximum(numbers[_P[0]], numbers[_P[1]])
    return HuntTable(hunt_id, settings, columns["config_hash"], columns["status"], numbers)
