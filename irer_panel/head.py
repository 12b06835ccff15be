"""The head of a page: the widgets' script loads from the first moment, as the browser's own module.

Panel 1.9 asks for these 1.4 MB when the first widget comes, waits for them, and has
es-module-shims fetch and rewrite them, for browsers that know no import maps. They need none.
"""

import panel_material_ui as pmui

_HEAD = """{% extends "base.html" %}
{% block preamble %}{{ super() }}
    <script>
      {
        const url = "WIDGETS"
        const widgets = import(url)
        widgets.catch(() => {})  // who needs them tries Panel's way, and tells
        let shim
        Object.defineProperty(window, "importShim", {
          get: () => shim,
          set: (given) => {
            shim = new Proxy(given, {
              apply: (_, self, args) => {
                const otherwise = () => Reflect.apply(given, self, args)
                return args[0] === url ? widgets.catch(otherwise) : otherwise()
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
    return _HEAD.replace("WIDGETS", pmui.Page._render_esm(server=True))
