"""What Tornado says of a request on its own, without the query and what was put there."""

import logging
import re

_QUERY = re.compile(r"\?\S*")
_QUOTED = re.compile(r"""b?'(?:\\.|[^'\\])*'|b?"(?:\\.|[^"\\])*\"""")
"""Values of a request stand in quotes wherever they are told."""


def leave_out_queries() -> None:
    """Have the lines of Tornado's loggers name paths alone, from now on in this process."""
    for name in ("tornado.general", "tornado.application"):
        logging.getLogger(name).addFilter(_without)


def _without(record: logging.LogRecord) -> bool:
    record.msg, record.args = _QUOTED.sub("…", _QUERY.sub("", record.getMessage())), ()
    return True
