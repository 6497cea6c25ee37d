"""The id by which a request is found again: in its answer, in what a client is told of a defect, and in our log."""

import uuid_utils

from contract_server.headers import RequestHeaders
from contract_server.logs import get_logger

log = get_logger(__name__)

LONGEST_REQUEST_ID = 64


def request_id_of(headers: RequestHeaders) -> str:
    """The client's own, where it has one that can go into our log; else a new one."""
    given = headers.get(b"x-request-id")
    if given and _can_be_logged(given):
        return given
    made = uuid_utils.uuid4().hex
    if given:
        log.warning("request id replaced", by=made)
    return made


def _can_be_logged(text: str) -> bool:
    """Whether a text is short, and of harmless characters."""
    return len(text) <= LONGEST_REQUEST_ID and text.replace("-", "").replace("_", "").isalnum() and text.isascii()
