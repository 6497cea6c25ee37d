"""A message exists in every language of the API."""

from contract_rules import Language
from contract_server.graphql.language import words


def test_a_message_has_a_text_for_every_language() -> None:
    message = words(ja="はい", en="yes")
    assert (message[Language.JA], message[Language.EN]) == ("はい", "yes")
    assert set(message) == set(Language)
