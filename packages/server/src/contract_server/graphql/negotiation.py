"""Which media types a client may send, and which one it is answered in."""

from email.message import Message
from email.utils import collapse_rfc2231_value
from enum import StrEnum

from contract_rules import complete
from contract_server.graphql.remembered import remembered


class MediaType(StrEnum):
    """How an answer is written. The bytes are the same; what differs is the meaning of the HTTP status."""

    JSON = "application/json"
    GRAPHQL_RESPONSE = "application/graphql-response+json"


STATUS_BEFORE_EXECUTION = complete(
    "STATUS_BEFORE_EXECUTION", MediaType, {MediaType.JSON: 200, MediaType.GRAPHQL_RESPONSE: 400}
)
"""The status of an answer to a request that could not be executed."""

_RANGES = {
    "*/*": MediaType.JSON,
    "application/*": MediaType.JSON,
    **{str(each): each for each in MediaType},
}
_MOST_RANGES = 20


@remembered
def answer_type(accept: str | None) -> MediaType | None:
    """The media type that the client likes best of those we write; None where it takes none of them.

    Of equals the first wins, and a client that does not say gets `application/json`.

    >>> answer_type("application/graphql-response+json, application/json;q=0.9")
    <MediaType.GRAPHQL_RESPONSE: 'application/graphql-response+json'>
    >>> answer_type("image/png") is None
    True
    """
    if accept is None or not accept.strip():
        return MediaType.JSON
    best, liking = None, 0.0
    for part in accept.split(",")[:_MOST_RANGES]:
        name, parameters = _parse(part)
        quality = _quality(parameters.get("q", "1"))
        if name in _RANGES and parameters.get("charset", "utf-8").lower() == "utf-8" and quality > liking:
            best, liking = _RANGES[name], quality
    return best


@remembered
def is_json(content_type: str | None) -> bool:
    """Whether a body declares itself to be JSON in UTF-8. A browser sends that to another site only when allowed to."""
    name, parameters = _parse(content_type or "")
    return name == MediaType.JSON and parameters.get("charset", "utf-8").lower() == "utf-8"


def _parse(header: str) -> tuple[str, dict[str, str]]:
    """The media type, and its parameters."""
    message = Message()
    message["content-type"] = " ".join(header.split())
    (name, _), *parameters = message.get_params([("", "")])
    # a value that says of itself how it is encoded (RFC 2231) comes in three parts
    return name.strip().lower(), {key.lower(): collapse_rfc2231_value(value) for key, value in parameters}


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
