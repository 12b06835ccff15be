"""What a notebook needs beside the views: scripts from no other host, and messages in order.

Panel's own way takes scripts, styles and fonts from the makers' hosts. Here the cell that shows
a view carries them all, so a notebook works where there is no internet, as the page does.
"""

import json
import sys
from collections.abc import Collection
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import panel as pn
import panel_material_ui as pmui
import pyviz_comms
from bokeh.document import Document
from bokeh.models import ImportedStyleSheet, InlineStyleSheet
from panel.io.notebook import (
    JupyterCommJSBinary,
    JupyterCommManagerBinary,
    replace_inline_css,
)
from panel.reactive import Reactive
from panel_material_ui.base import BUNDLE_PATH, MaterialComponent

from irer_panel.background import loop_of
from irer_panel.fonts import embedded
from irer_panel.in_step import IN_STEP
from irer_panel.theme import THEME

MOST_HELD = 64 * 2**20
"""Bytes that wait for a page at most: there is none where a notebook runs without a browser."""

_SCRIPT = """
window.irer_material ??= Promise.withResolvers()
window.irer_in_step ??= %s
if (!document.getElementById("irer-fonts")) {
  irer_material.resolve(URL.createObjectURL(new Blob([%s], {type: "text/javascript"})))
  const style = document.createElement("style")
  style.id = "irer-fonts"
  style.textContent = %s
  document.head.append(style)
}
"""

_MODULE = """
window.irer_material ??= Promise.withResolvers()
const material = await importShim(await irer_material.promise)
irer_in_step()
export default material.default
"""
"""What each model carries, in place of the 1.4 MB that all of them have in common.

JupyterLab may draw a model before it runs the script that stands above it.
"""

_ICONS = {
    f"&.material-icons{kind}": {
        "fontFamily": f'"Material Icons{kind.replace("-o", " O")}"',
        "fontFeatureSettings": '"liga"',
        "fontWeight": 400,
        "lineHeight": 1,
        "display": "inline-block",
        "letterSpacing": "normal",
        "textTransform": "none",
        "whiteSpace": "nowrap",
    }
    for kind in ("", "-outlined")
}
"""How a name becomes an icon; a page has it from the stylesheet of the bundle."""


class OrderedComm(pyviz_comms.JupyterComm):
    """The way from a kernel to a page: what is said before the page is drawn, it hears then.

    Panel itself sends what waited for a page after what was said since, and both while it is being
    drawn: the page meets models that it was never told of, or has no place for.
    """

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(*args, **params)
        self._comm = self._held = _Held()
        self._page: Any = None

    def init(self, on_msg: Any = None) -> None:
        """A page begins to listen; one that does not tell when it is drawn is spoken to at once."""
        super().init()
        self._page, self._comm = self._comm, self._held
        shown = [view for view, _, _, used in pn.state._views.values() if used is self]
        if not any(isinstance(each, pn.viewable.Viewable) and each.select(Drawn) for each in shown):
            self.say()

    def close(self) -> None:
        """Say nothing any more."""
        super().close()
        if self._page is not None:
            self._page.close()
        _forget(self)

    def say(self) -> None:
        """Say what waited, and all else without delay."""
        if self._page is not None:
            self._comm = self._page
            for data, metadata, buffers in self._held.messages:
                self._comm.send(data, metadata=metadata, buffers=buffers)
            self._held.close()


class KernelComm(JupyterCommJSBinary):
    """The way from a page to a kernel: what it says is heard on the kernel's loop, in order.

    JupyterLab has a kernel hear each page in a thread of its own; the views are made for one.
    """

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(*args, **params)
        self._loop = loop_of(None)

    def close(self) -> None:
        """Hear nothing any more."""
        self.manager.targets.pop(self.id, None)
        if self._comm is not None:
            self._comm.close()
        _forget(self)

    def _handle_open(self, comm: Any, msg: Any) -> None:
        self._comm = comm
        comm.on_msg(self._handle_msg)
        if self._on_open:
            self._loop.soon(partial(self._on_open, msg))

    def _handle_msg(self, msg: Any) -> None:
        self._loop.soon(partial(super()._handle_msg, msg))


def _forget(comm: pyviz_comms.Comm) -> None:
    """Panel keeps each way for ever, and the views at its end with it."""
    pyviz_comms.JupyterCommManager._comms.pop(comm.id, None)


class Drawn(pn.custom.JSComponent):
    """Tells that what it is drawn with stands on the page, until the kernel has heard it."""

    _esm = """
    // Texts that join later may be told to show themselves before they have anything to show.
    const text = Bokeh.Models._known_models.get("panel.models.markup.HTML").prototype
    text.default_view.prototype.container ??= document.createElement("div")

    // Panel 1.9 tells a kernel also what it heard from it, which undoes what was changed since.
    const way = Bokeh.Models._known_models.get("panel.models.comm_manager.CommManager").prototype
    const changed = way._document_changed
    way._document_changed = function (event) { if (event.sync) changed.call(this, event) }

    export function render({model, view}) {
      let next = null
      const tell = (wait) => {
        model.send_msg("drawn")
        next = setTimeout(tell, wait, 2 * wait)
      }
      model.on("msg:custom", () => clearTimeout(next))
      view.root.ready.then(() => requestAnimationFrame(() => tell(500)))
    }
    """

    def _handle_msg(self, data: Any) -> None:
        for ref in self._models:
            *_, comm = pn.state._views.get(ref, (None,))
            if isinstance(comm, OrderedComm):
                comm.say()
        self._send_msg("heard")


