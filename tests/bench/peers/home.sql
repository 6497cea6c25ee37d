SELECT account.name, account.email, contract.id, contract.version, contract.status, contract.started_on,
       company.name AS company, company.address, company.postal_code, company.phone_number,
       applied.requested_at, applied.service_end_last_day, applied.service_end_at, applied.resumption_last_day,
       applied.resumption_at, applied.erasure_last_day, applied.erasure_at, clock_timestamp() AS now
  FROM session
  JOIN account ON account.id = session.account_id
  JOIN contract ON contract.id = account.contract_id
  LEFT JOIN company ON company.contract_id = contract.id
  LEFT JOIN termination_application AS applied ON applied.contract_id = contract.id AND withdrawn_at IS NULL
 WHERE token_hash = $1 AND expires_at > clock_timestamp()
   AND last_used_at > clock_timestamp() - interval '2 hours'
