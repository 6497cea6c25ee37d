"""What `Accept`, `Accept-Language` and `Content-Type` mean, as RFC 9110 writes them."""

import pytest

from contract_rules import Language
from contract_server.graphql.http.accept import MediaType, answer_language, answer_type, is_json

JSON, GRAPHQL = MediaType.JSON, MediaType.GRAPHQL_RESPONSE


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        (" ", JSON),
        ("*/*", JSON),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"{GRAPHQL};q=0, application/*", JSON),
        (f"*/*, {GRAPHQL};q=0.5", JSON),
        (f"*/*;q=0.1, {GRAPHQL};q=0.5", GRAPHQL),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{JSON};q=.2, {GRAPHQL};q=.3", GRAPHQL),
        (f"{JSON};q=1.000, {GRAPHQL};q=7", JSON),
        (f'text/html;a="x, {GRAPHQL}", {JSON}', JSON),
        (f'text/html;a="\\"", {GRAPHQL}', GRAPHQL),
        (f'text/html;a="\\\\", {GRAPHQL}', GRAPHQL),
        (f'{GRAPHQL};charset="UTF-8"', GRAPHQL),
        (f'{GRAPHQL} ; charset = "u\\tf-8"', GRAPHQL),
        (f"{JSON}" + ", a/b" * 100, JSON),
        ("a/b, " * 100 + GRAPHQL, GRAPHQL),
        (f"{JSON};q=nan", None),
        (f"{JSON};q=inf", None),
        (f"{JSON};q=1e3", None),
        (f"{JSON};q=-1", None),
        (f"{JSON};q=", None),
        (f"{JSON};q=\N{ARABIC-INDIC DIGIT ONE}", None),
        (f'text/html;a="{JSON}', None),
        (f'text/html;a=", {JSON}', None),
        (f"{JSON} {JSON}", None),
    ],
)
def test_the_best_liked_media_type_is_found(accept: str | None, expected: MediaType | None) -> None:
    assert answer_type(accept) == expected


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", True),
        (" Application/JSON ; Charset=UTF-8", True),
        ('application/json;charset="utf-8"', True),
        ("application/json;", True),
        ("application/json;charset=utf-8;charset=shift_jis", True),
        ("application/json;charset=shift_jis;charset=utf-8", False),
        ("application/json, text/plain", False),
        ("text/plain, application/json", False),
        ("text/plain;a=application/json", False),
        ("application/ json", False),
        ('"application/json"', False),
        (";application/json", False),
        ("", False),
        (None, False),
    ],
)
def test_only_json_in_utf_8_is_json(content_type: str | None, expected: bool) -> None:
    assert is_json(content_type) is expected


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        (None, Language.JA),
        ("en", Language.EN),
        ("en;q=0.5, ja;q=0.5", Language.EN),
        ("ja;q=0.5, en;q=0.5", Language.JA),
        ("fr, " * 100 + "en", Language.EN),
        ("en;q=0.000", Language.JA),
        ("en;q=1e9, ja;q=0.1", Language.JA),
    ],
)
def test_the_best_liked_language_is_found(accepted: str | None, expected: Language) -> None:
    assert answer_language(accepted) is expected
