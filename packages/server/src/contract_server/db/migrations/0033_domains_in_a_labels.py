"""Addresses of accounts with their domains in A-labels, as log-ins compare them."""

from typing import Any

import idna
from tortoise import migrations
from tortoise.migrations import operations as ops

BEYOND_ASCII = "SELECT id, email FROM account WHERE email ~ '[^\\x01-\\x7f]'"
REPLACE = """
    UPDATE account SET email = $2 WHERE id = $1 AND NOT EXISTS (SELECT FROM account AS other WHERE other.email = $2)
"""


async def convert(_apps: object, editor: Any) -> None:  # noqa: ANN401 - Tortoise exports no type for it
    """Convert what can be converted; to any other address no mail could be sent before either."""
    for row in await editor.client.execute_query_dict(BEYOND_ASCII):
        local_part, _, domain = row["email"].rpartition("@")
        try:
            labels = idna.encode(domain, uts46=True, std3_rules=True).decode()
        except idna.IDNAError:
            continue
        await editor.client.execute_query(REPLACE, [row["id"], f"{local_part}@{labels}"])


class Migration(migrations.Migration):
    """Few accounts have such an address: browsers hand over A-labels, so it could not be typed at log-in."""

    dependencies = [("contract_server", "0032_webhooks")]

    operations = [ops.RunPython(convert, ops.RunPython.noop)]
