"""The services of this process, built once from the settings, for requests and jobs."""

import asyncio
from dataclasses import dataclass, field

from contract_notify import Delivery, DeliveryPool, delivery_from_url
from contract_server.accounts.administration.address_change import AddressChanges
from contract_server.accounts.client_address import ClientAddresses
from contract_server.accounts.credentials import PasswordChanges
from contract_server.accounts.devices import Devices
from contract_server.accounts.login import LogIns
from contract_server.accounts.password_reset import PasswordResets
from contract_server.accounts.passwords.hasher import PasswordHasher
from contract_server.accounts.rate_limit_store import RateLimitStore
from contract_server.accounts.second_factor.enrolment import Enrolments
from contract_server.accounts.second_factor.step_up import SecondFactors
from contract_server.accounts.sessions import Sessions
from contract_server.audit.chain import close_chain
from contract_server.audit.trail import AuditRetention
from contract_server.clock import Clock, DatabaseClock, TestClock
from contract_server.contracts.changes import ChangeBudget, ContractChanges
from contract_server.contracts.idempotency import forget_old_answers
from contract_server.contracts.notifications import Notifications
from contract_server.contracts.queries import find_company_name
from contract_server.contracts.registration.updates import RegistrationUpdates
from contract_server.contracts.service import ContractService
from contract_server.documents.export_budget import ExportBudget
from contract_server.documents.receipt import AcceptanceDocuments
from contract_server.erasure.approvals import Approvals
from contract_server.erasure.breaker import Breaker
from contract_server.erasure.confirmations import Confirmations
from contract_server.erasure.erasures import Erasures
from contract_server.erasure.ledger import Ledger
from contract_server.erasure.receipts import Receipts
from contract_server.erasure.replay import Replay
from contract_server.integration.configured_webhooks import ConfiguredWebhooks
from contract_server.integration.deliveries import forget_old_deliveries
from contract_server.integration.outgoing_http import OutgoingHttp
from contract_server.integration.registrations import Registrations, forget_old_requests
from contract_server.integration.service_accounts import ServiceAccounts
from contract_server.integration.webhook_relay import WebhookRelay
from contract_server.mail.address_mails import AddressMails
from contract_server.mail.outbox import Outbox
from contract_server.mail.password_mails import PasswordMails
from contract_server.mail.relay import MailRelay
from contract_server.mail.wakeups import NoWakeUps, WakeUps
from contract_server.onboarding.contractor_access import ContractorAccess
from contract_server.policies.policies import ServedPolicies, served_policies
from contract_server.schedule.due_actions import DueActions
from contract_server.schedule.expiry import Expiry
from contract_server.schedule.reminders import Reminders
from contract_server.settings import Settings, SettingsError

_NO_WAKE_UPS = NoWakeUps()


@dataclass(frozen=True, slots=True)
class Services:
    """The objects that requests and jobs use."""

    settings: Settings
    clock: Clock
    policies: ServedPolicies
    passwords: PasswordHasher
    sessions: Sessions
    service_accounts: ServiceAccounts
    client_addresses: ClientAddresses
    rate_limits: RateLimitStore
    devices: Devices
    log_ins: LogIns
    password_changes: PasswordChanges
    password_resets: PasswordResets
    address_changes: AddressChanges
    enrolments: Enrolments
    second_factors: SecondFactors
    contractor_access: ContractorAccess
    contracts: ContractService
    export_budget: ExportBudget
    registration_updates: RegistrationUpdates
    registrations: Registrations
    due_actions: DueActions
    breaker: Breaker
    approvals: Approvals
    ledger: Ledger
    replay: Replay
    receipts: Receipts
    confirmations: Confirmations
    mail_relay: MailRelay
    outgoing_http: OutgoingHttp
    configured_webhooks: ConfiguredWebhooks
    webhook_relay: WebhookRelay
    reminders: Reminders
    expiry: Expiry
    delivery: Delivery
    sweeping: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def close(self) -> None:
        """Release threads and connections."""
        self.passwords.close()
        await self.delivery.close()


