"""Messages to people, in every language of the API."""

from collections.abc import Mapping

from contract_rules import Language, complete

Words = Mapping[Language, str]


def words(*, ja: str, en: str) -> Words:
    """Write one message in every language."""
    return complete("words", Language, {Language.JA: ja, Language.EN: en})
