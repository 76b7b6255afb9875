"""The edges: where deliveries come from, where letters go, where bytes are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from qforms.model.arrivals import Delivery


class Source(Protocol):
    """A mailbox, a Maildir, a folder, the workbook: gives what waits, and is told when it is safely in the ledger."""

    name: str
    private: bool  # it lies in the workspace: no other machine can read it

    def waiting(self) -> Iterator[Delivery]: ...
    def done(self, delivery: Delivery, outcome: str) -> None: ...  # after the commit; repeating is harmless
    def wait(self, seconds: float, stop: Callable[[], bool]) -> bool: ...  # True: there may be something new
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Sent:
    refused: tuple[str, ...] = ()  # recipients the server refused while it took the rest


@dataclass(frozen=True, slots=True)
class Later:
    """Not sent; try again. `unknown` when the server may have taken it (the connection died after DATA)."""

    reason: str
    unknown: bool = False
    down: bool = False  # the server itself cannot be used: no attempt of this letter's
    rest: float = 60.0  # seconds after which a server that is down is worth asking again


@dataclass(frozen=True, slots=True)
class Dead:
    reason: str
    refused: tuple[str, ...] = ()


class Transport(Protocol):
    """The outgoing side: hands the bytes of one letter over.

    `repeatable`: handing over the same bytes again changes nothing, so several letters may be under way at once.
    Otherwise `committing` is called right before the other side may take the letter; what it raises stops it."""

    repeatable: bool

    def send(
        self, raw: bytes, sender: str, to: Sequence[str], committing: Callable[[], object] = ...
    ) -> Sent | Later | Dead: ...
    def close(self) -> None: ...


class Store(Protocol):
    """Raw bytes by SHA-256."""

    def put(self, data: bytes) -> str: ...
    def put_all(self, many: Iterable[bytes]) -> list[str]: ...
    def get(self, digest: str) -> bytes: ...
    def has(self, digest: str) -> bool: ...
    def delete(self, digest: str) -> None: ...  # for good: personal data
    def place(self, digest: str) -> str: ...  # for people: where it lies
