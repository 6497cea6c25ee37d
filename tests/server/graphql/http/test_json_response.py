"""A response keeps the headers that resolvers set, and gets its body at the end."""

import pytest

from contract_server.graphql.http.accept import MediaType
from contract_server.graphql.http.json_response import GraphQLResponse


@pytest.mark.parametrize("media_type", MediaType)
def test_a_response_has_its_media_type_its_length_and_what_it_varies_by(media_type: MediaType) -> None:
    response = GraphQLResponse(media_type).with_body({"data": {"name": "契約"}}, 400, {"Allow": "POST"})
    assert (response.status_code, response.body) == (400, '{"data":{"name":"契約"}}'.encode())
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert response.headers["content-length"] == str(len(response.body))
    assert response.headers["vary"] == "Accept, Accept-Language"
    assert response.headers["allow"] == "POST"


def test_a_cookie_of_one_response_is_on_no_other() -> None:
    one, other = GraphQLResponse(), GraphQLResponse()
    one.set_cookie("session", "abc")
    assert "session=abc" in one.with_body({}, 200).headers["set-cookie"]
    assert "set-cookie" not in other.with_body({}, 200).headers
