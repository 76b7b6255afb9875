"""A PostgreSQL server of its own, in a temporary folder, on a loopback port; ended by its process id."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _binary(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, f"{name} is not installed: run `make system`"
    return path


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


@contextmanager
def server() -> Iterator[str]:
    """Gives the URL of an empty database. PostgreSQL refuses to run as root, so root hands over to `postgres`.

    The folder is its own, not pytest's, which nobody but the tests' user may enter."""
    with tempfile.TemporaryDirectory(prefix="qforms-pg-") as name, _running(Path(name)) as url:
        yield url


@contextmanager
def _running(folder: Path) -> Iterator[str]:
    user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    data, port = folder / "data", _free_port()
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    init = [_binary("initdb"), "-D", str(data), "-A", "trust", "-U", "qforms", "--no-sync", "-E", "UTF8"]
    subprocess.run(init, check=True, capture_output=True, timeout=120, env=env, cwd="/", **who)
    options = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", str(folder), "-c", "fsync=off"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [_binary("postgres"), "-D", str(data), *options], stdout=log, stderr=log, env=env, cwd="/", **who
        )
    try:
        _wait(port, process)
        yield f"postgresql+psycopg://qforms@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    for _ in range(300):
        assert process.poll() is None, "PostgreSQL ended"
        try:
            psycopg.connect(host="127.0.0.1", port=port, user="qforms", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise AssertionError("PostgreSQL does not answer")
