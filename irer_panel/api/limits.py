"""What one request may ask for: every bound of the server in one place."""

BODY_BYTES = 64 * 1024
"""Longest body of a request."""

FORM_BYTES = 2**20
"""Longest body of any other request; what is longer is not read."""

HEAD_BYTES = 64 * 1024
"""Longest head of a request."""

REQUEST_SECONDS = 30.0
"""A head or a body may take so long to come: nobody holds a connection by dripping."""

LOGINS = (10, 0.1)
"""Attempts to log in from one address: so many at once, and so many a second afterwards."""

STARTS = (60, 1.0)
"""Starts of a hunt from one address, likewise."""

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
"""Most readers of the events at once, where there are descriptors for twice as many."""

DESCRIPTORS = 65_536
"""Open files and sockets that a server asks the system for."""

NAMED = 50
"""Unknown settings that a refusal names: each is compared with all that there are."""

STALL_SECONDS = 30.0
"""A reader that takes no piece for so many seconds is cut off; it can resume where it was."""
