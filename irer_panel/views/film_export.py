"""The film as a file: a button that makes it, one that stops that, then one that hands it out."""

from collections.abc import Callable
from functools import partial
from threading import Event
from typing import NamedTuple

import numpy as np
import panel as pn
import panel_material_ui as pmui

from engine.errors import EngineError
from irer_panel.background import Loop, Newest, filmers
from irer_panel.film_file import COLOURS, Pixels, StoppedError, gif_of, mp4_of
from irer_panel.history import History
from irer_panel.views.download import download
from irer_panel.views.film import palette_of
from irer_panel.wording import short_id


class Kind(NamedTuple):
    """A kind of file: what its names end with, what it is called, how it is made."""

    suffix: str
    words: str
    make: Callable[[History, Pixels, Event], bytes]


KINDS = (Kind("gif", "a GIF", gif_of), Kind("mp4", "an MP4", mp4_of))
"""What a film can be had as."""


class Made(NamedTuple):
    """A history's file, or why there is none; once `stop` is set nobody wants it."""

    history: History
    stop: Event
    content: bytes = b""
    problem: str = ""


def made(kind: Kind, history: History, stop: Event) -> Made:
    """Make the file in the colours that the page has; what is wrong becomes words."""
    colours = palette_of(history.style)
    pick = np.linspace(0, len(colours) - 1, COLOURS).round().astype(int)
    rgb = [[int(colours[i][at : at + 2], 16) for at in (1, 3, 5)] for i in pick]
    try:
        return Made(history, stop, kind.make(history, np.array(rgb, np.uint8), stop))
    except StoppedError:
        return Made(history, stop)
    except EngineError as error:
        return Made(history, stop, problem=str(error))


class FilmExport(pn.viewable.Viewer):
    """One kind of file of the film that `take` names."""

    def __init__(self, kind: Kind, loop: Loop) -> None:
        super().__init__()
        self._kind = kind
        self._making: Newest[Made] = Newest(filmers, loop, self._offer)
        self._history: History | None = None
        self._content = b""
        self._stop = Event()
        self.make = pmui.Button(
            label=f"Make {kind.words}",
            icon="movie",
            variant="outlined",
            size="small",
            margin=0,
            on_click=self._ask,
        )
        self.stop = pmui.Button(
            label="Stop",
            icon="stop",
            variant="outlined",
            size="small",
            margin=0,
            visible=False,
            on_click=self._halt,
        )
        self.download = download(
            lambda: self._content, f"film.{kind.suffix}", label="Download", visible=False
        )
        self.words = pmui.Typography("", variant="body2", color="error", margin=0, visible=False)

    def take(self, history: History | None) -> None:
        """Offer to make the file of another film, None for nothing to make."""
        self._history, self._content = history, b""
        self._halt()
        self.download.visible = False

    def close(self) -> None:
        """Offer nothing any more."""
        self._stop.set()
        self._making.close()

    def _ask(self, *_: object) -> None:
        if self._history is not None:
            self.make.param.update(disabled=True, label=f"Making {self._kind.words} …")
            self.words.visible = self.download.visible = False
            self.stop.visible = True
            self._stop = Event()
            self._making.request(partial(made, self._kind, self._history, self._stop))

    def _halt(self, *_: object) -> None:
        self._stop.set()
        self._rest(problem="")

    def _offer(self, made: Made) -> None:
        history = made.history
        if made.stop.is_set():
            return
        self._content = made.content
        self._rest(made.problem)
        name = f"{history.style.title}_{short_id(history.run)}.{self._kind.suffix}"
        self.download.param.update(
            filename=name, label=f"Download {name}", visible=bool(made.content)
        )

    def _rest(self, problem: str) -> None:
        self.make.param.update(disabled=self._history is None, label=f"Make {self._kind.words}")
        self.stop.visible = False
        self.words.param.update(object=problem, visible=bool(problem))

    def __panel__(self) -> pn.viewable.Viewable:
        wrapping = {"flex-wrap": "wrap", "gap": "8px", "align-items": "center"}
        return pn.Row(self.make, self.stop, self.download, self.words, styles=wrapping)
