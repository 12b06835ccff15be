"""What one request may ask for: every bound of the HTTP interface in one place."""

BODY_BYTES = 64 * 1024
"""Longest body of a request."""

DEPTH = 8
"""Deepest nesting of a body's JSON; what the engine takes has two levels."""

PAGE_RUNS = 1000
"""Most runs of one page of the list."""

OFFSET = 1_000_000_000
"""Farthest row of the list that can be asked for."""

HUNT_RUNS = 1_000_000
"""Most runs of a hunt that is started over HTTP; the command line has no such bound."""

CHUNK_BYTES = 256 * 1024
"""A file and the events go out in pieces of at most this size, each awaited."""

LISTENERS = 1000
"""Most readers of the events at once."""

STALL_SECONDS = 30.0
"""A reader that takes no piece for so many seconds is cut off; it can resume where it was."""
