"""Statements that several faults need."""

OWE_MAILS = """
INSERT INTO outbox_mail (kind, message_id, dated_at, next_attempt_at, recipient, subject, body, state, attempts)
SELECT 'service_ended', '<' || number || '@example.jp>', now(), now(), 'someone@example.jp', 's', 'b', 'PENDING', 0
  FROM generate_series(1, $1::int) AS number
"""
PERSONAL_ROWS = """
SELECT (SELECT count(*) FROM member WHERE contract_id = $1) + (SELECT count(*) FROM company WHERE contract_id = $1)
     + (SELECT count(*) FROM account WHERE contract_id = $1)
"""
