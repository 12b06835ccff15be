"""What all sessions of an engine ask alike, worked out once: the newest answer is kept."""

import math
import threading
import time
import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from engine.hunt.engine import Engine
from engine.store.reader import LedgerReader

Answer = TypeVar("Answer")


class _Kept:
    """The newest answer to one question, and when the work on it began."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.began = -math.inf
        self.state: Hashable = None
        self.answer: Any = None


_kept: weakref.WeakKeyDictionary[Engine | LedgerReader, dict[str, _Kept]] = (
    weakref.WeakKeyDictionary()
)
_lock = threading.Lock()


def shared(
    source: Engine | LedgerReader, question: str, state: Hashable, work: Callable[[], Answer]
) -> Answer:
    """The answer to a question about a source in some state, from `work` where it is not known.

    Whoever asks while another works it out waits for that answer. An answer is shared between
    threads and sessions: nobody may change it. What `work` raises is not kept.

    Args:
        source: what is asked about; the answers go with it.
        question: name of the question.
        state: of the source; equal ones have equal answers.
        work: finds the answer.
    """
    kept = _of(source, question)
    with kept.lock:
        if kept.state != state:
            kept.answer = work()
            kept.state = state
        answer: Answer = kept.answer
        return answer


def shared_since(
    source: Engine | LedgerReader, question: str, since: float, work: Callable[[], Answer]
) -> Answer:
    """The newest answer to a question about a source, from `work` where all answers are too old.

    Shared, waited for and not kept as in `shared`.

    Args:
        source: what is asked about; the answers go with it.
        question: name of the question.
        since: when, by the monotonic clock, the work on it must not have begun before: all that
            the source knew then is in the answer.
        work: finds the answer.
    """
    kept = _of(source, question)
    with kept.lock:
        if kept.began < since:
            began = time.monotonic()
            kept.answer = work()
            kept.began = began
        answer: Answer = kept.answer
        return answer


def _of(source: Engine | LedgerReader, question: str) -> _Kept:
    with _lock:
        return _kept.setdefault(source, {}).setdefault(question, _Kept())
