import re

from contract_server.accounts.tokens import hash_token, new_token


def test_a_token_fits_into_a_cookie_a_header_and_a_link() -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", new_token()) for _ in range(100))


def test_no_token_is_issued_twice() -> None:
    assert len({new_token() for _ in range(1_000)}) == 1_000


def test_a_hash_reveals_no_token_and_any_text_has_one() -> None:
    token = new_token()
    hashes = {hash_token(text) for text in (token, token.lower(), "", "\ud800", "\x00")}
    assert len(hashes) == 5
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in hashes)
