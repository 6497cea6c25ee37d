"""The language of an answer, from `Accept-Language`: Japanese where nothing else is asked for."""

from collections.abc import Mapping

from contract_rules import Language, complete
from contract_server.graphql.remembered import remembered

DEFAULT = Language.JA

Words = Mapping[Language, str]


def words(*, ja: str, en: str) -> Words:
    """Write one message in every language."""
    return complete("words", Language, {Language.JA: ja, Language.EN: en})


@remembered
def negotiate(header: str | None) -> Language:
    """The language that the client prefers among those we speak."""
    wanted = []
    for part in (header or "").split(",")[:10]:
        tag, *parameters = (each.strip().lower() for each in part.split(";"))
        language, weight = tag.partition("-")[0], _weight(parameters)
        if language in set(Language) and weight > 0:
            wanted.append((weight, Language(language)))
    return max(wanted, key=lambda each: each[0])[1] if wanted else DEFAULT


def _weight(parameters: list[str]) -> float:
    """How much a language is wanted: fully where nothing is said, not at all where it cannot be read."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
