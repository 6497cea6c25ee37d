"""A gateway that lets members in while their contract's service is available, also when its server is down.

It reads the feed of changes, asks for the facts of the contracts in it, and keeps them. Whether a member may use the
service follows from the facts and the clock alone: `contract_rules.standing` knows each deadline to the microsecond.

    GATEWAY_TOKEN=svc_... python gateway.py https://keiyaku.example.jp CONTRACT
"""

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.request import Request, urlopen

from contract_rules import Facts, facts_from_json, standing

Ask = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Sends a query with its variables to the server, and returns the data of the answer."""

CHANGES = """
query ($after: String) {
  changes(after: $after, first: 100) { nodes { contractId } pageInfo { hasNextPage endCursor } }
}
"""
FACTS = "query ($ids: [ID!]!) { contractFacts(ids: $ids) { contracts { contractId facts } } }"


class Gateway:
    """What it knows can be kept in any store: the cursor, and the facts of each contract."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.cursor: str | None = None
        self.facts: dict[str, Facts] = {}

    def read_feed(self) -> None:
        """Read what has changed since the last time. If the server is down, nothing known is lost."""
        more = True
        while more:
            page = self._ask(CHANGES, {"after": self.cursor})["changes"]
            if changed := sorted({change["contractId"] for change in page["nodes"]}):
                for known in self._ask(FACTS, {"ids": changed})["contractFacts"]["contracts"]:
                    self.learn(known["contractId"], facts_from_json(known["facts"]))
                self.cursor = page["pageInfo"]["endCursor"]  # after the facts, so that a failure reads the page again
            more = page["pageInfo"]["hasNextPage"]

    def learn(self, contract_id: str, facts: Facts) -> None:
        """Keep the newest facts, in whatever order they arrive."""
        if contract_id not in self.facts or facts.version >= self.facts[contract_id].version:
            self.facts[contract_id] = facts

    def may_use(self, contract_id: str, now: datetime) -> bool:
        """Return whether members of the contract may use the service; not if the contract is unknown."""
        facts = self.facts.get(contract_id)
        return facts is not None and standing(facts, now).service_available


def over_http(url: str, token: str) -> Ask:
    """Ask a server as a service with the scopes `feed` and `facts`."""

    def ask(query: str, variables: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        with urlopen(Request(f"{url}/graphql", body, headers), timeout=10) as response:
            answer: dict[str, Any] = json.load(response)
        if "errors" in answer:
            raise RuntimeError(answer["errors"][0]["message"])
        data: dict[str, Any] = answer["data"]
        return data

    return ask


if __name__ == "__main__":
    gateway = Gateway(over_http(sys.argv[1], os.environ["GATEWAY_TOKEN"]))
    gateway.read_feed()
    print("open" if gateway.may_use(sys.argv[2], datetime.now(UTC)) else "closed")
