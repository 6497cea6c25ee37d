"""Fingerprints: whether a version's terms are still those under which promises were made.

An application stores its dates and the version of its terms. How those dates are explained is read from the terms,
so a version keeps its terms for ever. The fingerprint tells whether it has: it changes with every term, and with
nothing else (comments, spaces, the order of keys, a default that is written out).

A field at its default is no part of the terms that are compared. So a field that a later release adds, with a
default that means what was meant before, leaves the fingerprints of older terms as they are.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from datetime import date
from hashlib import sha256
from typing import Any, ClassVar, Final, Protocol
from zoneinfo import ZoneInfo

NOT_A_TERM: Final = {"is_term": False}
"""Metadata of a field that neither moves a date of an application already made, nor changes how it is explained."""

UNWRITTEN: Final = "default"


class Dataclass(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def is_term(field: Field[Any]) -> bool:
    """Whether a field is written down and belongs to the terms."""
    return field.init and bool(field.metadata.get("is_term", True))


def terms_of(thing: Dataclass) -> dict[str, Any]:
    """The terms in the types of JSON, as a policy file writes them, without those at their default.

    The terms of a field that is inline stand beside the others.
    """
    values = {each: getattr(thing, each.name) for each in fields(thing) if is_term(each)}
    terms: dict[str, Any] = {}
    for each, value in values.items():
        if each.metadata.get("is_inline"):
            terms |= terms_of(value)
        elif value != each.default:
            terms[each.name] = _as_json(value)
    return terms


def fingerprint_of(terms: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of the terms as JSON: ASCII, keys sorted, no spaces."""
    return sha256(json.dumps(terms, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def changed_terms(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Which terms differ, each with its value before and after; by name.

    Both are the `terms` of a `Policy`, or were stored as JSON since.

    >>> changed_terms({"erasure": {"unit": "day", "count": 45}}, {"erasure": {"unit": "day", "count": 60}})
    ['erasure.count: 45 -> 60']
    """
    old, new = dict(_named(before)), dict(_named(after))
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return [f"{name}: {old.get(name, UNWRITTEN)} -> {new.get(name, UNWRITTEN)}" for name in names]


def _as_json(value: object) -> object:
    match value:
        case bool() | int():
            return value
        case str():
            return str(value)
        case date():
            return value.isoformat()
        case ZoneInfo():
            return value.key
        case frozenset():
            return sorted(_as_json(each) for each in value)  # type: ignore[type-var]  # all of one type
        case _ if is_dataclass(value) and not isinstance(value, type):
            return terms_of(value)
    raise TypeError(f"{value!r}: say how JSON writes a {type(value).__name__}")


def _named(terms: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """The terms with those of the periods among them: `erasure.count`."""
    for name, value in terms.items():
        if isinstance(value, Mapping):
            yield from _named(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
