"""Errors outside the API have the format of the API."""

import orjson

from contract_server.connections.error_responses import error_response


def test_an_error_response_has_message_code_status_and_headers() -> None:
    response = error_response(408, "Too slow.", headers={"Connection": "close"})
    assert orjson.loads(response.body) == {
        "errors": [{"message": "Too slow.", "extensions": {"code": "BAD_USER_INPUT"}}]
    }
    assert (response.status_code, response.headers["connection"]) == (408, "close")
