"""The fonts of the page: icons, and Roboto in parts that each name the characters they are for.

panel-material-ui 0.16 links a second sheet of the same fonts that names no characters. A browser
then takes each of its nine parts for the whole font, asks for all, and lays the page out anew as
each of them comes.
"""

import base64
import re

from panel_material_ui.base import BUNDLE_PATH, FONT_CSS

_FACE = re.compile(r"@font-face\{[^}]*\}")
_SOURCES = re.compile(r'src:url\("\./([^"]+\.woff2)"\)[^;}]*')


def link_one_sheet() -> None:
    """Have the pages that are made from now on link the bundle's sheet alone."""
    FONT_CSS.clear()


def embedded() -> str:
    """The rules of the bundle's sheet with the fonts in them."""

    def whole(found: re.Match[str]) -> str:
        coded = base64.b64encode((BUNDLE_PATH.parent / found[1]).read_bytes()).decode()
        return f'src:url("data:font/woff2;base64,{coded}") format("woff2")'

    sheet = BUNDLE_PATH.with_suffix(".css").read_text(encoding="utf-8")
    return "\n".join(_SOURCES.sub(whole, face) for face in _FACE.findall(sheet))
