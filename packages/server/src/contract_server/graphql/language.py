"""The language of an answer, from `Accept-Language`: Japanese where nothing else is asked for."""

from contract_rules import Language

DEFAULT = Language.JA


def negotiate(header: str) -> Language:
    """The language that the client prefers among those we speak."""
    wanted = []
    for part in header.split(",")[:10]:
        tag, _, quality = part.partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if tag.strip()[:2].lower() in set(Language) and weight > 0:
            wanted.append((weight, Language(tag.strip()[:2].lower())))
    return max(wanted, key=lambda each: each[0])[1] if wanted else DEFAULT
