"""What Tornado and Bokeh say of a request on their own, without what somebody put there."""

import logging
import re

_QUERY = re.compile(r"\?\S*")
_QUOTED = re.compile(r"""b?'(?:\\.|[^'\\])*'|b?"(?:\\.|[^"\\])*\"""")
"""Values of a request stand in quotes wherever they are told."""

_VIEWS = "bokeh.server.views"
_LOGGERS = ("tornado.general", "tornado.application", f"{_VIEWS}.session_handler", f"{_VIEWS}.ws")


def leave_out_queries() -> None:
    """Have their lines name paths alone, from now on in this process."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_without)


def _without(record: logging.LogRecord) -> bool:
    record.msg, record.args = _QUOTED.sub("…", _QUERY.sub("", record.getMessage())), ()
    return True
