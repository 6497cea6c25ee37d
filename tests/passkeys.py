"""A passkey in software, which signs as a security key does, and also what no security key would sign."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from tests.server.running import Client, Running, command
from webauthn.helpers import bytes_to_base64url

_PRESENT, _WITH_KEY = 0x05, 0x40

BEGIN_ENROLMENT = """
mutation ($token: String!) {
  beginEnrolment(input: { token: $token }) { ... on PasskeyOptions { options } ... on Problem { code } }
}
"""
ENROL = """
mutation ($token: String!, $credential: String!) {
  enrolPasskey(input: { token: $token, credential: $credential }) {
    ... on PasskeyEnrolled { recoveryCodes } ... on Problem { code }
  }
}
"""
BEGIN = "mutation { beginSecondFactor { ... on PasskeyOptions { options } ... on Problem { code } } }"
SHOW = """
mutation ($credential: String!) {
  passSecondFactor(input: { credential: $credential }) {
    ... on LoggedIn { token viewer { email } } ... on Problem { code }
  }
}
"""
SHOW_CODE = """
mutation ($code: String!) {
  passSecondFactor(input: { recoveryCode: $code }) {
    ... on LoggedIn { token viewer { email } } ... on Problem { code }
  }
}
"""


@dataclass
class SoftwarePasskey:
    """A key pair and its count."""

    origin: str = "http://localhost:8000"
    party: str = "localhost"
    count: int = 0
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: str) -> str:
        """What a browser gives for `navigator.credentials.create`."""
        client_data = self._client_data("webauthn.create", options)
        described = bytes(16) + len(self.id).to_bytes(2) + self.id + self._public_key()
        data = {"fmt": "none", "attStmt": {}, "authData": self._data(_PRESENT | _WITH_KEY) + described}
        return self._credential(clientDataJSON=client_data, attestationObject=cbor2.dumps(data))

    def sign(self, options: str) -> str:
        """What a browser gives for `navigator.credentials.get`."""
        self.count += 1
        client_data = self._client_data("webauthn.get", options)
        data = self._data(_PRESENT)
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        return self._credential(clientDataJSON=client_data, authenticatorData=data, signature=signature)

    def _client_data(self, kind: str, options: str) -> bytes:
        challenge = json.loads(options)["challenge"]
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.party.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _public_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})

    def _credential(self, **response: bytes) -> str:
        id_ = bytes_to_base64url(self.id)
        encoded: dict[str, Any] = {name: bytes_to_base64url(value) for name, value in response.items()}
        return json.dumps({"id": id_, "rawId": id_, "type": "public-key", "response": encoded})


async def enrol(
    client: Client, service: Running, email: str = "operator@example.jp"
) -> tuple[SoftwarePasskey, list[str]]:
    """Register a passkey for an operator, by a link of the command line; return it with the recovery codes."""
    status, output, errors = await command(service.variables, "user", "enrol", email)
    assert status == 0, errors
    token = output.strip().partition("#")[2]
    passkey = SoftwarePasskey(origin=f"http://localhost:{urlsplit(service.base_url).port}")
    begun = (await client.ask(BEGIN_ENROLMENT, token=token))["beginEnrolment"]
    answer = await client.ask(ENROL, token=token, credential=passkey.create(begun["options"]))
    return passkey, answer["enrolPasskey"]["recoveryCodes"]


async def show(client: Client, passkey: SoftwarePasskey) -> Any:  # noqa: ANN401 - what the API answers
    """Show the passkey in the session of the client."""
    begun = (await client.ask(BEGIN))["beginSecondFactor"]
    return (await client.ask(SHOW, credential=passkey.sign(begun["options"])))["passSecondFactor"]
