"""Request headers: reading them, and their limits."""

from contract_server.headers import LONGEST_HEADER, LONGEST_HEADERS, MOST_HEADERS, RequestHeaders, are_within_limits


def test_of_several_headers_of_one_name_the_first_counts() -> None:
    headers = RequestHeaders({"headers": [(b"origin", b"first"), (b"host", b"h\xe9"), (b"origin", b"second")]})
    assert [headers.get(name) for name in (b"origin", b"host", b"accept")] == ["first", "hé", None]


def test_headers_of_a_request_are_read_once() -> None:
    scope = {"headers": [(b"host", b"a")]}
    assert RequestHeaders.of(scope) is RequestHeaders.of(scope)


def test_each_header_their_number_and_their_total_are_limited() -> None:
    longest = (b"a", b"a" * (LONGEST_HEADER - 1))
    for headers, accepted in (
        ([], True),
        ([longest], True),
        ([(b"a", longest[1] + b"a")], False),
        ([longest] * (LONGEST_HEADERS // LONGEST_HEADER), True),
        ([longest] * (LONGEST_HEADERS // LONGEST_HEADER) + [(b"a", b"")], False),
        ([(b"a", b"")] * MOST_HEADERS, True),
        ([(b"a", b"")] * (MOST_HEADERS + 1), False),
    ):
        assert are_within_limits({"headers": headers}) is accepted
