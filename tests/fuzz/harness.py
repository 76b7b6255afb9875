"""Random changes of good input, handed to a reader: guided by coverage where atheris is installed, else blind.

    python -m tests.fuzz.mime --seconds 600 [--seed 7] [--blind]

What is found is written to `fuzz-findings/` with the seed that made it. Exit status 1 when something was found."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import random
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

Target = Callable[[bytes], None]  # raises for what must not happen
FINDINGS = Path("fuzz-findings")
SLOW = 10.0  # seconds: an input that takes longer is a finding
_LONGEST = 200_000
TOKENS = (
    b"\x00", b"\xff", b"\x80", b"\r", b"\n\n", b"\r\n\r\n", b"=", b"=?", b"?=", b"=?gb2312?B?", b"=?x?Q?", b"--",
    b";", b'"', b"<", b">", b"&", b"&#0;", b"&#xD800;", b"]]>", b"<!--", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"-1",
    b"0", b"99999999999999999999", b"1e999", b"NaN", b"XFD1048576", b"A0", b"base64", b"quoted-printable",
    b"charset=utf-7", b"charset=\xd6\xd0", b"boundary=", b'boundary=""', b"Content-Type: message/rfc822",
    b"Content-Type: multipart/mixed", b"filename*0*=gbk''%", b"\xe5\xb9", b"\xef\xbb\xbf", b"\xed\xa0\x80",
    b"\x1b$B", b"$'", b"\t" * 50, b"(" * 50,
)  # fmt: skip


def changed(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """A good input with a few faults; of a zip file, mostly within one of its members."""
    if data[:2] == b"PK" and chance.random() < 0.8:
        with contextlib.suppress(Exception):  # it has been changed before, and is no zip any more
            return _inside(data, others, chance)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        data = _once(data, others, chance)
    return data[:_LONGEST]


def _once(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    at, to = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    match chance.randint(0, 6):
        case 0:
            return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        case 1:
            return data[:at] + data[min(to, at + 200) :]
        case 2:
            return data[:to] + data[at : at + 400] * chance.choice((1, 2, 20)) + data[to:]
        case 3 | 4:
            return data[:at] + chance.choice(TOKENS) * chance.choice((1, 1, 1, 30)) + data[at:]
        case 5:
            return data[:to]
        case _:
            other = chance.choice(others)
            return data[:at] + other[chance.randint(0, len(other)) :]


def _inside(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        chosen = chance.choice(names)
        for name in names:
            part = old.read(name)
            if name == chosen:
                part = changed(part, [old.read(chance.choice(names))], chance)
            if name != chosen or chance.random() < 0.97:
                new.writestr(name, part)
    return out.getvalue()


def inputs(seeds: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Without end, the same for the same seed."""
    chance, kept = random.Random(seed), list(seeds)
    while True:
        made = changed(chance.choice(kept), kept, chance)
        if chance.random() < 0.02:  # faults on top of faults
            kept[chance.randrange(len(seeds), len(kept) + 1) :] = [made] if len(kept) < 4 * len(seeds) else []
        yield made


def judged(target: Target, data: bytes) -> str:
    """What is wrong with how the target takes an input; "" when nothing is."""
    begun = time.monotonic()
    try:
        target(data)
    except Exception as fault:
        return f"{type(fault).__name__}: {fault}"
    took = time.monotonic() - begun
    return f"took {took:.1f} s" if took > SLOW else ""


def blind(name: str, seeds: Sequence[bytes], target: Target, seconds: float, seed: int) -> int:
    until, count, found = time.monotonic() + seconds, 0, 0
    for data in inputs(seeds, seed):
        if time.monotonic() > until:
            break
        count += 1
        if wrong := judged(target, data):
            found += 1
            FINDINGS.mkdir(exist_ok=True)
            file = FINDINGS / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"
            file.write_bytes(data)
            print(f"{file}: {wrong}")
    print(f"{name}: {count} inputs, seed {seed}, {found} findings")
    return 1 if found else 0


def guided(name: str, seeds: Sequence[bytes], target: Target, seconds: float, seed: int) -> None:
    """libFuzzer, by atheris; it ends the process itself, with a status other than 0 when it found something."""
    import atheris

    def mutator(data: bytes, most: int, number: int) -> bytes:
        chance = random.Random(number)
        return changed(data, seeds, chance)[:most] if chance.random() < 0.7 else atheris.Mutate(data, most)

    corpus = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    for n, data in enumerate(seeds):
        (corpus / str(n)).write_bytes(data)
    FINDINGS.mkdir(exist_ok=True)
    options = [f"-max_total_time={int(seconds)}", f"-timeout={int(SLOW)}", f"-max_len={_LONGEST}", f"-seed={seed}",
               f"-artifact_prefix={FINDINGS}/{name}-", "-rss_limit_mb=2048", "-print_final_stats=1"]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], target, custom_mutator=mutator)
    atheris.Fuzz()


def main(name: str, made: Callable[[], tuple[Sequence[bytes], Target]]) -> None:
    """`made` gives seeds and target; what it imports of qforms is instrumented."""
    options = argparse.ArgumentParser(f"tests.fuzz.{name}")
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--blind", action="store_true", help="without atheris")
    given = options.parse_args()
    if given.blind or find_spec("atheris") is None:
        sys.exit(blind(name, *made(), given.seconds, given.seed))
    import atheris

    with atheris.instrument_imports(include=["qforms"]):
        seeds, target = made()
    guided(name, seeds, target, given.seconds, given.seed)
