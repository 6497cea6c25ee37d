"""Changing the address of an account: both mailboxes confirm it, each by a link that is good once.

The present address confirms that its owner agrees; the new one, that mails arrive there. Until both have, nothing
changes. A later request replaces an earlier one.
"""

from datetime import timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q

from contract_rules import Actor
from contract_server.accounts.credentials import end_links
from contract_server.accounts.email import EmailTaken, find_account
from contract_server.accounts.models import Account, AddressChange
from contract_server.accounts.tokens import hash_token, new_token
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.clock import Clock, DatabaseClock
from contract_server.db.transaction import transaction
from contract_server.mail.address_mails import AddressMails

VALID_FOR = timedelta(hours=24)


class InvalidAddressLink(Exception):
    """The token is unknown, used or expired."""


class AddressLink(NamedTuple):
    """A link that can still be used: the addresses, and whether it came to the new one."""

    change: AddressChange
    is_new: bool


class Registrations(Protocol):
    """Records that the contractor of a contract has changed."""

    async def lock(self, contract_id: UUID | None) -> None:
        """Lock the contract, before the account."""

    async def record(self, contract_id: UUID | None, actor: Actor, account_id: UUID | None = None) -> None:
        """Record the change."""


class AddressChanges:
    """Mails the links, and changes the address."""

    def __init__(self, mails: AddressMails, mail_clock: Clock, registrations: Registrations) -> None:
        self._mails = mails
        self._registrations = registrations
        self._mail_clock = mail_clock
        self._clock = DatabaseClock()

    async def request(self, account: Account, new_email: str) -> None:
        """Queue the mails with the links.

        Raises:
            EmailTaken: Another account has the address.
        """
        if await find_account(new_email) is not None:
            raise EmailTaken
        old_token, new = new_token(), new_token()
        async with transaction():
            await Account.filter(id=account.id).select_for_update().first()  # one request at a time
            await AddressChange.filter(account_id=account.id).delete()
            await AddressChange.create(
                account_id=account.id,
                new_email=new_email,
                old_token_hash=hash_token(old_token),
                new_token_hash=hash_token(new),
                expires_at=await self._clock.now() + VALID_FOR,
            )
            await self._mails.enqueue(account, new_email, (old_token, new), VALID_FOR, await self._mail_clock.now())
            await record(AuditAction.ADDRESS_CHANGE_REQUESTED, about_id=account.id, contract_id=account.contract_id)

    async def find_link(self, token: str) -> AddressLink | None:
        """Find the link with that token if it can still be used."""
        token_hash = hash_token(token)
        changes = AddressChange.filter(
            Q(old_token_hash=token_hash) | Q(new_token_hash=token_hash),
            expires_at__gt=await self._clock.now(),
            account__disabled_at__isnull=True,
        )
        change = await changes.select_related("account").first()
        return AddressLink(change, is_new=change.new_token_hash == token_hash) if change else None

    async def confirm(self, token: str) -> bool:
        """Confirm the change from one mailbox; whether both have, so that the account has the new address.

        Raises:
            InvalidAddressLink: The token is unknown, used or expired.
            EmailTaken: Another account has got the address meanwhile.
        """
        try:
            async with transaction():
                return await self._confirm(token)
        except IntegrityError:
            raise EmailTaken from None

    async def delete_expired(self) -> None:
        """Delete requests that were not confirmed in time."""
        await AddressChange.filter(expires_at__lte=await self._clock.now()).delete()

    async def delete_expired_mails(self) -> None:
        """Delete mails whose links have expired, before they are sent."""
        await self._mails.delete_links_until(await self._mail_clock.now() - VALID_FOR)

    async def _confirm(self, token: str) -> bool:
        link = await self.find_link(token)
        if link is None:
            raise InvalidAddressLink
        await self._registrations.lock(link.change.account.contract_id)
        # the account before its links: the confirmation from the other mailbox waits here
        account = await Account.filter(id=link.change.account_id).select_for_update().first()
        change = await AddressChange.get_or_none(id=link.change.id)
        column = "new_token_hash" if link.is_new else "old_token_hash"
        if account is None or change is None or getattr(change, column) is None:
            raise InvalidAddressLink
        other = change.old_token_hash if link.is_new else change.new_token_hash
        if other is not None:
            await AddressChange.filter(id=change.id).update(**{column: None})
            return False
        await _apply(account, change)
        await self._registrations.record(account.contract_id, Actor.CONTRACTOR, account.id)
        return True


async def _apply(account: Account, change: AddressChange) -> None:
    """Change the address; links that were mailed to the former one are good no longer."""
    await end_links([account.id])
    await Account.filter(id=account.id).update(email=change.new_email)
    await record(
        AuditAction.ADDRESS_CHANGED, account_id=account.id, about_id=account.id, contract_id=account.contract_id
    )
