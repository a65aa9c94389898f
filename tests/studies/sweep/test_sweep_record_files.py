"""Shards: a record is there whole or not at all, whatever was cut off or damaged."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.base.errors import InputError
from asyncsoc.studies.sweep.index import Index
from asyncsoc.studies.sweep.record import CaseRecord, decode, encode, quarantine_of
from asyncsoc.studies.sweep.record_file import RecordFile, RecordFileWriter, locked_elsewhere


def sha(k: int) -> str:
    return hashlib.sha256(str(k).encode()).hexdigest()


def filled(folder: Path, count: int) -> tuple[Path, list[bytes]]:
    contents = [os.urandom(50 + 10 * k) for k in range(count)]
    with RecordFileWriter(folder, {"generation": 2}) as writer:
        writer.append([(sha(k), "done", contents[k]) for k in range(count)])
        path = writer.path
    return path, contents


def read(path: Path) -> dict[str, bytes]:
    record_file = RecordFile.open(path)
    return (
        {}
        if record_file is None
        else {p.sha256: record_file.payload(p.offset, p.length) for p in record_file.records()}
    )


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    path, contents = filled(tmp_path, 5)
    assert read(path) == {sha(k): contents[k] for k in range(5)}
    record_file = RecordFile.open(path)
    assert record_file is not None and record_file.writer_info == {"generation": 2}


def test_a_shard_cut_off_anywhere_keeps_what_was_whole(tmp_path: Path) -> None:
    path, contents = filled(tmp_path, 3)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        found = read(path)
        assert all(content == contents[k] for k in range(3) if (content := found.get(sha(k))) is not None)
        record_file = RecordFile.open(path)
        ends = [] if record_file is None else [p.offset + p.length for p in record_file.records()]
        assert all(end <= length for end in ends)
    path.write_bytes(whole)
    assert len(read(path)) == 3


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_costs_at_most_the_record_it_is_in(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    folder = tmp_path_factory.mktemp("shards")
    path, contents = filled(folder, 4)
    damaged = bytearray(path.read_bytes())
    record_file = RecordFile.open(path)
    assert record_file is not None
    place = record_file.start + place % (len(damaged) - record_file.start)
    damaged[place] ^= 1 << bit
    path.write_bytes(damaged)
    found = read(path)
    assert len(found) >= 3  # 4 where the bit meant nothing
    assert all(found[sha(k)] == contents[k] for k in range(4) if sha(k) in found)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.shard"
    path.write_bytes(b"something else entirely, and long enough")
    with pytest.raises(InputError, match="not a record file"):
        RecordFile.open(path)


def test_a_writer_holds_its_shard_and_leaves_nothing_where_it_wrote_nothing(tmp_path: Path) -> None:
    writer = RecordFileWriter(tmp_path, {})
    assert locked_elsewhere(writer.path)
    writer.close()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_keeps_nothing_of_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = RecordFileWriter(tmp_path, {})
    writer.append([(sha(0), "done", b"kept")])

    def full(descriptor: int, data: bytes, offset: int) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(InputError, match="No space left"):
        patch.setattr(os, "pwrite", full)
        writer.append([(sha(1), "done", b"lost")])
    writer.append([(sha(2), "done", b"again")])
    writer.close()
    assert read(writer.path) == {sha(0): b"kept", sha(2): b"again"}


def test_the_ledger_takes_the_newest_generation_and_results_before_quarantines(tmp_path: Path) -> None:
    hashes = np.array([sha(k).encode() for k in (0, 1, 2, 0)])
    records_index = Index(hashes)
    for generation, records in (
        (1, [(sha(0), "done", b"old"), (sha(1), "quarantined", b"q")]),
        (2, [(sha(0), "done", b"new")]),
        (1, [(sha(1), "done", b"result"), (sha(9), "done", b"of another sweep")]),
        (1, [(sha(1), "quarantined", b"later")]),
    ):
        with RecordFileWriter(tmp_path, {"generation": generation}) as writer:
            records_index.note(writer.record_file, writer.append(records))
    assert [records_index.payload(k) for k in range(4)] == [b"new", b"result", None, b"new"]
    assert records_index.pending(1).tolist() == [2]
    assert records_index.pending(2).tolist() == [1, 2]
    counts = records_index.counts(1)
    assert (counts.total, counts.done, counts.open) == (4, 3, 1)
    assert records_index.repeated == 0


def test_a_failure_that_was_tried_again_gives_way_to_its_result(tmp_path: Path) -> None:
    records_index = Index(np.array([sha(0).encode()]))
    for status in ("quarantined", "failed", "done", "failed"):
        with RecordFileWriter(tmp_path, {"generation": 0}) as writer:
            records_index.note(writer.record_file, writer.append([(sha(0), status, status.encode())]))
    assert records_index.payload(0) == b"done"


@settings(deadline=None)
@given(rows=st.integers(0, 40), curves=st.integers(0, 5), seed=st.integers(0, 99))
def test_a_record_is_the_same_bytes_and_the_same_numbers(rows: int, curves: int, seed: int) -> None:
    values = np.random.default_rng(seed).standard_normal((curves, rows)) * 10.0 ** np.arange(curves)[:, np.newaxis]
    if values.size:
        values.flat[0] = np.inf
    columns = {f"curve {k}": values[k] for k in range(curves)}
    record = CaseRecord(sha(seed), "done", {"summary": {"a": 1.5, "b": None}}, columns)
    data = encode(record)
    assert data == encode(CaseRecord(sha(seed), "done", {"summary": {"b": None, "a": 1.5}}, columns))
    back = decode(data)
    assert (back.sha256, back.status, back.facts) == (record.sha256, record.status, record.facts)
    assert list(back.columns) == list(columns)
    for name, values in columns.items():
        np.testing.assert_array_equal(back.columns[name], values)


@pytest.mark.parametrize("damage", [b"", b"x", encode(quarantine_of(sha(0), "why"))[:-5]])
def test_a_record_that_is_none_is_one_clear_error(damage: bytes) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        decode(damage)
