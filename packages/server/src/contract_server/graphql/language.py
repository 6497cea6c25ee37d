"""Messages for people, in every language that the API speaks."""

from collections.abc import Mapping

from contract_rules import Language, complete

Words = Mapping[Language, str]


def words(*, ja: str, en: str) -> Words:
    """Write one message in every language."""
    return complete("words", Language, {Language.JA: ja, Language.EN: en})
