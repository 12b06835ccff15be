"""What goes back to H5Web."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """An answer over HTTP: its status, its type, further headers, its bytes.

    A refusal's content is the words that say why.
    """

    status: int
    content: bytes
    headers: Mapping[str, str]