class _Held:
    """Keeps what is said before a page is drawn; nothing any more where none will ever be."""

    def __init__(self) -> None:
        self.messages: list[tuple[Any, Any, list[Any]]] = []
        self._bytes = 0

    def send(self, data: Any = None, metadata: Any = None, buffers: Any = ()) -> None:
        self._bytes += len(data or "") + sum(len(each) for each in buffers)
        if self._bytes > MOST_HELD:
            self.messages.clear()
        else:
            self.messages.append((data, metadata, list(buffers)))

    def close(self) -> None:
        self.messages.clear()


def in_kernel() -> bool:
    """Whether this process is a notebook's kernel."""
    return hasattr(_shell(), "kernel")


def bring_scripts() -> None:
    """Have the cell that runs carry what all views need, and each view name no other host."""
    pyviz_comms.JupyterCommManager.server_comm = OrderedComm
    JupyterCommManagerBinary.client_comm = KernelComm
    MaterialComponent._render_esm = classmethod(_render_esm)  # type: ignore[assignment]
    Reactive._get_properties = _get_properties  # type: ignore[method-assign, assignment]
    bundle = BUNDLE_PATH.read_text(encoding="utf-8")
    script = _SCRIPT % (IN_STEP, json.dumps(bundle), json.dumps(embedded()))
    _shell().display_pub.publish({"application/javascript": script})


def _shell() -> Any:
    """What runs the cells; None outside of a notebook, where IPython may not be installed."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


class Frames:
    """What a view stands in, in each cell that shows it.

    It has the page's colours, and is dark or light as the notebook is.
    """

    def __init__(self, beside: Collection[str] = ()) -> None:
        """Begin without views; `beside` are the roots of what Panel showed for them."""
        self._made: list[pmui.Row] = []
        self.beside = beside

    def around(self, *views: Any) -> pmui.Row:
        """Views side by side; below each other where a cell is narrow."""
        drawn = Drawn(width=0, height=0, margin=0, styles={"position": "absolute"})
        frame = pmui.Row(
            *views,
            drawn,
            theme_config=_theme(),
            sizing_mode="stretch_width",
            sx={"flexWrap": "wrap", "gap": "12px"},
        )
        self._made.append(frame)
        return frame

    def close(self) -> None:
        """Have Panel forget the views; what the cells show stays, and does nothing any more."""
        for frame in self._made:
            for ref in list(frame._comms):
                _end(ref, frame)
        self._made.clear()
        for ref in self.beside:
            if ref in pn.state._views:
                _end(ref, pn.state._views[ref][0])
        self.beside = ()


def _end(ref: str, shown: Any) -> None:
    """Have Panel forget what it shows under a root."""
    view, root, document, _ = pn.state._views.pop(ref)
    for comm in shown._comms.pop(ref):
        comm.close()
    view._cleanup(root)
    pn.state._handles.pop(ref, None)
    document.models.destroy()  # HoloViews keeps tools of its plots for ever
    for sheets in (pn.state._stylesheets, _sheets):  # weak, but what they hold holds it
        sheets.pop(document, None)


def _theme() -> dict[str, Any]:
    icons = {"MuiIcon": {"styleOverrides": {"root": _ICONS}}}
    return {
        name: {**scheme, "components": {**scheme["components"], **icons}}
        for name, scheme in THEME.items()
    }


_esm_elsewhere = MaterialComponent.__dict__["_render_esm"].__func__
_properties_elsewhere = Reactive._get_properties
_sheets: WeakKeyDictionary[Document, dict[str, InlineStyleSheet]] = WeakKeyDictionary()


def _render_esm(component: type, compiled: Any = True, server: bool = False) -> Any:
    """The script of a component's models: in a notebook, a reference to that of all."""
    return _esm_elsewhere(component, compiled, server) if server else _MODULE


def _get_properties(component: Reactive, document: Document | None) -> dict[str, Any]:
    """A component's properties for Bokeh: in a notebook, with the styles themselves."""
    properties = _properties_elsewhere(component, document)
    if document is not None and document.session_context is None:
        own = _sheets.setdefault(document, {})
        properties["stylesheets"] = [_own(each, own) for each in properties.get("stylesheets", [])]
    return properties


def _own(sheet: Any, own: dict[str, InlineStyleSheet]) -> Any:
    """A stylesheet with the styles in itself, one for all who want it."""
    if not isinstance(sheet, ImportedStyleSheet):
        return sheet
    return own.setdefault(sheet.url, replace_inline_css(sheet))
