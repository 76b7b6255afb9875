"""One of several writers on a ledger: opens the workspace and judges mails one by one, as a daemon does, until they are
all on record: `python -m servers.writer WORKSPACE FIRST COUNT`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from support_several import complaint

from qforms import house
from qforms.model import Delivery


def main(root: Path, first: int, count: int) -> None:
    with house.opened(root) as h:
        print("ready", flush=True)
        sys.stdin.readline()  # all of them begin together
        for n in range(first, first + count):
            raw = complaint(n)
            at = datetime.now(UTC)
            h.handle([Delivery("imap", f"INBOX/1/{n}", at, raw, digest=sha256(raw).hexdigest())], at)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
