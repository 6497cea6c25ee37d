"""The page that prints a receipt has the terms of the one that is mailed."""

import json

from tests.server.running import Client

from contract_rules import Language
from contract_server.documents.receipt_terms import TERMS


async def test_the_page_loads_the_terms_as_a_module(client: Client) -> None:
    response = await client.http.get("/console/receipt-terms.js")
    assert response.headers["Content-Type"].startswith("text/javascript")
    served = json.loads(response.text.removeprefix("export const TERMS = ").removesuffix(";\n"))
    assert served == {name: {language.value: words[language] for language in Language} for name, words in TERMS.items()}
