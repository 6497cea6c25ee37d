"""The one place where a contract changes: the rules are asked, and what they grant is stored with its effects."""

from dataclasses import replace
from datetime import datetime

from contract_rules import Action, Actor, RecordEvent, Refused, SendMail, decide
from contract_server.clock import Clock
from contract_server.contracts.answers import Answer
from contract_server.contracts.mails import Mails
from contract_server.contracts.models import ContractEvent, TerminationReason
from contract_server.contracts.policies import ServedPolicies
from contract_server.contracts.snapshot import ContractSnapshot, Hold, save_snapshot


class ContractChanges:
    """Changes contracts that the caller has locked, in the caller's transaction."""

    def __init__(self, clock: Clock, policies: ServedPolicies, mails: Mails) -> None:
        self._clock = clock
        self._policies = policies
        self._mails = mails

    async def now(self) -> datetime:
        """The instant by which contracts are judged."""
        return await self._clock.now()

    async def apply(
        self,
        contract: ContractSnapshot,
        action: Action,
        actor: Actor,
        *,
        reason: TerminationReason | None = None,
        hold_reason: str | None = None,
    ) -> Answer:
        """Ask the rules about a locked contract, and do as they say.

        The clock is read here, after the lock: a request that waited over midnight is judged by the new day.
        """
        now = await self._clock.now()
        decision = decide(self._policies.in_force_at(now), contract.facts, action, actor, now)
        if isinstance(decision, Refused):
            return Answer(contract, now, refusal=decision)
        changed = replace(
            contract,
            facts=decision.facts,
            application_id=contract.application_id if decision.facts.application else None,
            reason=reason if action is Action.TERMINATE else contract.reason,
            hold=_hold(contract, held=decision.facts.erasure_held, reason=hold_reason, now=now),
        )
        stored = await save_snapshot(contract, changed, now)
        application_id = stored.application_id or contract.application_id
        for effect in decision.effects:
            match effect:
                case RecordEvent():
                    await ContractEvent.create(
                        contract_id=contract.id,
                        at=effect.at,
                        type=effect.type,
                        actor=effect.actor,
                        application_id=application_id if effect.application_number else None,
                    )
                case SendMail():
                    await self._mails.owe(stored, effect.kind, now)
                case _:  # waking is what the due columns do; erasing belongs to the erasure
                    pass
        return Answer(stored, now)


def _hold(contract: ContractSnapshot, *, held: bool, reason: str | None, now: datetime) -> Hold | None:
    if not held:
        return None
    return contract.hold or Hold(placed_at=now, reason=reason or "")
