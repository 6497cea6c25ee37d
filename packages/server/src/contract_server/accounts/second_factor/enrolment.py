"""Registering the passkey of an operator, by a link that is good once.

A link begins anew: the passkey replaces earlier ones, because a link is made for an operator who has none, or has lost
it. All sessions of the account end.
"""

from datetime import timedelta

from contract_server.accounts.models import Account, EnrolmentLink, Passkey, Session
from contract_server.accounts.second_factor.passkeys import RelyingParty, SecondFactorRefused
from contract_server.accounts.second_factor.recovery_codes import replace_codes
from contract_server.accounts.tokens import hash_token, new_token
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.clock import DatabaseClock
from contract_server.db.transaction import transaction
from contract_server.settings import Settings

VALID_FOR = timedelta(hours=24)
PATH = "/second-factor/new"


class InvalidEnrolmentLink(Exception):
    """The token is unknown, used or expired."""


class Enrolments:
    """Makes links, and registers passkeys by them."""

    def __init__(self, settings: Settings) -> None:
        self._party = RelyingParty.of(settings)
        self._clock = DatabaseClock()

    async def create_link(self, account: Account) -> str:
        """Return a new link; those made for the account before are good no longer.

        The token is in the fragment, which servers and logs never get.
        """
        token = new_token()
        async with transaction():
            await EnrolmentLink.filter(account_id=account.id).delete()
            expires_at = await self._clock.now() + VALID_FOR
            await EnrolmentLink.create(account_id=account.id, token_hash=hash_token(token), expires_at=expires_at)
            await record(AuditAction.ENROLMENT_LINK_MADE, about_id=account.id)
        return f"{self._party.origin}{PATH}#{token}"

    async def begin(self, token: str) -> str:
        """Return the options by which a browser creates the passkey.

        Raises:
            InvalidEnrolmentLink: The token is unknown, used or expired.
        """
        link = await self._find(token)
        challenge = new_token()
        await EnrolmentLink.filter(id=link.id).update(challenge=challenge)
        return self._party.creation_options(link.account, challenge)

    async def enrol(self, token: str, credential: str) -> list[str]:
        """Register what the browser has created, and end all sessions of the account.

        Returns:
            The recovery codes, which are not stored.

        Raises:
            InvalidEnrolmentLink: The token is unknown, used or expired.
            SecondFactorRefused: The browser has not created it for this link and this site.
        """
        link = await self._find(token)
        async with transaction():
            # the account first: a transaction that uses the same link waits here
            account = await Account.filter(id=link.account_id, disabled_at__isnull=True).select_for_update().first()
            link_now = await EnrolmentLink.filter(id=link.id).first()
            if account is None or link_now is None:
                raise InvalidEnrolmentLink
            if link_now.challenge is None:
                raise SecondFactorRefused
            passkey = self._party.verify_new(credential, link_now.challenge)
            if await Passkey.filter(credential_id=passkey.credential_id).exclude(account_id=account.id).exists():
                raise SecondFactorRefused
            return await self._replace(account, Passkey(account_id=account.id, **passkey._asdict()))

    async def delete_expired(self) -> None:
        """Delete expired links."""
        await EnrolmentLink.filter(expires_at__lte=await self._clock.now()).delete()

    async def _replace(self, account: Account, passkey: Passkey) -> list[str]:
        passkey.created_at = await self._clock.now()
        for model in (Passkey, EnrolmentLink, Session):
            await model.filter(account_id=account.id).delete()
        await passkey.save()
        await Account.filter(id=account.id).update(second_factor_since=passkey.created_at)
        await record(AuditAction.SECOND_FACTOR_ENROLLED, account_id=account.id, about_id=account.id)
        return await replace_codes(account.id)

    async def _find(self, token: str) -> EnrolmentLink:
        links = EnrolmentLink.filter(
            token_hash=hash_token(token), expires_at__gt=await self._clock.now(), account__disabled_at__isnull=True
        )
        link = await links.select_related("account").first()
        if link is None:
            raise InvalidEnrolmentLink
        return link
