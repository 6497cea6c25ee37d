"""What the mail that accepts a termination can carry, in Japanese: a receipt, and the calendar of the dates."""

from datetime import datetime

from contract_notify import Attachment
from contract_rules import Language, Timeline, date_in_words
from contract_server.contracts.lookup.receipt_numbers import format_receipt_number
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.documents.calendar import calendar_of
from contract_server.policies.policies import ServedPolicies
from contract_server.settings import Settings

_RECEIPT = """おまかせログイン　利用終了の申請の受付控え

受付番号　　　　　：{number}
受付日時　　　　　：{accepted_at}
サービスのご利用　：{service_end}まで
利用再開の受付　　：{resumption}まで
登録情報の保管　　：{erasure}まで

申請の状況の照会　：{receipt_url}
お問い合わせ　　　：{contact_url}
"""


class AcceptanceDocuments:
    """Makes the documents of the application in force."""

    def __init__(self, settings: Settings, policies: ServedPolicies) -> None:
        self._settings = settings
        self._policies = policies

    def __call__(self, contract: ContractSnapshot) -> list[Attachment]:
        """Return the receipt and the calendar."""
        application, application_id = contract.facts.application, contract.application_id
        assert application is not None  # noqa: S101 - the mail is about it
        assert application_id is not None  # noqa: S101 - as above
        calendar = calendar_of(
            application_id,
            application.requested_at,
            application.timeline,
            self._policies.version(application.timeline.policy_version),
            domain=self._settings.mail_domain,
            language=Language.JA,
        )
        receipt = self._receipt(contract.receipt_number or "", application.requested_at, application.timeline)
        return [
            Attachment("receipt.txt", "plain", receipt),
            Attachment("dates.ics", "calendar", calendar.decode()),
        ]

    def _receipt(self, number: str, requested_at: datetime, timeline: Timeline) -> str:
        accepted_at = requested_at.astimezone(self._policies.zone)
        days = {
            "service_end": timeline.service_end,
            "resumption": timeline.resumption,
            "erasure": timeline.erasure,
        }
        return _RECEIPT.format(
            number=format_receipt_number(number),
            accepted_at=f"{_in_words(accepted_at)}{accepted_at:%H:%M}",
            receipt_url=f"{self._settings.public_url}/receipt",
            contact_url=self._settings.contact_url,
            **{name: date_in_words(deadline.last_day, Language.JA) for name, deadline in days.items()},
        )


def _in_words(instant: datetime) -> str:
    return date_in_words(instant.date(), Language.JA)
