"""Passkeys (WebAuthn): what a browser is asked to sign, and whether it has signed it.

The signature covers the challenge and the origin of the page, so it is good once and on our own pages only.
"""

import json
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import PublicKeyCredentialDescriptor

from contract_server.accounts.models import Account, Passkey
from contract_server.settings import Settings

SERVICE = "おまかせログイン 契約管理"


class SecondFactorRefused(Exception):
    """The passkey or the code does not prove who it is. It does not reveal why."""


class NewPasskey(NamedTuple):
    """A passkey as it is stored."""

    credential_id: str
    public_key: str
    sign_count: int


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The site that passkeys belong to, as browsers compare it."""

    id: str
    origin: str

    @classmethod
    def of(cls, settings: Settings) -> "RelyingParty":
        """Return the site of `PUBLIC_URL`. Passkeys need a name; an address, in development alone, is localhost."""
        url = urlsplit(settings.public_url)
        name = "localhost" if _is_address(url.hostname or "") else url.hostname or ""
        port = f":{url.port}" if url.port else ""
        return cls(name, f"{url.scheme}://{name}{port}")

    def creation_options(self, account: Account, challenge: str) -> str:
        """Return the options of `navigator.credentials.create`, as JSON."""
        return options_to_json(
            generate_registration_options(
                rp_id=self.id,
                rp_name=SERVICE,
                user_id=account.id.bytes,
                user_name=account.email,
                user_display_name=account.name,
                challenge=base64url_to_bytes(challenge),
            )
        )

    def request_options(self, challenge: str, credential_ids: list[str]) -> str:
        """Return the options of `navigator.credentials.get`, as JSON."""
        allowed = [PublicKeyCredentialDescriptor(id=base64url_to_bytes(id_)) for id_ in credential_ids]
        return options_to_json(
            generate_authentication_options(
                rp_id=self.id, challenge=base64url_to_bytes(challenge), allow_credentials=allowed
            )
        )

    def verify_new(self, credential: str, challenge: str) -> NewPasskey:
        """Verify what the browser has created.

        Raises:
            SecondFactorRefused: It is malformed, or belongs to another challenge or origin.
        """
        try:
            verified = verify_registration_response(
                credential=credential,
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=self.id,
                expected_origin=self.origin,
            )
        except _MALFORMED:
            raise SecondFactorRefused from None
        return NewPasskey(
            bytes_to_base64url(verified.credential_id),
            bytes_to_base64url(verified.credential_public_key),
            verified.sign_count,
        )

    def verify(self, credential: str, challenge: str, passkey: Passkey) -> int:
        """Verify a signature by the passkey, and return the new count of its use.

        Raises:
            SecondFactorRefused: It is malformed, of another challenge, origin or key, or the count shows a copy.
        """
        try:
            verified = verify_authentication_response(
                credential=credential,
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=self.id,
                expected_origin=self.origin,
                credential_public_key=base64url_to_bytes(passkey.public_key),
                credential_current_sign_count=passkey.sign_count,
            )
        except _MALFORMED:
            raise SecondFactorRefused from None
        return verified.new_sign_count


_MALFORMED = (WebAuthnException, ValueError, TypeError, KeyError, RecursionError)
"""What the library raises for input that no browser sends."""


def credential_id_of(credential: str) -> str:
    """Return the id of the passkey that is said to have signed.

    Raises:
        SecondFactorRefused: The text is no credential.
    """
    try:
        return str(json.loads(credential)["id"])
    except _MALFORMED:
        raise SecondFactorRefused from None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
