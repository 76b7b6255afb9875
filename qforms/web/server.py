"""Serves the pages of a workspace by uvicorn, until it is told to stop. TLS is the business of the server in front."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from qforms import house, journal, settings
from qforms.model import QformsError, Told

_KEEP_ALIVE, _LAST_WORDS = 10, 15  # seconds that a connection may idle; that an answer may take when told to stop
LOG = "web.log"


def serve(root: Path, host: str, port: int, ready: Callable[[str], None] = lambda _: None) -> None:
    """Listens at `host` and `port`, those of `[web]` where they are "" and 0; `ready` hears the address. Raises
    QformsError when the pages are not set up, the extra is not installed, or the port is taken."""
    s = settings.load(root)
    if not s.web.url:
        raise QformsError(
            Told(
                f'{root / "qforms.toml"}: 请先写 [web] url，例如 url = "http://127.0.0.1:8080"，并重启 qforms run',
                f'{root / "qforms.toml"}: first set [web] url, such as url = "http://127.0.0.1:8080", and restart '
                "qforms run",
            )
        )
    try:
        import python_multipart as _  # noqa: F401 (Starlette asks for it only when a form comes)
        import uvicorn

        from qforms.web import app, submission
    except ImportError as missing:
        raise QformsError(
            Told(
                f"缺 {missing.name}：pip install 'qforms[web]'", f"{missing.name} is missing: pip install 'qforms[web]'"
            )
        ) from None
    with house.opened(root) as h, _bound(host or s.web.host, port or s.web.port) as listening, _told_to_stop():
        submission.prepare(s)
        log = journal.opened(s.root, LOG)
        # no access log: the address of a page of a case is its secret
        config = uvicorn.Config(
            app.build(h, log=log),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            forwarded_allow_ips=list(s.web.proxies),
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=_LAST_WORDS,
        )
        address = "http://{}:{}".format(*listening.getsockname()[:2])
        log.info("started", address=address)
        ready(address)
        uvicorn.Server(config).run(sockets=[listening])
        log.info("stopped")


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """uvicorn ends at SIGTERM or Ctrl-C, and hands the signal on when it has ended: that was meant, and is no fault."""
    names = [n for n in ("SIGTERM", "SIGINT", "SIGBREAK") if hasattr(signal, n)]
    before = {n: signal.signal(getattr(signal, n), lambda *_: None) for n in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _bound(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=512
        )
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise QformsError(
            Told(f"不能在 {host}:{port} 监听：{reason}", f"cannot listen at {host}:{port}: {reason}")
        ) from None
