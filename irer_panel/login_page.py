"""The page on which one logs in: plain HTML, in the colours of the dashboard."""

from html import escape
from string import Template

from irer_panel.theme import CYAN, DEEP_CYAN, DEEP_RED, RED

_PAGE = Template("""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>IRER: log in</title>
<meta name="viewport" content="width=device-width">
<style>
:root { color-scheme: dark; --ground: #0d141c; --paper: #141d27; --text: #e8eaed;
  --line: #7c8a99; --accent: $cyan; --on-accent: #0d141c; --error: $red }
@media (prefers-color-scheme: light) {
  :root { color-scheme: light; --ground: #f5f7f9; --paper: #fff; --text: #1b1f24;
    --line: #6b7785; --accent: $deep_cyan; --on-accent: #fff; --error: $deep_red } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 16px;
  font: 15px/1.4 Roboto, system-ui, sans-serif; background: var(--ground); color: var(--text) }
form { display: grid; gap: 16px; width: min(340px, 100%); padding: 28px 24px; border-radius: 8px;
  background: var(--paper); border: 1px solid color-mix(in srgb, var(--line) 40%, transparent) }
h1 { margin: 0; font-size: 24px }
label { display: grid; gap: 6px; font-size: 13px }
input, button { width: 100%; font: inherit; font-size: 15px; padding: 9px 12px;
  border-radius: 4px }
input { border: 1px solid var(--line); background: var(--ground); color: inherit }
button { border: 0; font-weight: 600; cursor: pointer; background: var(--accent);
  color: var(--on-accent) }
input:focus-visible, button:focus-visible { outline: 2px solid var(--accent);
  outline-offset: 2px }
p { margin: 0; color: var(--error) }
p:empty { display: none }
</style></head><body><form method="post" action="login">
<h1>IRER</h1>
<label>Name<input name="username" autocomplete="username" value="$name" required $first></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required
$second></label>
<input type="hidden" name="next" value="$place">
<p role="alert">$message</p><button>Log in</button></form></body></html>
""")


def login_page(message: str, name: str, place: str) -> str:
    """The whole page.

    Args:
        message: what went wrong; empty for nothing.
        name: who tried before; empty for nobody.
        place: path and query of this server to go on to.

    It is sent to where it came from, which a proxy may show under a prefix.
    """
    return _PAGE.substitute(
        cyan=CYAN,
        deep_cyan=DEEP_CYAN,
        red=RED,
        deep_red=DEEP_RED,
        message=escape(message),
        name=escape(name),
        place=escape(place),
        first="" if name else "autofocus",
        second="autofocus" if name else "",
    )
