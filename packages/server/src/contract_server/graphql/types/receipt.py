"""What the holder of a receipt number may know."""

from datetime import datetime

import strawberry

from contract_server.erasure.receipts import Receipt
from contract_server.graphql.context import RequestContext
from contract_server.graphql.types.enumerations import ReceiptStatus


@strawberry.type(description="What became of an application to terminate.")
class ApplicationReceipt:
    number: str = strawberry.field(description="受付番号, as it is written: `K7M2-9QX4-TN3W`.")
    status: ReceiptStatus = strawberry.field(description="What became of it.")
    accepted_at: datetime = strawberry.field(description="When it was accepted.")
    resumed_at: datetime | None = strawberry.field(description="When it was taken back.")
    erased_at: datetime | None = strawberry.field(description="When the registered information was erased.")
    evidence_hash: str | None = strawberry.field(
        description="The hash of the evidence of the erasure, which an auditor finds in the chain."
    )

    @classmethod
    def of(cls, receipt: Receipt, context: RequestContext) -> "ApplicationReceipt":
        return cls(
            number=receipt.number,
            status=receipt.status,
            accepted_at=context.local(receipt.accepted_at),
            resumed_at=context.local(receipt.resumed_at) if receipt.resumed_at else None,
            erased_at=context.local(receipt.erased_at) if receipt.erased_at else None,
            evidence_hash=receipt.evidence_hash,
        )
