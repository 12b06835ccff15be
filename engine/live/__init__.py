"""What is happening now: the status of the hunt and the bell that says it changed."""
