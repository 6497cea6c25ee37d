"""What people ask of a contract: find it, lock it, ask the rules, store the answer, all in one transaction."""

from dataclasses import asdict, dataclass
from uuid import UUID

from contract_rules import Action
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.answers import Answer
from contract_server.contracts.changes import ContractChanges
from contract_server.contracts.errors import ContractNotFound
from contract_server.contracts.idempotency import IdempotencyKey, recall, remember
from contract_server.contracts.models import TerminationReason
from contract_server.contracts.snapshot import ContractSnapshot, lock_snapshot
from contract_server.contracts.wakeups import WakeUps
from contract_server.db.transaction import transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRequest:
    """One thing that a viewer asks of one contract."""

    action: Action
    contract_id: UUID
    reason: TerminationReason | None = None
    hold_reason: str | None = None
    expected_version: int | None = None

    def key(self, viewer: Viewer, key: str) -> IdempotencyKey:
        """`key` as this viewer uses it for this request."""
        return IdempotencyKey.of(viewer.account_id, key, self.action, asdict(self))


class ContractRequests:
    """Carries out what viewers ask for."""

    def __init__(self, changes: ContractChanges, wake_ups: WakeUps) -> None:
        self._changes = changes
        self._wake_ups = wake_ups

    async def perform(self, viewer: Viewer, request: ContractRequest, idempotency_key: str | None = None) -> Answer:
        """Do what is asked, or say why not. An answer that was given to the same key before is given again.

        Raises:
            ContractNotFound: There is no such contract, or not for this viewer.
            IdempotencyKeyReused: The key was used for something else.
            StaleContract: The contract has changed since the expected version.
            ActionRefused: The rules say no.
        """
        if not viewer.may_see(request.contract_id):
            raise ContractNotFound
        key = request.key(viewer, idempotency_key) if idempotency_key is not None else None
        async with transaction():
            contract = await lock_snapshot(request.contract_id)
            if contract is None:
                raise ContractNotFound
            answer = await recall(key) if key else None
            if answer is None:
                answer = await self._judge(viewer, contract, request)
                if key:
                    await remember(key, answer)
        self._wake_ups.wake()
        return answer.raise_for_problem()

    async def _judge(self, viewer: Viewer, contract: ContractSnapshot, request: ContractRequest) -> Answer:
        if request.expected_version not in (None, contract.facts.version):
            return Answer(contract, await self._changes.now(), stale=True)
        return await self._changes.apply(
            contract, request.action, viewer.actor, reason=request.reason, hold_reason=request.hold_reason
        )
