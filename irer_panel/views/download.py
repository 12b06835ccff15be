"""A button that hands out a file which the page has already made."""

import io
from collections.abc import Callable
from typing import Any

import panel_material_ui as pmui


def download(content: Callable[[], bytes], filename: str, **params: Any) -> pmui.FileDownload:
    """A small outlined button for the bytes that `content` gives when it is pressed."""
    button = pmui.FileDownload(
        callback=lambda: io.BytesIO(content()), filename=filename, size="small", margin=0, **params
    )
    button.variant = "outlined"  # given above, it would warn of itself
    return button
