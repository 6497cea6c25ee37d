"""Carry out what viewers ask for: find the contract, lock it, ask the rules, store the result, in one transaction."""

from dataclasses import dataclass
from uuid import UUID

from contract_rules import Action, Status
from contract_server.accounts.models import Account
from contract_server.accounts.viewer import Viewer
from contract_server.audit.origin import sign
from contract_server.contracts.changes import ContractChanges
from contract_server.contracts.effects import Reasons
from contract_server.contracts.holds.records import NO_TERMS, HoldTerms
from contract_server.contracts.idempotency import IdempotencyKey, recall, remember, require_key
from contract_server.contracts.models import TerminationReason
from contract_server.contracts.result import ActionResult, ContractNotFound
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.store import lock_snapshot
from contract_server.contracts.viewer_contract import ViewerContract
from contract_server.db.transaction import transaction
from contract_server.logs import get_logger
from contract_server.mail.outbox import Recipient
from contract_server.mail.wakeups import WakeUps
from contract_server.request_limits import InFlight

log = get_logger(__name__)

_UNLOCKED = frozenset({Action.TERMINATE, Action.RESUME})


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRequest:
    """One action that a viewer asks for on one contract."""

    action: Action
    contract_id: UUID
    reason: TerminationReason | None = None
    expected_version: int | None = None
    note: str | None = None
    """An operator's own words, stored with the events."""
    terms: HoldTerms = NO_TERMS
    hold_id: UUID | None = None
    """Which hold to release; needed if several are in force."""

    def key(self, viewer: Viewer, key: str) -> IdempotencyKey:
        """The viewer's key for this request."""
        content = {name: getattr(self, name) for name in ("action", "contract_id", "reason", "expected_version")}
        content |= {"hold_reason": None} | ({"note": self.note} if self.note else {})  # as keys of before have it
        return IdempotencyKey.of(viewer.account_id, key, self.action, content)


class ContractService:
    """Carries out what viewers ask for."""

    def __init__(self, changes: ContractChanges, wake_ups: WakeUps) -> None:
        self._changes = changes
        self._wake_ups = wake_ups
        self._in_flight = InFlight()

    async def execute(
        self,
        viewer: Viewer,
        request: ContractRequest,
        idempotency_key: str | None = None,
        *,
        viewer_contract: ViewerContract | None = None,
    ) -> ActionResult:
        """Carry out a request. The first result of an idempotency key is returned again.

        Args:
            viewer: Who asks.
            request: What they ask for.
            idempotency_key: The client's key for this request.
            viewer_contract: The contract as it was read with the viewer. With it, most requests that are granted
                take one more statement.

        Raises:
            ContractNotFound: There is no such contract, or not for this viewer.
            IdempotencyKeyReused: The key was used for another request.
            ActionRefused: The rules refuse the request.
            TooManyChanges: The contractor has used up the day's budget.
            NotPossible: It releases a hold that is not named, or is none of the contract's.
            RateLimited: Too many requests about the contract wait, or too many results are stored for the viewer.
            StaleContract: The viewer could see that the contract has changed since the expected version.
        """
        if not viewer.may_see(request.contract_id):
            raise ContractNotFound
        key = request.key(viewer, idempotency_key) if idempotency_key is not None else None
        async with self._in_flight.place(request.contract_id):
            result = await self._execute_unlocked(viewer_contract, request, key) if viewer_contract else None
            if result is None:
                result = await self._execute_locked(viewer, request, key)
        self._wake_ups.wake()
        return result.raise_for_problem()

    async def _execute_unlocked(
        self, read: ViewerContract, request: ContractRequest, key: IdempotencyKey | None
    ) -> ActionResult | None:
        """Return the result of a contractor's own request that is granted, else None."""
        contract = read.contract
        if contract is None or contract.id != request.contract_id or request.action not in _UNLOCKED:
            return None
        if request.expected_version not in (None, contract.facts.version):
            return None
        reasons = Reasons(request.reason, signature=sign(read.viewer.account_id))
        result = await self._changes.change_unlocked(read, contract, request.action, reasons, key)
        if result:
            _log_change(request, reasons, contract, result)
        return result

    async def _execute_locked(
        self, viewer: Viewer, request: ContractRequest, key: IdempotencyKey | None
    ) -> ActionResult:
        async with transaction():
            contract = await lock_snapshot(request.contract_id)
            if contract is None:
                raise ContractNotFound
            if key and (recalled := await recall(key)):
                return recalled
            if key:
                await require_key(key.account_id)
            reasons = Reasons(request.reason, request.note, request.terms, sign(viewer.account_id), request.hold_id)
            result = await self._changes.change(
                contract,
                request.action,
                viewer.actor,
                contractor=await _contractor_of(contract, viewer),
                reasons=reasons,
                expected_version=request.expected_version,
            )
            # an erasure deletes a contractor's account with its kept results, and none may be stored again
            if key and contract.facts.status is not Status.ERASED:
                await remember(key, result)
        _log_change(request, reasons, contract, result)
        return result


def _log_change(request: ContractRequest, reasons: Reasons, before: ContractSnapshot, result: ActionResult) -> None:
    """Log a change for the audit trail; a request that was refused, or asked for what is so already, is none."""
    if result.contract.facts.version > before.facts.version:
        signature = reasons.signature
        log.info(
            "contract changed",
            action=request.action,
            contract_id=before.id,
            account_id=signature.account_id,
            interface=signature.interface,
        )


async def _contractor_of(contract: ContractSnapshot, viewer: Viewer) -> Recipient | None:
    """The contractor, who may be the viewer; None if the contract is erased."""
    if viewer.contract_id == contract.id:
        return viewer
    return await Account.filter(contract_id=contract.id).first()
