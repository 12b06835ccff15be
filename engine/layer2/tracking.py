"""Singularities followed from one frame to the next.

Between two frames those of equal charge are matched so that Σ min(d, reach) is smallest over all
matchings, d the shortest way around the torus; a pair further apart than `reach` is a death and a
birth. Source: Jaqaman et al. (2008), Nature Methods 5, 695, for the assignment with a cost of not
being matched.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from engine.audit.spectrum import Floats
from engine.layer2.singularities import Singularities
from engine.layer2.torus import distances

CHARGES = (1, -1)


@dataclass(frozen=True)
class Track:
    """The way of one singularity.

    Attributes:
        charge: +1 or −1.
        begin: index of the first frame that has it.
        end: index of the first frame that has it no more.
        places: (x, y) in each of its frames, (end − begin, 2).
    """

    charge: int
    begin: int
    end: int
    places: Floats


@dataclass(frozen=True)
class Turnover:
    """What came and went.

    Attributes:
        births: of each frame, how many it has that the one before had not; the first has none.
        deaths: of each frame, how many it has no more.
    """

    births: NDArray[np.int64]
    deaths: NDArray[np.int64]


def follow(frames: Sequence[Singularities], domain_length: float, reach: float) -> list[Track]:
    """The tracks through some frames, in order of their beginning.

    Args:
        frames: the singularities of successive fields.
        domain_length: L.
        reach: how far one may move between two frames, in x.
    """
    tracks = [
        Track(charge, *each)
        for charge in CHARGES
        for each in _of_charge(
            [frame.places[frame.charges == charge] for frame in frames], domain_length, reach
        )
    ]
    return sorted(tracks, key=lambda track: (track.begin, -track.end))


def reach_of(frames: Sequence[Singularities], domain_length: float) -> float:
    """Half the mean spacing of the most crowded frame: L/2√n."""
    most = max((len(frame.charges) for frame in frames), default=0)
    return float(domain_length / 2 / np.sqrt(max(most, 1)))


def turnover(tracks: Sequence[Track], frames: int) -> Turnover:
    """Births and deaths by frame, (frames,) each."""
    births = np.bincount([t.begin for t in tracks], minlength=frames)[:frames]
    deaths = np.bincount([t.end for t in tracks], minlength=frames)[:frames]
    births[:1] = 0  # those were there before anybody looked
    return Turnover(births, deaths)


def _of_charge(
    places: Sequence[Floats], domain_length: float, reach: float
) -> list[tuple[int, int, Floats]]:
    """(begin, end, places) of each track of one charge."""
    done: list[tuple[int, int, Floats]] = []
    open_: list[list[Floats]] = []
    for i, here in enumerate(places):
        last = np.array([track[-1] for track in open_]).reshape(-1, 2)
        found = _match(last, here, domain_length, reach)
        done += [_closed(track, i) for row, track in enumerate(open_) if row not in found]
        went_on = {column: open_[row] for row, column in found.items()}
        open_ = [[*went_on.get(column, []), place] for column, place in enumerate(here)]
    return done + [_closed(track, len(places)) for track in open_]


def _match(before: Floats, after: Floats, domain_length: float, reach: float) -> dict[int, int]:
    apart = distances(before, after, domain_length)
    rows, columns = linear_sum_assignment(np.minimum(apart, reach))
    near = apart[rows, columns] < reach
    return dict(zip(rows[near].tolist(), columns[near].tolist(), strict=True))


def _closed(track: list[Floats], end: int) -> tuple[int, int, Floats]:
    return end - len(track), end, np.array(track)
