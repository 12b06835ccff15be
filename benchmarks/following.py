"""A dashboard on another host, near enough: it follows a workspace through a real Redis."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.live.condition import URL_VARIABLE

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from redis_process import RedisProcess


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisProcess]:
    """A Redis of its own, which keeps nothing on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    server = RedisProcess(folder).start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def following(workspace: Path, redis: str) -> Iterator[tuple[str, int]]:
    """The address and the process id of a server that only follows."""
    command = [sys.executable, "-m", "engine.cli", "serve", "--follow", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--workspace", str(workspace)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", URL_VARIABLE: redis},
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        found = re.search("http://[^ ]+", said)
        assert found, said
        yield found[0], process.pid
    finally:
        process.terminate()
        process.communicate(timeout=60)
