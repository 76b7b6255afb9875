"""`qforms web` and `qforms web-password`: the page for customers and the board for the office."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qforms import house
from qforms.model import QformsError, Told


def serve(root: Path, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serves the pages until told to stop; `ready` hears the address. Raises QformsError."""
    from qforms.web import server

    server.serve(root, host, port, ready)


def known(root: Path, address: str) -> None:
    """Raises QformsError when nobody of ours has that address."""
    from qforms.web import users

    with house.opened(root) as h:
        if not users.is_ours(h, address.lower()):
            raise QformsError(
                Told(
                    f"人员和部门里没有 {address}；请先在总台账里登记",
                    f"{address} is the address of no person or department on file; enter it in the workbook first",
                )
            )


def set_password(root: Path, address: str, password: str) -> None:
    """Lets somebody of ours log in to the board. Raises QformsError."""
    from qforms.web import users

    known(root, address)
    users.set_password(root, address, password)
