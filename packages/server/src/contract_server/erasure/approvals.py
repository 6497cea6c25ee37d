"""Approvals of erasures that the breaker has stopped: one operator asks, another approves (four eyes).

A request stores what its operator saw: the number of contracts, and the instant. The approval covers exactly that, so
that a wave that has grown since needs another request.
"""

from dataclasses import replace
from uuid import UUID

from contract_server.audit.models import AuditAction
from contract_server.audit.origin import sign
from contract_server.audit.trail import record
from contract_server.clock import Clock
from contract_server.contracts.result import NotPossible, Obstacle
from contract_server.db.transaction import transaction
from contract_server.erasure.breaker import Breaker
from contract_server.erasure.models import ErasureApproval, ErasureApprovalRequest


class Approvals:
    """Takes requests and approvals of waves of erasures."""

    def __init__(self, clock: Clock, breaker: Breaker, *, by_second_person: bool) -> None:
        self._clock = clock
        self._breaker = breaker
        self._by_second_person = by_second_person

    async def find_request(self) -> ErasureApprovalRequest | None:
        """Find the request that waits for an approval."""
        return await ErasureApprovalRequest.filter(closed_at__isnull=True).order_by("-id").first()

    def may_approve(self, request: ErasureApprovalRequest, account_id: UUID | None) -> bool:
        """Whether this account may approve the request."""
        by = sign(account_id).account_id
        return not self._by_second_person or (by is not None and by != request.requested_by)

    async def request(self, account_id: UUID | None = None) -> ErasureApprovalRequest:
        """Ask for an approval of what the breaker stops now, in place of an earlier request.

        Raises:
            NotPossible: The breaker stops nothing.
        """
        now = await self._clock.now()
        seen = await self._breaker.assess(now)
        if not seen.stopped:
            raise NotPossible(Obstacle.NOTHING_TO_APPROVE)
        async with transaction():
            await ErasureApprovalRequest.filter(closed_at__isnull=True).update(closed_at=now)
            await record(AuditAction.ERASURE_APPROVAL_REQUESTED, account_id=account_id, subject=f"{seen.due} contracts")
            return await ErasureApprovalRequest.create(
                requested_at=now, requested_by=sign(account_id).account_id, contracts=seen.due
            )

    async def approve(self, request_id: int, account_id: UUID | None = None) -> ErasureApproval:
        """Approve what a request has named.

        Raises:
            NotPossible: The request is closed, the breaker stops nothing, or another operator has to approve it.
        """
        now = await self._clock.now()
        assessment = await self._breaker.assess(now)
        async with transaction():
            open_requests = ErasureApprovalRequest.filter(id=request_id, closed_at__isnull=True)
            request = await open_requests.select_for_update().first()
            if request is None or not assessment.stopped:
                raise NotPossible(Obstacle.NOTHING_TO_APPROVE)
            if not self.may_approve(request, account_id):
                raise NotPossible(Obstacle.SECOND_PERSON_REQUIRED)
            await open_requests.update(closed_at=now)
            seen = replace(assessment, due=request.contracts)
            return await self._breaker.approve(seen, request.requested_at, at=now, account_id=account_id)
