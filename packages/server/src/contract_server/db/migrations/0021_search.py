"""Look-ups of contracts by what a caller says: names, address, phone number."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# each body stands alone: a restored dump makes the indexes while no function is found by its short name
FORMS = "株式会社|有限会社|合同会社|合資会社|合名会社|\\(株\\)|\\(有\\)|\\(同\\)|\\(資\\)|\\(名\\)"
SIGNS = "[[:space:]‐‑‒–—―−－・.,''()/_-]+"
KEY = """regexp_replace(regexp_replace(lower(normalize({}, NFKC) COLLATE "C"), '{}', '', 'g'), '{}', '', 'g')"""
REST = "substring(normalize($1, NFKC) FROM '^[[:space:]]*[^[:space:]]+[[:space:]]+(.+)$')"

FUNCTIONS = {
    "search_key": KEY.format("$1", FORMS, SIGNS),
    "search_rest": KEY.format(REST, FORMS, SIGNS),
    "search_digits": "regexp_replace(regexp_replace(normalize($1, NFKC), '^[[:space:]]*[+]81', '0'), '[^0-9]', '', 'g')",
}
INDEXES = {
    "company_search_name": "company (search_key(name) text_pattern_ops)",
    "company_search_rest": "company (search_rest(name) text_pattern_ops) WHERE search_rest(name) IS NOT NULL",
    "company_search_phone": "company (search_digits(phone_number) text_pattern_ops)",
    "account_search_name": "account (search_key(name) text_pattern_ops)",
    "account_search_rest": "account (search_rest(name) text_pattern_ops) WHERE search_rest(name) IS NOT NULL",
    "account_search_email": "account (email text_pattern_ops)",
}


class Migration(migrations.Migration):
    """Indexes on normalized values, without samples of them in the statistics."""

    dependencies = [("contract_server", "0020_receipts_of_before")]

    atomic = False  # CONCURRENTLY needs statements of their own

    operations = [
        *(
            ops.RunSQL(
                f"CREATE OR REPLACE FUNCTION {name}(text) RETURNS text LANGUAGE sql"
                f" IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT {body} $$",
                f"DROP FUNCTION {name}",
            )
            for name, body in FUNCTIONS.items()
        ),
        *(
            ops.RunSQL(
                [
                    f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
                    f"CREATE INDEX CONCURRENTLY {name} ON {columns}",
                    *([f"ALTER INDEX {name} ALTER COLUMN 1 SET STATISTICS 0"] if "search_" in columns else []),
                ],
                f"DROP INDEX CONCURRENTLY {name}",
            )
            for name, columns in INDEXES.items()
        ),
    ]
