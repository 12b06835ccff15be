"""The HTTP interface beside the pages, on their port: JSON for scripts, events as they happen."""
