-- All that the limit does in the database: one statement to read, one call to change.

CREATE OR REPLACE FUNCTION bench_change(
    terminate boolean, session_hash text, asked_contract uuid, asked_key text, asked_hash bytea,
    new_application uuid, new_event uuid, today date, mail_subject text, mail_body text
) RETURNS TABLE (outcome text, new_version int, requested_on date) LANGUAGE plpgsql AS $$
DECLARE
    who record;
    held record;
    in_force record;
    concerned uuid := new_application;
    instant timestamptz;
    midnight timestamptz;
BEGIN
    SELECT account.id, account.contract_id, account.email, account.role INTO who
      FROM session JOIN account ON account.id = session.account_id
     WHERE session.token_hash = session_hash AND session.expires_at > clock_timestamp()
       AND session.last_used_at > clock_timestamp() - interval '2 hours';
    IF NOT FOUND OR who.contract_id IS DISTINCT FROM asked_contract THEN
        RETURN QUERY SELECT 'NOT_FOUND', 0, today;
        RETURN;
    END IF;
    SELECT * INTO held FROM contract WHERE id = asked_contract FOR UPDATE;
    PERFORM FROM idempotent_answer WHERE account_id = who.id AND key = asked_key;
    IF FOUND THEN
        RETURN QUERY SELECT 'REPEATED', held.version, today;
        RETURN;
    END IF;
    instant := clock_timestamp();
    midnight := today::timestamp AT TIME ZONE 'Asia/Tokyo';
    IF terminate THEN
        IF held.status <> 'ACTIVE' THEN
            RETURN QUERY SELECT 'REFUSED', held.version, today;
            RETURN;
        END IF;
        INSERT INTO termination_application (id, contract_id, number, requested_at, requested_on, reason,
            policy_version, service_end_last_day, service_end_at, resumption_last_day, resumption_at,
            erasure_last_day, erasure_at)
        VALUES (new_application, asked_contract, held.applications + 1, instant, today, 'TOO_EXPENSIVE', '1.0',
            today + 14, midnight + interval '15 days', today + 14, midnight + interval '15 days',
            today + 45, midnight + interval '46 days');
        UPDATE contract SET version = held.version + 1, status = 'TERMINATED', applications = held.applications + 1,
            service_end_due_at = midnight + interval '15 days', erasure_due_at = midnight + interval '46 days'
         WHERE id = asked_contract;
    ELSE
        SELECT * INTO in_force FROM termination_application
         WHERE contract_id = asked_contract AND withdrawn_at IS NULL;
        IF held.status <> 'TERMINATED' OR instant >= in_force.resumption_at THEN
            RETURN QUERY SELECT 'REFUSED', held.version, today;
            RETURN;
        END IF;
        concerned := in_force.id;
        UPDATE termination_application SET withdrawn_at = instant WHERE id = concerned;
        UPDATE contract SET version = held.version + 1, status = 'ACTIVE', service_end_due_at = NULL,
            erasure_due_at = NULL
         WHERE id = asked_contract;
    END IF;
    INSERT INTO contract_event (id, contract_id, at, type, actor, application_id)
    VALUES (new_event, asked_contract, instant, CASE WHEN terminate THEN 'TERMINATION_REQUESTED' ELSE 'RESUMED' END,
        'CONTRACTOR', concerned);
    INSERT INTO outbox_mail (contract_id, kind, message_id, dated_at, recipient, subject, body, state, attempts,
        next_attempt_at)
    VALUES (asked_contract, CASE WHEN terminate THEN 'termination_accepted' ELSE 'resumption_accepted' END,
        '<' || new_event || '@omakase-login.example>', instant, who.email, mail_subject, mail_body, 'PENDING', 0,
        instant);
    INSERT INTO idempotent_answer (account_id, key, input_hash, answer)
    VALUES (who.id, asked_key, asked_hash, jsonb_build_object('version', held.version + 1));
    RETURN QUERY SELECT 'DONE', held.version + 1, today;
END $$;
