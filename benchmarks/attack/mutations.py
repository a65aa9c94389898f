"""Make an input wrong: bytes flipped, cut, doubled, spliced, numbers made impossible, depths made absurd."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import numpy as np

NUMBERS = (
    b"0", b"-1", b"nan", b"inf", b"-inf", b"1e309", b"1e-320", b"1e30", b"-1e-9", b"9223372036854775808", b"4294967296",
    b"65536", b"-2147483649", b"0.5", b"1e12", b"0x10", b"1_0", b"'3'", b"true", b"[1]", b"{}", b"null", b"''",
)  # fmt: skip
TOKENS = (
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\r", b"\n\n", b'"', b"'", b'"""', b"[[", b"]]", b"{", b"}", b"=", b"..",
    b"#",
    b"\\u0000", b"\\N", b"%s%n", b"{0}", b"../../etc/passwd", b"/dev/zero", b"/dev/stdin", b"<!DOCTYPE a>", b"&a;",
    b"<", b">", b",", b";", b"\t", b"1e999", b"-0", b"NaN", b"Infinity", b" V", b" degC", b"%", b"C/0", b"C/1e9",
)  # fmt: skip
_NUMBER = re.compile(rb"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORD = re.compile(rb"[A-Za-z_][\w-]*")


def mutated(seed: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    """Return `seed` after one to four mutations; `others` are spliced into it."""
    data = seed
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        data = _once(data, rng, others)
    return data


def _once(data: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    here = rng.randrange(len(data) + 1)
    there = min(len(data), here + rng.choice((1, 1, 4, 16, 256, 4096)))
    kind = rng.randrange(12)
    if kind == 0:
        return data[:here] + bytes(rng.randrange(256) for _ in range(there - here)) + data[there:]
    if kind == 1:
        return data[:here]
    if kind == 2:
        return data[:here] + data[there:]
    if kind == 3:
        return data[:there] + data[here:there] * rng.choice((1, 2, 50)) + data[there:]
    if kind == 4 and data:
        place = min(here, len(data) - 1)
        return data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :]
    if kind == 5:
        other = rng.choice(others)
        cut = rng.randrange(len(other) + 1)
        return data[:here] + other[cut : cut + 512] + data[there:]
    if kind == 6:
        return data[:here] + rng.choice(TOKENS) * rng.choice((1, 1, 1, 100, 3000)) + data[here:]
    if kind in (7, 8, 9):
        return _replaced(_NUMBER, data, rng.choice(NUMBERS), rng)
    if kind == 10:
        return _replaced(_WORD, data, rng.choice((*TOKENS, b"name", b"x" * 300)), rng)
    return data[:here] + rng.choice((b"[", b"{", b"(", b"a.", b'{"a":', b"<a>")) * rng.choice((30, 3000)) + data[here:]


def _replaced(pattern: re.Pattern[bytes], data: bytes, value: bytes, rng: random.Random) -> bytes:
    found = list(pattern.finditer(data[:200_000]))
    if not found:
        return data
    match = rng.choice(found)
    return data[: match.start()] + value + data[match.end() :]


def mutate(path: Path, rng: random.Random, others: list[bytes]) -> None:
    """Mutate a file, or one file of a folder; inside HDF5 files every other time, where bytes seldom reach."""
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file() and p.name != ".lock")
        texts = [p for p in files if p.suffix == ".json"]
        path = rng.choice(texts if texts and rng.random() < 0.6 else files)
    if path.suffix in (".vtkhdf", ".h5") and rng.random() < 0.6:
        _mutate_hdf5(path, rng, others)
    else:
        path.write_bytes(mutated(path.read_bytes(), rng, others))


def _mutate_hdf5(path: Path, rng: random.Random, others: list[bytes]) -> None:
    import h5py

    with h5py.File(path, "r+") as file:
        names: list[str] = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        name = rng.choice(names)
        before = file[name]
        attributes, content = dict(before.attrs), before[()]
        kind = rng.randrange(5)
        if kind == 0 and attributes:
            key = rng.choice(list(attributes))
            value: Any = rng.choice((0, -1, np.nan, "x" * 70_000, np.arange(5), b"\xff"))
            before.attrs[key] = value
            return
        del file[name]
        if kind == 1:
            return
        if isinstance(content, bytes):
            file[name] = np.bytes_(mutated(content, rng, others).rstrip(b"\0") or b" ")
            return
        array = np.array(content)
        if kind == 2 and array.size:
            flat = array.reshape(-1)
            for _ in range(rng.choice((1, 1, 20))):
                value = rng.choice((0, -1, 1e30, np.nan, 127, 2**31, 0.3))
                with np.errstate(all="ignore"):
                    flat[rng.randrange(flat.size)] = np.array(value).astype(array.dtype)
        elif kind == 3:
            array = (
                array.astype(rng.choice(("f4", "i2", "u8", "S3")), copy=True) if array.dtype.kind in "iuf" else array
            )
        else:
            array = array[: rng.randrange(array.shape[0] + 1)] if array.ndim else array
        file[name] = array
        for key, value in attributes.items():
            file[name].attrs[key] = value
