"""What a page says for a while above its views: errors of its user, and of its own."""

import panel as pn


def notify(message: str) -> None:
    """Show an error on the page that this is called for."""
    if pn.state.notifications is not None:
        pn.state.notifications.error(message, duration=12_000)


def inform(message: str) -> None:
    """Say something for a moment on the page that this is called for."""
    if pn.state.notifications is not None:
        pn.state.notifications.info(message, duration=3_000)


def confess(error: BaseException) -> None:
    """Say that a view does not come, for a reason that nobody foresaw."""
    notify(
        f"Part of this page could not be worked out: {type(error).__name__}: {error}. What it "
        "shows is older. Report this; the server's log has the details."
    )
