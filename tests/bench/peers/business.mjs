// What the two Node peers do: one joined read for the home query, an ordinary transaction for a change.

import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import pg from "pg";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const DAY = 86_400_000;
const TOKYO = 9 * 3_600_000;

pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const prepared = (client, name, text, values) => client.query({ name, text, values });
const hash = (request) =>
  createHash("sha256").update(request.headers.authorization.slice("Bearer ".length)).digest("hex");

const HOME = read("home.sql");
const SUBJECT = "【おまかせログイン】サービス利用停止受理通知";
const BODY = read("mail.txt");

export const typeDefs = read("schema.graphql");

export async function viewer(request) {
  const { rows } = await prepared(pool, "home", HOME, [hash(request)]);
  if (!rows.length) return null;
  const row = rows[0];
  const applied = row.requested_at !== null;
  return {
    name: row.name,
    contract: {
      id: row.id,
      version: row.version,
      company: {
        name: row.company,
        address: row.address,
        postalCode: row.postal_code,
        phoneNumber: row.phone_number,
      },
      contractor: { name: row.name, email: row.email },
      status: row.status,
      startedOn: row.started_on,
      endedOn: row.service_end_last_day,
      serviceAvailable: !applied || row.now < row.service_end_at,
      termination: applied
        ? {
            requestedAt: local(row.requested_at),
            timeline: {
              serviceEnd: { lastDay: row.service_end_last_day, at: local(row.service_end_at) },
              resumption: { lastDay: row.resumption_last_day, at: local(row.resumption_at) },
              erasure: { lastDay: row.erasure_last_day, at: local(row.erasure_at) },
            },
          }
        : null,
    },
  };
}

export async function terminate(request, { contractId, idempotencyKey, reason }) {
  return inTransaction(request, contractId, idempotencyKey, async (client, account, contract) => {
    if (contract.status !== "ACTIVE") return refused("ALREADY_TERMINATED");
    const now = new Date();
    const dates = { serviceEnd: deadline(now, 14), resumption: deadline(now, 14), erasure: deadline(now, 45) };
    const application = randomUUID();
    await prepared(
      client,
      "apply",
      `INSERT INTO termination_application (id, contract_id, number, requested_at, requested_on, reason,
         policy_version, service_end_last_day, service_end_at, resumption_last_day, resumption_at,
         erasure_last_day, erasure_at)
       VALUES ($1, $2, $3, $4, $5, $6, '1.0', $7, $8, $9, $10, $11, $12)`,
      [
        ...[application, contractId, contract.applications + 1, now, day(now), reason],
        ...Object.values(dates).flatMap(({ lastDay, instant }) => [lastDay, instant]),
      ],
    );
    await prepared(
      client,
      "terminate",
      `UPDATE contract SET version = version + 1, status = 'TERMINATED', applications = applications + 1,
         service_end_due_at = $2, erasure_due_at = $3 WHERE id = $1`,
      [contractId, dates.serviceEnd.instant, dates.erasure.instant],
    );
    await record(client, account, contract, application, "TERMINATION_REQUESTED", now, idempotencyKey);
    return {
      __typename: "ContractTerminated",
      contract: {
        version: contract.version + 1,
        status: "TERMINATED",
        endedOn: dates.serviceEnd.lastDay,
        serviceAvailable: true,
        termination: { requestedAt: local(now), timeline: dates },
      },
    };
  });
}

export async function resume(request, { contractId, idempotencyKey }) {
  return inTransaction(request, contractId, idempotencyKey, async (client, account, contract) => {
    const { rows } = await prepared(
      client,
      "in force",
      "SELECT id, resumption_at FROM termination_application WHERE contract_id = $1 AND withdrawn_at IS NULL",
      [contractId],
    );
    const now = new Date();
    if (!rows.length || now >= rows[0].resumption_at) return refused("NOT_TERMINATED");
    await prepared(client, "withdraw", "UPDATE termination_application SET withdrawn_at = $2 WHERE id = $1", [
      rows[0].id,
      now,
    ]);
    await prepared(
      client,
      "resume",
      `UPDATE contract SET version = version + 1, status = 'ACTIVE', service_end_due_at = NULL,
         erasure_due_at = NULL WHERE id = $1`,
      [contractId],
    );
    await record(client, account, contract, rows[0].id, "RESUMED", now, idempotencyKey);
    return {
      __typename: "ContractResumed",
      contract: { version: contract.version + 1, status: "ACTIVE", endedOn: null, serviceAvailable: true },
    };
  });
}

async function inTransaction(request, contractId, key, change) {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const account = (
      await prepared(
        client,
        "viewer",
        `SELECT account.id, account.email, account.contract_id FROM session
           JOIN account ON account.id = session.account_id
          WHERE token_hash = $1 AND expires_at > clock_timestamp()`,
        [hash(request)],
      )
    ).rows[0];
    const contract = (
      await prepared(client, "lock", "SELECT * FROM contract WHERE id = $1 FOR UPDATE", [contractId])
    ).rows[0];
    const known = await prepared(
      client,
      "known",
      "SELECT FROM idempotent_answer WHERE account_id = $1 AND key = $2",
      [account?.id, key],
    );
    const answer =
      account?.contract_id !== contractId || known.rowCount
        ? refused("CONTRACT_NOT_FOUND")
        : await change(client, account, contract);
    await client.query("COMMIT");
    return answer;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

async function record(client, account, contract, application, type, now, key) {
  const event = randomUUID();
  await prepared(
    client,
    "event",
    `INSERT INTO contract_event (id, contract_id, at, type, actor, application_id)
     VALUES ($1, $2, $3, $4, 'CONTRACTOR', $5)`,
    [event, contract.id, now, type, application],
  );
  await prepared(
    client,
    "mail",
    `INSERT INTO outbox_mail (contract_id, kind, message_id, dated_at, recipient, subject, body, state, attempts,
       next_attempt_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'PENDING', 0, $4)`,
    [contract.id, type.toLowerCase(), `<${event}@omakase-login.example>`, now, account.email, SUBJECT, BODY],
  );
  await prepared(
    client,
    "answer",
    "INSERT INTO idempotent_answer (account_id, key, input_hash, answer) VALUES ($1, $2, $3, $4)",
    [
      account.id,
      key,
      createHash("sha256").update(type + contract.id).digest(),
      JSON.stringify({ version: contract.version + 1 }),
    ],
  );
}

const refused = (code) => ({ __typename: "ActionRefused", code, message: "" });
const local = (instant) =>
  new Date(instant.getTime() + TOKYO).toISOString().replace(/(\.000)?Z$/, "+09:00");
const day = (instant) => new Date(instant.getTime() + TOKYO).toISOString().slice(0, 10);

function deadline(now, days) {
  const lastDay = new Date(Date.parse(`${day(now)}T00:00:00Z`) + days * DAY);
  const instant = new Date(lastDay.getTime() + DAY - TOKYO);
  return { lastDay: lastDay.toISOString().slice(0, 10), instant, at: local(instant) };
}
