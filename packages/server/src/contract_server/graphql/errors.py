"""The format of errors: expected ones as they are; all others are masked, and logged under the request id."""

from typing import Any

from graphql import FieldNode, GraphQLError

from contract_rules import Language
from contract_server.db.availability import is_transient
from contract_server.graphql.language import words
from contract_server.logs import get_logger, request_id
from contract_server.request_limits import RateLimited

log = get_logger(__name__)

INTERNAL = "INTERNAL_SERVER_ERROR"

_MASKED = words(
    ja="サーバーで問題が発生しました。お問い合わせの際は requestId をお知らせください。",
    en="Something went wrong on our side. When you contact us, please quote the requestId.",
)
_UNAVAILABLE = words(
    ja="ただいまサービスをご利用いただけません。しばらくしてから、もう一度お試しください。",
    en="The service is not available at the moment. Please try again shortly.",
)
_TOO_SLOW = words(
    ja="時間内に処理を完了できませんでした。しばらくしてから、もう一度お試しください。",
    en="The request could not be completed in time. Please try again shortly.",
)
_RATE_LIMITED = words(
    ja="リクエストが多すぎます。しばらくしてから、もう一度お試しください。",
    en="There are too many requests. Please wait a moment, then try again.",
)


class DatabaseUnavailable(Exception):
    """The database does not serve for the moment."""


def format_error(error: GraphQLError, language: Language) -> dict[str, Any]:
    """Format one entry of `errors`.

    Raises:
        DatabaseUnavailable: The error comes from a database that does not serve for the moment.
        RateLimited: The error comes from a budget that is used up.
        Exception: The cause of an error that belongs to no field: an internal error before execution.
    """
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    if cause is None or (isinstance(cause, ValueError) and not error.path):  # a scalar that refuses its input
        return {**error.formatted, "extensions": {"code": "BAD_USER_INPUT", **(error.extensions or {})}}
    if is_transient(cause):
        raise DatabaseUnavailable from cause
    if not error.path or isinstance(cause, RateLimited):
        raise cause
    log.error("resolver failed", exc_info=cause, field=_field(error))
    return {**masked(language), "path": error.path}


def _field(error: GraphQLError) -> str | None:
    """The name of the failed field in the schema. The path has aliases, which clients choose, so it is not logged."""
    node = error.nodes[0] if error.nodes else None
    return node.name.value if isinstance(node, FieldNode) else None


def masked(language: Language) -> dict[str, Any]:
    """The error for an internal error: it reveals the request id only."""
    return {"message": _MASKED[language], "extensions": {"code": INTERNAL, "requestId": request_id.get()}}


def unavailable(language: Language) -> dict[str, Any]:
    """The error while the database does not serve."""
    return {"message": _UNAVAILABLE[language], "extensions": {"code": INTERNAL}}


def rate_limited(language: Language) -> dict[str, Any]:
    """The error for a request beyond a budget."""
    return {"message": _RATE_LIMITED[language], "extensions": {"code": "RATE_LIMITED"}}


def too_slow(language: Language) -> dict[str, Any]:
    """The error for a request that exceeded its deadline."""
    return {"message": _TOO_SLOW[language], "extensions": {"code": INTERNAL, "requestId": request_id.get()}}
