"""What people ask of a contract: find it, lock it, ask the rules, store the answer, all in one transaction."""

from dataclasses import dataclass, fields
from uuid import UUID

from contract_rules import Action, Status
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.changes import ContractChanges
from contract_server.contracts.errors import ContractNotFound
from contract_server.contracts.idempotency import IdempotencyKey, recall, remember
from contract_server.contracts.models import TerminationReason
from contract_server.contracts.result import ActionResult
from contract_server.contracts.store import lock_snapshot
from contract_server.contracts.viewer_contract import ViewerContract
from contract_server.db.transaction import transaction
from contract_server.mail.wakeups import WakeUps

_AT_ONCE = frozenset({Action.TERMINATE, Action.RESUME})


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
        asked = {each.name: getattr(self, each.name) for each in fields(self)}
        return IdempotencyKey.of(viewer.account_id, key, self.action, asked)


class ContractService:
    """Carries out what viewers ask for."""

    def __init__(self, changes: ContractChanges, wake_ups: WakeUps) -> None:
        self._changes = changes
        self._wake_ups = wake_ups

    async def perform(
        self,
        viewer: Viewer,
        request: ContractRequest,
        idempotency_key: str | None = None,
        *,
        note: str | None = None,
        viewer_contract: ViewerContract | None = None,
    ) -> ActionResult:
        """Do what is asked, or say why not. An answer that was given to the same key before is given again.

        An operator's note, in their own words, goes into the events. Where the contract was read with the viewer,
        nearly every request that is granted takes one statement more.

        Raises:
            ContractNotFound: There is no such contract, or not for this viewer.
            IdempotencyKeyReused: The key was used for something else.
            ActionRefused: The rules say no.
            StaleContract: The viewer could see that the contract has changed since the expected version.
        """
        if not viewer.may_see(request.contract_id):
            raise ContractNotFound
        key = request.key(viewer, idempotency_key) if idempotency_key is not None else None
        if viewer_contract and (answer := await self._at_once(viewer_contract, request, key)):
            self._wake_ups.wake()
            return answer
        async with transaction():
            contract = await lock_snapshot(request.contract_id)
            if contract is None:
                raise ContractNotFound
            answer = await recall(key) if key else None
            if answer is None:
                answer = await self._changes.apply(
                    contract,
                    request.action,
                    viewer.actor,
                    reason=request.reason,
                    hold_reason=request.hold_reason,
                    note=note,
                    expected_version=request.expected_version,
                )
                # an erasure takes a contractor's account with the answers kept for it, and keeps none for it again
                if key and contract.facts.status is not Status.ERASED:
                    await remember(key, answer)
        self._wake_ups.wake()
        return answer.raise_for_problem()

    async def _at_once(
        self, viewer_contract: ViewerContract, request: ContractRequest, key: IdempotencyKey | None
    ) -> ActionResult | None:
        """The answer to a contractor's own request that is granted; None where it takes a closer look."""
        contract = viewer_contract.contract
        if contract is None or contract.id != request.contract_id or request.action not in _AT_ONCE:
            return None
        if request.expected_version not in (None, contract.facts.version):
            return None
        return await self._changes.apply_optimistically(
            contract, request.action, viewer_contract.viewer, viewer_contract.now, reason=request.reason, key=key
        )
