"""What all sessions of an engine ask alike, worked out once: the newest answer is kept."""

import threading
import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from engine.hunt.engine import Engine
from engine.store.reader import LedgerReader

Answer = TypeVar("Answer")


class _Kept:
    """The newest answer to one question."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
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
    with _lock:
        kept = _kept.setdefault(source, {}).setdefault(question, _Kept())
    with kept.lock:
        if kept.state != state:
            kept.answer = work()
            kept.state = state
        answer: Answer = kept.answer
        return answer
