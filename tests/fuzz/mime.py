"""Mails: whatever the bytes, reading gives a Reading, in time, and the same twice."""

from __future__ import annotations

import struct
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.fuzz.harness import Target, main


def made() -> tuple[Sequence[bytes], Target]:
    """Mails as people's programs make them, and `intake.read`."""
    import support_intake as made_here
    import support_outlook as outlook

    from qforms.intake import parts_of, read

    procedures = made_here.procedures()
    text = "投诉：YL-A65 无输出，批号 A65-2603C，9 台，请提供8D报告。\n型号：YL-A65\n"
    quoted = "型号：\n批号：\n答复码 AB3D-7KLM"
    seeds = [client(text) for client in made_here.CLIENTS.values()]
    seeds += [client(text, quoted, subject="Re: TS-202604-0001") for client in made_here.QUOTING.values()]
    seeds.append(made_here.forwarded("请处理", text))
    seeds.append(made_here.bounce("<m1@womai.cn>"))
    zipped = made_here.zipped({"照片.png": made_here.PNG, "表.json": b'{"form": "complaint", "values": {}}'})
    attached = made_here.part(zipped, "application/zip", name="资料.zip")
    photo = made_here.part(made_here.PNG, "image/png", name="照片.png", cid="a@b")
    seeds.append(made_here.mail(made_here.multi("mixed", made_here.part(text), attached, photo)))

    rich = (
        rb"{\rtf1\ansi\ansicpg936\fromhtml1 {\*\htmltag64 <p>}YL-A65 \'ce\'de\'ca\'e4\u65292 ?\par{\*\htmltag72 </p>}}"
    )
    packed = struct.pack("<II4sI", len(rich) + 12, len(rich), b"MELA", 0) + rich
    body = outlook.attribute(1, 0x9003, outlook.properties({0x1009: packed}))
    for wrapped in (outlook.tnef({"照片.png": made_here.PNG[:800]}, text), b"\x78\x9f\x3e\x22\x01\x00" + body):
        held = made_here.part(wrapped, "application/ms-tnef", "utf-8", "8bit", name="winmail.dat")
        seeds.append(made_here.mail(made_here.multi("mixed", held)))

    def target(data: bytes) -> None:
        delivery = made_here.delivered(data)
        found = read(delivery, procedures, made_here.NoOffice(), made_here.NOW)
        if found.key != read(delivery, procedures, made_here.NoOffice(), made_here.NOW).key:
            raise AssertionError("another key for the same mail")
        parts_of(delivery)

    return seeds, target


if __name__ == "__main__":
    main("mime", made)