def build_services(settings: Settings, wake_ups: WakeUps = _NO_WAKE_UPS) -> Services:
    """Build the services.

    Raises:
        SettingsError: No mail server is set, or the endpoints of webhooks are not of the form.
    """
    if settings.mail_url is None:
        raise SettingsError(
            "SMTP_URL: set it to smtp://user:password@host:port (in development, MAIL_DIR to a folder does)"
        )
    clock: Clock = TestClock() if settings.development else DatabaseClock()
    policies = served_policies(settings.policy_dir)
    outbox = Outbox(settings)
    notifications = Notifications(outbox, AcceptanceDocuments(settings, policies) if settings.mail_receipt else None)
    changes = ContractChanges(
        clock, policies, notifications, ChangeBudget(policies, settings.changes_per_contract_and_day)
    )
    ledger = Ledger(settings.ledger_dir)
    erasures = Erasures(clock, policies, changes, ledger, settings.erasure_batch)
    breaker = Breaker(settings.erasure_breaker_contracts, settings.erasure_breaker_percent)
    delivery = DeliveryPool(delivery_from_url(settings.mail_url) for _ in range(settings.mail_connections))
    passwords = PasswordHasher()
    sessions = Sessions(settings)
    rate_limits = RateLimitStore(settings)
    devices = Devices(settings)
    enrolments = Enrolments(settings)
    registration_updates = RegistrationUpdates(clock)
    address_changes = AddressChanges(AddressMails(settings, outbox), clock, registration_updates)
    outgoing_http = OutgoingHttp.by(settings)
    password_mails = PasswordMails(settings, outbox)
    password_changes = PasswordChanges(password_mails, clock)
    password_resets = PasswordResets(
        settings,
        passwords,
        rate_limits,
        devices,
        password_changes,
        find_company_name=find_company_name,
        mails=password_mails,
        mail_clock=clock,
        wake_ups=wake_ups,
    )
    log_ins = LogIns(settings, passwords, sessions, rate_limits, devices)
    return Services(
        settings=settings,
        clock=clock,
        policies=policies,
        passwords=passwords,
        sessions=sessions,
        service_accounts=ServiceAccounts(settings.secret_key.get_secret_value().encode()),
        client_addresses=ClientAddresses(settings),
        rate_limits=rate_limits,
        devices=devices,
        log_ins=log_ins,
        password_changes=password_changes,
        password_resets=password_resets,
        address_changes=address_changes,
        enrolments=enrolments,
        second_factors=SecondFactors(settings),
        contractor_access=ContractorAccess(log_ins, password_resets, wake_ups),
        contracts=ContractService(changes, wake_ups),
        export_budget=ExportBudget(rate_limits),
        registration_updates=registration_updates,
        registrations=Registrations(registration_updates),
        due_actions=DueActions(clock, changes, erasures, breaker, settings.sweep_batch),
        breaker=breaker,
        approvals=Approvals(clock, breaker, by_second_person=settings.needs_second_person),
        ledger=ledger,
        replay=Replay(clock, policies, notifications, ledger, settings.erasure_batch),
        receipts=Receipts(rate_limits),
        confirmations=Confirmations(clock, policies),
        mail_relay=MailRelay(
            clock, delivery, settings.mail_sender, settings.mail_sender_name, settings.mail_connections
        ),
        outgoing_http=outgoing_http,
        configured_webhooks=ConfiguredWebhooks(settings, outgoing_http),
        webhook_relay=WebhookRelay(outgoing_http, policies),
        reminders=Reminders(clock, notifications, settings.sweep_batch, enabled=settings.reminders),
        expiry=Expiry(
            [
                forget_old_answers,
                forget_old_requests,
                sessions.delete_expired,
                password_resets.delete_expired,
                address_changes.delete_expired,
                enrolments.delete_expired,
                rate_limits.delete_old,
                forget_old_deliveries,
                close_chain,
                AuditRetention(settings.audit_retention).delete_old,
            ],
            in_each_sweep=[password_resets.delete_expired_mails, address_changes.delete_expired_mails],
        ),
        delivery=delivery,
    )
