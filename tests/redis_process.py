"""A real redis-server on a free port, which tests kill and start again."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
import redis

SERVER = shutil.which("redis-server")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class RedisProcess:
    """Keeps nothing on disk: each start is an empty one, unless it is `durable`."""

    def __init__(self, folder: Path, *, durable: bool = False, password: str = "") -> None:
        self.folder, self.durable, self.password = folder, durable, password
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self):
        user = f":{self.password}@" if self.password else ""
        return f"redis://{user}127.0.0.1:{self.port}/0"

    @property
    def client(self):
        return redis.Redis.from_url(self.url)

    def start(self):
        if SERVER is None:
            pytest.skip("redis-server is not installed")
        options = ["--appendonly", "yes" if self.durable else "no", "--appendfsync", "everysec"]
        options += ["--requirepass", self.password] if self.password else []
        self.process = subprocess.Popen(
            [SERVER, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", *options],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )
        until = time.monotonic() + 30
        while True:
            try:
                with self.client as client:
                    client.ping()
            except redis.RedisError:
                assert time.monotonic() < until, "redis-server does not answer"
                time.sleep(0.01)
            else:
                return self

    def kill(self):
        """As `kill -9`: nothing is said to anyone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
