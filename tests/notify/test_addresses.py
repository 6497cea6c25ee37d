import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.addresses import REFUSED, REGISTERED, Written

from contract_notify import InvalidAddress, PermanentFailure, normalize_address, require_address
from contract_notify.addresses import quote_address

REASONS = {
    "an address has no spaces, line breaks or invisible characters",
    "an address has exactly one @",
    "an address has no full-width or otherwise changed characters",
    "programs read what stands after the @ as two different domains",
    "what stands before the @ has letters beyond ASCII, which few mail servers take",
    "an address has at most 254 octets, 64 of them before the @",
    "what stands before the @ is not a plain name",
    "what stands after the @ is not a domain",
}


@pytest.mark.parametrize("address", REGISTERED, ids=lambda address: address.text)
def test_address_is_taken_with_its_domain_in_a_labels(address: Written) -> None:
    assert require_address(address.text).lower() == address.registered


@pytest.mark.parametrize(
    "address",
    ["a@b", "root@localhost", "1@1.example", f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 61}", "KEIYAKU@EXAMPLE.JP"],
)
def test_address_in_ascii_is_taken_as_it_is(address: str) -> None:
    assert require_address(address) == address


@pytest.mark.parametrize("address", REFUSED, ids=lambda address: address.text)
def test_refusal_has_the_spelling_that_is_meant_beside_its_text(address: Written) -> None:
    with pytest.raises(InvalidAddress) as refused:
        require_address(address.text)

    assert refused.value.spelling == address.spelling
    assert str(refused.value) in REASONS


@pytest.mark.parametrize("address", REGISTERED, ids=lambda address: address.text)
def test_typed_address_is_compared_in_the_registered_form(address: Written) -> None:
    assert normalize_address(f" {address.text}\t") == address.registered
    assert normalize_address(normalize_address(address.text)) == address.registered


@given(st.text(alphabet=st.characters() | st.sampled_from("a.@-。"), max_size=300))
def test_any_text_can_be_compared(text: str) -> None:
    once = normalize_address(text)
    assert normalize_address(once) == once


@pytest.mark.parametrize("address", REGISTERED, ids=lambda address: address.text)
def test_address_is_sent_with_quotes_where_its_dots_are_no_separators(address: Written) -> None:
    assert quote_address(require_address(address.text).lower()) == (address.sent or address.registered)


@pytest.mark.parametrize(
    "address",
    [
        # two recipients
        "a@example.jp,b@example.jp",
        "a@example.jp, b@example.jp",
        "a@example.jp;b@example.jp",
        "a@example.jp b@example.jp",
        "a@b@example.jp",
        "group:a@example.jp;",
        # a command or a header of its own
        "a@example.jp\r\nBcc: b@example.jp",
        "a@example.jp>\r\nRCPT TO:<b@example.jp",
        "a@example.jp\n",
        "a@example.jp\r",
        "a@example.jp\x00",
        "a@example.jp\t",
        "a@example.jp\x7f",
        "a@example.jp\u2028",
        "a@example.jp> SIZE=1",
        # a display name, brackets, comments, quotes
        "A <a@example.jp>",
        "<a@example.jp>",
        "a(comment)@example.jp",
        '"a b"@example.jp',
        '"a"@example.jp',
        "a\\@example.jp",
        "a@[127.0.0.1]",
        # another address once decoded
        "=?utf-8?q?b=40example.com?=@example.jp",
        # what the eye does not see
        " a@example.jp",
        "a\u200b@example.jp",
        "\u202ea@example.jp",
        "a@example\u3000.jp",
        "a\ud800@example.jp",
        # incomplete, malformed, too long
        "",
        "@",
        "a",
        "a@",
        "@example.jp",
        "a@.example.jp",
        "a@example.jp.",
        "a@example..jp",
        "a@-example.jp",
        "a@example-.jp",
        "a@exam_ple.jp",
        f"{'a' * 65}@example.jp",
        f"a@{'契' * 60}.jp",
        f"a@{'契' * 300}.jp",
        f"a@{'b' * 64}.jp",
        f"a@{'.'.join(['b' * 60] * 5)}",
    ],
)
def test_anything_else_is_refused_without_being_quoted(address: str) -> None:
    with pytest.raises(InvalidAddress) as refused:
        require_address(address)

    assert str(refused.value) in REASONS


def test_refused_address_is_a_failure_that_no_retry_can_mend() -> None:
    assert issubclass(InvalidAddress, PermanentFailure)
    assert issubclass(InvalidAddress, ValueError)


@given(st.text(alphabet=st.characters() | st.sampled_from('a.@<>,;: \r\n"\\()[]=?'), max_size=30))
def test_accepted_address_has_nothing_that_ends_a_command_or_begins_a_second_one(text: str) -> None:
    try:
        accepted = require_address(text)
    except InvalidAddress:
        return

    assert accepted.count("@") == 1
    assert not set(accepted) & set(' \t\r\n<>,;:"\\()[]')
    assert accepted.isprintable()
