"""The head of a page: the widgets' script loads from the first moment, as the browser's own module.

Panel 1.9 asks for these 1.4 MB when the first widget comes, waits for them, and has
es-module-shims fetch and rewrite them, for browsers that know no import maps. They need none.
"""

import panel_material_ui as pmui

from irer_panel.in_step import IN_STEP

_HEAD = """{% extends "base.html" %}
{% block preamble %}{{ super() }}
    <script>
      {
        const url = "WIDGETS"
        const keep_in_step = IN_STEP
        const widgets = import(url)
        widgets.catch(() => {})  // who needs them tries Panel's way, and tells
        let shim
        Object.defineProperty(window, "importShim", {
          get: () => shim,
          set: (given) => {
            shim = new Proxy(given, {
              apply: (_, self, args) => {
                const otherwise = () => Reflect.apply(given, self, args)
                if (args[0] !== url) { return otherwise() }
                keep_in_step()
                return widgets.catch(otherwise)
              },
            })
          },
        })
      }
    </script>
{% endblock %}
"""


def head() -> str:
    """The template of a page that is made now, for `panel_material_ui.Page`."""
    url = pmui.Page._render_esm(server=True)
    return _HEAD.replace("WIDGETS", url).replace("IN_STEP", IN_STEP.strip())
