"""Hostile requests: a generator with a seed, so that each run sends the same ones."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import orjson

HONEST = (
    "query { policy { name version } }",
    "query Q($day: Date) { timeline(requestedOn: $day) { requestedOn serviceEnd { lastDay at passed } } }",
    "{ viewer { name contract { id ...C } } } fragment C on Contract { status termination { id } }",
    'mutation { resumeContract(input: { contractId: "018f0000-0000-7000-8000-000000000002" }) { __typename } }',
    '{ contract(id: "018f0000-0000-7000-8000-000000000001") { id events(first: 5) { nodes { type } } } }',
)
NAMES = (
    "policy",
    "viewer",
    "contract",
    "events",
    "nodes",
    "timeline",
    "__typename",
    "__schema",
    "types",
    "fields",
    "xyz",
)
PUNCTUATION = (
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "...",
    "!",
    "$a",
    "@skip(if: true)",
    "on",
    "fragment",
    "query",
    '"',
    "#",
)


@dataclass(frozen=True, slots=True)
class HostileRequest:
    """A request that is hostile in its body, its address or its headers."""

    content: bytes = b""
    method: str = "POST"
    query_string: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"application/json"),)
    path: str = "/graphql"


def body(query: object, variables: object = None) -> bytes:
    return orjson.dumps({"query": query, "variables": variables})


def fragment_bomb(choice: random.Random) -> bytes:
    """Each fragment spreads the next one twice or more: up to 2^60 fields, and circles."""
    length, times = choice.randint(2, 60), choice.randint(2, 4)
    names = [f"F{number}" for number in range(length)]
    last = choice.choice(("{ version }", "{ ...F0 }", "{ ...Nowhere }"))
    chain = "".join(
        f" fragment {name} on Policy {{ {f'...{following} ' * times}}}" for name, following in pairwise(names)
    )
    return body("{ policy { ...F0 } }" + chain + f" fragment {names[-1]} on Policy {last}")


def many_fragments(choice: random.Random) -> bytes:
    """Fragments that validation compares with each other: side by side, in chains and trees, in all operations."""
    count, field = choice.randint(2, 110), choice.choice(("name", "version", "a: name", "serviceEndDays"))
    following = choice.choice(("", "...F{next}", "...F{next} ...F{twice}", "...F{next} ...F{next}"))
    spreads = [f"...F{number}" for number in range(count)]
    choice.shuffle(spreads)
    operations = choice.choice(
        (
            f"{{ policy {{ {' '.join(spreads)} }} }}",
            "{ " + "".join(f"policy {{ {spread} {spreads[0]} }} " for spread in spreads) + "}",
            "".join(f"query Q{n} {{ policy {{ {spread} }} }} " for n, spread in enumerate(spreads)),
        )
    )
    inner = "".join(
        f" fragment F{n} on Policy {{ {field} {following.format(next=n + 1, twice=2 * n + 1)} }}"
        for n in range(count // 2)
    )
    return body(
        operations + inner + "".join(f" fragment F{n} on Policy {{ {field} }}" for n in range(count // 2, count))
    )


def duplicate_fields(choice: random.Random) -> bytes:
    field = choice.choice(("__typename", "policy { version }", "...{ policy { version } }", "a", "p: policy { name }"))
    return body("{ " + f"{field} " * choice.choice((10, 150, 400, 3_000)) + "}")


def twenty_thousand_fields(_: random.Random) -> bytes:
    return body("{ " + "id " * 20_000 + "}")


def many_aliases(choice: random.Random) -> bytes:
    return body("{ " + "".join(f"a{n}: policy {{ version }} " for n in range(choice.randint(5, 300))) + "}")


def deep_selection(choice: random.Random) -> bytes:
    levels = choice.choice((13, 60, 201, 400, 10_000))
    opened = choice.choice(("{ contract ", "{ ... ", "{ __schema ", "{ a: viewer "))
    return body((opened * levels)[:50_000] + "}" * choice.choice((0, levels)))


def deep_value(choice: random.Random) -> bytes:
    levels = choice.choice((20, 199, 201, 30_000))
    opened, closed = choice.choice((("[", "]"), ("{a:", "}")))
    return body(
        f"{{ timeline(requestedOn: {opened * levels}1{closed * (levels if levels < 1_000 else 0)}) {{ requestedOn }} }}"
    )


def deep_json(choice: random.Random) -> bytes:
    levels = choice.choice((100, 900, 1_100, 30_000, 100_000))
    opened, closed = choice.choice(((b"[", b"]"), (b'{"a":', b"}")))
    value = opened * levels + b"1" + closed * levels
    return (
        b'{"query": "query ($day: Date) { timeline(requestedOn: $day) { requestedOn } }", "variables": {"day": '
        + value
        + b"}}"
    )


def bad_utf8(choice: random.Random) -> bytes:
    text = bytearray(body(choice.choice(HONEST)))
    text[choice.randrange(len(text))] = choice.choice((0x80, 0xC0, 0xED, 0xF5, 0xFF))
    return bytes(text)


def nul(choice: random.Random) -> bytes:
    name = choice.choice(("\\u0000", "a\\u0000b", "\0"))
    text = f'{{"query": "query ($id: ID!) {{ contract(id: $id) {{ id }} }}", "variables": {{"id": "{name}"}}}}'
    return choice.choice((text.encode(), body(f'{{ contract(id: "{name}") {{ id }} }}')))


def huge_number(choice: random.Random) -> bytes:
    number = choice.choice(
        ("9" * 19, "9" * 20, "9" * 400, "9" * 5_000, "-" + "9" * 5_000, "1e400", "1e-400", "0." + "0" * 5_000 + "1")
    )
    argument = choice.choice(
        (
            "contracts(first: {}) {{ nodes {{ id }} }}",
            "timeline(requestedOn: {}) {{ requestedOn }}",
            "contract(id: {}) {{ id }}",
        )
    )
    if choice.random() < 0.5:
        return body("{ " + argument.format(number) + " }")
    text = (
        "query ($n: Int, $d: Date, $i: ID = 1) { contracts(first: $n) { nodes { id } }"
        " timeline(requestedOn: $d) { requestedOn } contract(id: $i) { id } }"
    )
    return f'{{"query": "{text}", "variables": {{"n": {number}, "d": {number}, "i": {number}}}}}'.encode()


def lone_surrogate(choice: random.Random) -> bytes:
    escape = choice.choice((r"\ud800", r"\udfff", r"\ud800\ud800"))
    in_document = r"{ contract(id: \"" + escape.replace("\\", "\\\\") + r"\") { id } }"
    return choice.choice((f'{{"query": "{escape}"}}', f'{{"query": "{in_document}"}}')).encode()


def many_of_a_kind(choice: random.Random) -> bytes:
    count = choice.choice((11, 100, 330))
    return body(
        choice.choice(
            (
                "query (" + "".join(f"$v{n}: Int " for n in range(count)) + ") { __typename }",
                "".join(f"query Q{n} {{ __typename }} " for n in range(count)),
                "{ __typename " + "@skip(if: false) " * count + "}",
                "mutation { " + "logOut { ok } " * count + "}",
                "mutation { " + "".join(f"m{n}: logOut {{ ok }} " for n in range(count)) + "}",
                "{ __typename }" + " # comment\n" * (count * 10),
                "{ __typename }" + "," * 60_000,
                '{ contract(id: "' + "a" * 60_000 + '") { id } }',
                "{ " + "a" * 60_000 + " }",
                "{ a" + "b" * count + " " * count + "".join(f"unknown{n} " for n in range(count)) + "}",
            )
        )
    )


def pages_of_pages(choice: random.Random) -> bytes:
    first = choice.choice(("100", "$n", "1000000", "-5"))
    inner = "".join(f"e{n}: events(first: {first}) {{ nodes {{ type at }} }} " for n in range(choice.randint(1, 14)))
    query = f"query ($n: Int = 100) {{ contracts(first: {first}) {{ nodes {{ id {inner} }} }} }}"
    return body(query)


def introspection(choice: random.Random) -> bytes:
    level = "{ fields { type { possibleTypes " * choice.randint(1, 12)
    return body("{ __schema { types " + level + "{ name }" + "} } }" * level.count("fields") + " } }")


def wrong_shape(choice: random.Random) -> bytes:
    part: object = choice.choice((None, 0, 1.5, "", [], {}, [{}], {"a": [None]}, True, [[[]]]))
    other: object = choice.choice((None, 0, "x", [], {}, {"query": 1}))
    whole = {"query": part, "variables": other, "operationName": choice.choice((part, other)), "extensions": other}
    return orjson.dumps(choice.choice((whole, part, [whole] * 20, {"query": HONEST[0]} | {"operationName": part})))


def mutilated(choice: random.Random) -> bytes:
    """An honest request with a few bytes changed, doubled or cut off."""
    text = bytearray(body(choice.choice(HONEST), {"day": "2024-03-01"}))
    for _ in range(choice.randint(1, 5)):
        at = choice.randrange(len(text))
        kind = choice.randrange(3)
        if kind == 0:
            text[at] = choice.randrange(256)
        elif kind == 1:
            text[at:at] = text[at : at + choice.randint(1, 40)]
        else:
            del text[at : at + choice.randint(1, 10)]
    return bytes(text)


def token_soup(choice: random.Random) -> bytes:
    return body(" ".join(choice.choice(NAMES + PUNCTUATION) for _ in range(choice.randint(1, 200))))


def almost_honest(choice: random.Random) -> bytes:
    variables: dict[str, object] = {
        "day": choice.choice(("2024-03-01", "0001-01-01", "9999-12-31", "2024-02-30", "x", 1, None, [], {}))
    }
    return body(choice.choice(HONEST), variables)


def too_large(choice: random.Random) -> bytes:
    return body(HONEST[1], {"day": "x" * choice.choice((65_536, 200_000))})


Family = Callable[[random.Random], bytes]

# what takes a server some work to refuse, and what is refused at a glance: of that there is more in a run
HEAVY: tuple[Family, ...] = (
    fragment_bomb,
    many_fragments,
    duplicate_fields,
    twenty_thousand_fields,
    many_aliases,
    deep_selection,
    deep_value,
    deep_json,
    huge_number,
    many_of_a_kind,
    pages_of_pages,
    introspection,
    almost_honest,
)
LIGHT: tuple[Family, ...] = (bad_utf8, nul, lone_surrogate, wrong_shape, mutilated, token_soup, too_large)
FAMILIES = HEAVY + 3 * LIGHT


def hostile_requests(count: int, seed: int = 20240301) -> Iterator[bytes]:
    """Bodies of requests, from all families in turn."""
    choice = random.Random(seed)  # noqa: S311 - the same for each run, and no secret
    for number in range(count):
        yield FAMILIES[number % len(FAMILIES)](choice)
