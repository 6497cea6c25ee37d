"""Registrations that another service puts: with an idempotency key, the first answer is given again."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from tortoise.exceptions import IntegrityError

from contract_rules import Actor
from contract_server.contracts.idempotency import KEPT_FOR
from contract_server.contracts.registration.differences import Differences, Registration, RegistrationRefusal
from contract_server.contracts.registration.updates import RegistrationUpdates, UpdateResult
from contract_server.contracts.result import ContractNotFound, IdempotencyKeyReused
from contract_server.db.statements import execute
from contract_server.db.transaction import transaction
from contract_server.integration.models import RegistrationRequest
from contract_server.integration.service_accounts import Service
from contract_server.request_limits import InFlight

_FORGET = "DELETE FROM registration_request WHERE answered_at < (SELECT clock_timestamp() - $1::interval)"


@dataclass
class RegistrationRefused(Exception):
    """The registration does not replace the stored one; the contract has this version."""

    refusal: RegistrationRefusal
    version: int


class Registrations:
    """Puts registrations on behalf of services."""

    def __init__(self, updates: RegistrationUpdates) -> None:
        self._updates = updates
        self._in_flight = InFlight()

    async def put(self, service: Service, wanted: Registration, key: str | None = None) -> UpdateResult:
        """Replace what is registered of one contract.

        Raises:
            ContractNotFound: There is no such contract.
            RegistrationRefused: The contract's state or another registration is in the way.
            IdempotencyKeyReused: The key was used with another input.
            RateLimited: Too many requests about the contract wait.
        """
        async with self._in_flight.place(wanted.contract_id):
            try:
                return await self._put(service, wanted, key)
            except (IntegrityError, asyncpg.UniqueViolationError):  # the same key, at the same time
                return await self._put(service, wanted, key)

    async def _put(self, service: Service, wanted: Registration, key: str | None) -> UpdateResult:
        async with transaction():
            if key and (recalled := await _recall(service, wanted, key)):
                return recalled
            (result,) = await self._updates.put_all([wanted], Actor.SYSTEM, account_id=service.id)
            if result.refusal is RegistrationRefusal.CONTRACT_NOT_FOUND:
                raise ContractNotFound
            if result.refusal:
                raise RegistrationRefused(result.refusal, result.version)
            if key:
                await RegistrationRequest.create(**_columns(service, wanted, key, result))
        return result


async def forget_old_requests() -> None:
    """Delete the requests that are kept no longer."""
    await execute(_FORGET, KEPT_FOR)


async def _recall(service: Service, wanted: Registration, key: str) -> UpdateResult | None:
    row = await RegistrationRequest.filter(service_id=service.id, key=key).first()
    if row is None:
        return None
    if row.input_hash != _hash(wanted):
        raise IdempotencyKeyReused
    return UpdateResult(row.contract_id, row.version, Differences(**row.differences))  # type: ignore[arg-type] # as JSON


def _columns(service: Service, wanted: Registration, key: str, result: UpdateResult) -> dict[str, Any]:
    return {
        "service_id": service.id,
        "contract_id": result.contract_id,
        "key": key,
        "input_hash": _hash(wanted),
        "version": result.version,
        "differences": orjson.loads(orjson.dumps(asdict(result.differences), default=str)),
    }


def _hash(wanted: Registration) -> bytes:
    return hashlib.sha256(orjson.dumps(asdict(wanted), default=_plain)).digest()


def _plain(value: object) -> object:
    return str(value) if isinstance(value, UUID) else list(value)  # type: ignore[call-overload] # a named tuple
