"""Profiles that protocol steps follow: read from files, or held as arrays, and known to a case by their SHA-256."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.case.fields import refusal
from asyncsoc.case.section import Section
from asyncsoc.protocol.grammar import parse_step
from asyncsoc.protocol.profile import Profile, read_profile

_HELD: WeakValueDictionary[str, Profile] = WeakValueDictionary()
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FOLLOW = re.compile(r"\s*follow\b", re.IGNORECASE)


class FollowedFile(Section):
    """A profile that steps follow.

    Attributes
    ----------
    name
        What the steps call it: 'Follow drive.csv'.
    file
        The CSV file it is read from, where that is not its name; in a case file relative to it.
    sha256
        Of its content; filled in.
    """

    name: str
    file: str | None = None
    sha256: str = ""


def hold(profile: Profile) -> Profile:
    """Make a profile findable by its SHA-256; return the one known under it."""
    return _HELD.setdefault(profile.sha256, profile)


def held(sha256: str) -> Profile | None:
    """Return the profile with this SHA-256, None where nobody in this process holds it."""
    return _HELD.get(sha256)


def followed_names(steps: Iterable[object]) -> list[str]:
    """Return the names of the profiles that steps follow, each once; steps that are wrong are left out."""
    names: dict[str, None] = {}
    for text in steps:
        if isinstance(text, str) and _FOLLOW.match(text):
            try:
                follows = parse_step(text, where="protocol").follows
            except InputError:
                continue
            if follows is not None:
                names[follows.name] = None
    return list(names)


def all_steps(keys: Mapping[str, Any]) -> list[object]:
    """Return the texts of all steps among the keys of a protocol, as they are given."""
    found = _listed(keys.get("steps"))
    for cycle in _listed(keys.get("cycle")):
        found += _listed(cycle.get("steps") if isinstance(cycle, Mapping) else getattr(cycle, "steps", ()))
    return found


def _listed(value: object) -> list[object]:
    """Return what is a list; anything else is refused where the section is validated."""
    return list(value) if isinstance(value, list | tuple) else []


def entries(keys: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Profile]]:
    """Return the entries `protocol.profile` of the keys of a protocol with their hashes, and the profiles by hash.

    Parameters
    ----------
    keys
        `steps`, `cycle`; `profile`, entries as they are given; `profiles`, profiles or their arrays by name.

    Raises
    ------
    PydanticCustomError
        That carries an InputError: a file that cannot be read, or another one than the case was made for.
    """
    given = {entry["name"]: entry for entry in map(_as_entry, _listed(keys.get("profile")))}
    loaded: dict[str, Profile] = {}
    arrays = keys.get("profiles") or {}
    if not isinstance(arrays, Mapping):
        raise refusal(InputError("profiles are given by name", where="protocol.profiles", value=type(arrays).__name__))
    for name, content in arrays.items():
        profile = hold(_as_profile(str(name), content))
        given[str(name)] = {"name": str(name), "sha256": profile.sha256}
        loaded[profile.sha256] = profile
    names = followed_names(all_steps(keys))
    unused = [name for name in given if name not in names]
    if unused:
        raise refusal(
            InputError(
                "no step follows this profile",
                where="protocol.profile",
                value=unused[0],
                allowed=", ".join(names) or "steps such as 'Follow drive.csv'",
                nearest=nearest_name(unused[0], names),
            )
        )
    found = []
    for name in names:
        entry = given.get(name, {"name": name})
        known, file = str(entry.get("sha256") or ""), str(entry.get("file") or name)
        content = loaded.get(known) or held(known) or _from_file(name, file, known)
        if content is not None:
            known = content.sha256
            loaded[known] = content
        found.append({**entry, "sha256": known})
    return found, loaded


def _as_entry(entry: Any) -> dict[str, Any]:
    if isinstance(entry, FollowedFile):
        return entry.model_dump(exclude_none=True)
    if isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
        unknown = [key for key in entry if key not in FollowedFile.model_fields]
        if unknown:
            known = list(FollowedFile.model_fields)
            raise refusal(
                InputError(
                    f"unknown key '{unknown[0]}'",
                    where="protocol.profile",
                    allowed=", ".join(known),
                    nearest=nearest_name(str(unknown[0]), known),
                )
            )
        return dict(entry)
    raise refusal(
        InputError("a profile needs a name", where="protocol.profile", value=entry, allowed='[{name = "drive.csv"}]')
    )


def _as_profile(name: str, content: Any) -> Profile:
    if isinstance(content, Profile):
        return content
    if isinstance(content, Mapping):
        try:
            return Profile.from_arrays(**content, where=f"protocol.profiles, {name}")
        except TypeError:
            raise refusal(
                InputError(
                    "a profile is made of arrays by name",
                    where=f"protocol.profiles, {name}",
                    value=", ".join(map(str, content)),
                    allowed="time, current, c_rate, specific_current, areal_current, power, voltage, temperature",
                )
            ) from None
        except InputError as error:
            raise refusal(error) from None
    raise refusal(
        InputError(
            "not a profile", where=f"protocol.profiles, {name}", value=type(content).__name__, allowed="arrays by name"
        )
    )


def _from_file(name: str, file: str, known: str) -> Profile | None:
    """Return the profile in a file; None where its hash is known and the file is elsewhere."""
    if known and not Path(file).exists():
        return None
    try:
        profile = hold(read_profile(file))
    except InputError as error:
        error.where = f"protocol, 'Follow {name}', {error.where}"
        raise refusal(error) from None
    if known not in ("", profile.sha256):
        raise refusal(
            InputError(
                "the profile is not the one this case was made for",
                where=file,
                value=profile.sha256,
                allowed=known,
                next_step="remove its sha256 from protocol.profile to use the file as it is now",
            )
        )
    return profile
