from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

import asyncsoc as aso
from asyncsoc.problem.build import prepare
from asyncsoc.problem.caching import ContentCache, bytes_of


@dataclass(frozen=True)
class Held:
    name: str
    array: np.ndarray


def test_the_least_used_goes_where_the_limit_is_passed() -> None:
    cache = ContentCache[np.ndarray](most_bytes=24_000)
    made: list[str] = []

    def get(name: str) -> np.ndarray:
        return cache.get(name, lambda: made.append(name) or np.zeros(1000))  # type: ignore[func-returns-value]

    for name in ("a", "b", "c", "a", "d", "a", "b"):
        get(name)
    assert made == ["a", "b", "c", "d", "b"]
    assert (len(cache), cache.bytes) == (3, 24_000)


def test_what_was_made_last_is_kept_however_large_it_is() -> None:
    cache = ContentCache[np.ndarray](most_bytes=10)
    first = cache.get("large", lambda: np.zeros(1000))
    assert cache.get("large", lambda: np.zeros(1)) is first
    cache.clear()
    assert (len(cache), cache.bytes) == (0, 0)


def test_arrays_are_counted_once_however_deep() -> None:
    array = np.zeros(10)
    assert bytes_of((Held("x", array), [array, {"y": np.zeros(5)}], "text")) == 120


def test_cases_of_one_content_share_mesh_and_contact() -> None:
    keys = {"contact": {"kind": "cap", "coverage": 0.37}, "protocol": {"steps": ["Rest for 1 hour"]}}
    one, other = (prepare(aso.Case.from_dict(keys)) for _ in range(2))
    assert one.system is other.system
    assert one.contact is other.contact


def test_threads_that_ask_for_one_key_make_it_once() -> None:
    cache, made = ContentCache[np.ndarray](most_bytes=1000), []

    def make() -> np.ndarray:
        made.append(1)
        time.sleep(0.02)
        return np.zeros(50)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: cache.get("one", make), range(8)))
    assert len(made) == 1
    assert all(value is found[0] for value in found)
    assert (len(cache), cache.bytes) == (1, 400)
