"""A PostgreSQL server of its own, in a temporary folder, behind a socket in it; ended by its process id."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def _binary(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, f"{name} is not installed: run `make system`"
    return path


class Server:
    """A server in a folder of its own: `url` of an empty database. PostgreSQL refuses to run as root, so root hands
    over to `postgres`. It may be stopped, as an administrator does, and started again."""

    def __init__(self, folder: Path) -> None:
        user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        self._who: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        self._folder, self._env = folder, {**os.environ, "LC_ALL": "C.UTF-8"}
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql+psycopg://qforms@/postgres?host={folder}"  # no port that another could take
        init = [_binary("initdb"), "-D", str(folder / "data"), "-A", "trust", "-U", "qforms", "--no-sync", "-E", "UTF8"]
        subprocess.run(init, check=True, capture_output=True, timeout=120, env=self._env, cwd="/", **self._who)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        options = ["-k", str(self._folder), "-c", "listen_addresses=", "-c", "fsync=off"]
        command = [_binary("postgres"), "-D", str(self._folder / "data"), *options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=self._env, cwd="/", **self._who)
        _wait(self._folder, self._process)

    def stop(self) -> None:
        """Cuts off whoever is connected."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(60)
        self._process = None


@contextmanager
def restartable() -> Iterator[Server]:
    """A server that is at work. The folder is its own, not pytest's, which nobody but the tests' user may enter."""
    with tempfile.TemporaryDirectory(prefix="qforms-pg-") as name:
        it = Server(Path(name))
        try:
            it.start()
            yield it
        finally:
            it.stop()


@contextmanager
def server() -> Iterator[str]:
    """Gives the URL of an empty database."""
    with restartable() as it:
        yield it.url


def _wait(folder: Path, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert process.poll() is None, "PostgreSQL ended:\n" + (folder / "log").read_text(errors="replace")[-2000:]
        try:
            psycopg.connect(host=str(folder), user="qforms", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise AssertionError("PostgreSQL does not answer")
