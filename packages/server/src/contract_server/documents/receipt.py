"""What the mail that accepts a termination can carry, in Japanese: a receipt, and the calendar of the dates."""

from datetime import date

from contract_notify import Attachment
from contract_rules import Application, Language, date_in_words
from contract_server.contracts.lookup.receipt_numbers import format_receipt_number
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.documents.calendar import calendar_of
from contract_server.documents.receipt_terms import TERMS
from contract_server.policies.policies import ServedPolicies
from contract_server.settings import Settings

_RECEIPT = """おまかせログイン　利用終了の申請の受付控え

{particulars}

申請の状況の照会　：{receipt_url}
お問い合わせ　　　：{contact_url}
"""
_WIDTH = 1 + max(len(term[Language.JA]) for term in TERMS.values())


class AcceptanceDocuments:
    """Makes the documents of the application in force."""

    def __init__(self, settings: Settings, policies: ServedPolicies) -> None:
        self._settings = settings
        self._policies = policies

    def __call__(self, contract: ContractSnapshot, company: str) -> list[Attachment]:
        """Return the receipt, which names the company, and the calendar."""
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
        receipt = self._receipt(contract.receipt_number or "", company, application)
        return [
            Attachment("receipt.txt", "plain", receipt),
            Attachment("dates.ics", "calendar", calendar.decode()),
        ]

    def _receipt(self, number: str, company: str, application: Application) -> str:
        accepted_at, timeline = application.requested_at.astimezone(self._policies.zone), application.timeline
        particulars = {
            "number": format_receipt_number(number),
            "acceptedAt": f"{_in_words(accepted_at.date())}{accepted_at:%H:%M}",
            "company": company,
            "serviceEnd": f"{_in_words(timeline.service_end.last_day)}まで",
            "resumption": f"{_in_words(timeline.resumption.last_day)}まで",
            "erasure": f"{_in_words(timeline.erasure.last_day)}まで",
        }
        return _RECEIPT.format(
            particulars="\n".join(
                f"{_padded(TERMS[name][Language.JA])}：{value}" for name, value in particulars.items()
            ),
            receipt_url=f"{self._settings.public_url}/receipt",
            contact_url=self._settings.contact_url,
        )


def _padded(term: str) -> str:
    return f"{term:　<{_WIDTH}}"


def _in_words(day: date) -> str:
    return date_in_words(day, Language.JA)
