// 操作履歴: who did what, when, from where and why, the newest first. Filter and page stand in the address.

import { ask } from "./api.js";
import { byId, h } from "./dom.js";
import { greet } from "./frame.js";
import { instant, say } from "./language.js";
import { ACTOR_WORDS, EVENT_WORDS, pages, requireOperator, table } from "./operations.js";
import { fill, load } from "./outcome.js";

const PAGE = 20;
const LOG = `
query ($filter: AuditFilter, $first: Int, $after: String) {
  viewer { name role }
  auditLog(filter: $filter, first: $first, after: $after) {
    nodes {
      at action event actor interface contractId subject reason
      account { id name }
      about { id name }
    }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}`;

const ACTION_WORDS = {
  CONTRACT_CHANGED: say("契約の変更", "Change of a contract"),
  LOGGED_IN: say("ログイン", "Log-in"),
  LOG_IN_FAILED: say("ログインの失敗", "Failed log-in"),
  LOGGED_OUT: say("ログアウト", "Log-out"),
  SESSIONS_ENDED: say("ログイン中の画面の終了", "Sessions ended"),
  PASSWORD_LINK_REQUESTED: say("パスワード再設定の依頼", "Password link requested"),
  PASSWORD_REPLACED: say("パスワードの変更", "Password replaced"),
  ACCOUNT_ADDED: say("アカウントの追加", "Account added"),
  ACCOUNT_UNLOCKED: say("ログイン制限の解除", "Account unlocked"),
  ACCOUNT_DISABLED: say("アカウントの停止", "Account disabled"),
  ACCOUNT_ENABLED: say("アカウントの停止解除", "Account enabled"),
  ACCOUNT_RENAMED: say("氏名の変更", "Account renamed"),
  ADDRESS_CHANGE_REQUESTED: say("メールアドレス変更の依頼", "Change of address requested"),
  ADDRESS_CHANGED: say("メールアドレスの変更", "Address changed"),
  CONTRACT_TRANSFERRED: say("契約者様の変更", "Contract transferred"),
  SESSIONS_ENDED: say("ほかのログインの終了", "Sessions ended"),
  ENROLMENT_LINK_MADE: say("パスキー登録用リンクの発行", "Enrolment link made"),
  SECOND_FACTOR_ENROLLED: say("パスキーの登録", "Passkey registered"),
  SECOND_FACTOR_PASSED: say("二段階認証", "Second factor shown"),
  SECOND_FACTOR_FAILED: say("二段階認証の失敗", "Second factor refused"),
  REGISTRATION_EXPORTED: say("登録情報のダウンロード", "Registered information downloaded"),
  CONTRACTS_IMPORTED: say("契約の取り込み", "Contracts imported"),
  ERASURE_APPROVAL_REQUESTED: say("抹消の承認の依頼", "Approval of erasures requested"),
  ERASURES_APPROVED: say("抹消の承認", "Erasures approved"),
  ERASURE_REPLAYED: say("復元後の再抹消", "Erasure replayed"),
  ACTIONS_RETRIED: say("処理の再試行", "Due actions retried"),
  MAILS_RETRIED: say("メールの再送", "Mails retried"),
  MAIL_DISMISSED: say("メールの対応済み", "Mail dismissed"),
  FURTHER_HOLD_PLACED: say("保留の追加", "Further hold placed"),
  FURTHER_HOLD_RELEASED: say("保留の一部解除", "One of several holds released"),
  SERVICE_ADDED: say("連携サービスの追加", "Service added"),
  SERVICE_TOKEN_ROTATED: say("連携サービスのトークン更新", "Service token rotated"),
  SERVICE_REVOKED: say("連携サービスの停止", "Service revoked"),
  WEBHOOK_ADDED: say("Webhookの追加", "Webhook added"),
  WEBHOOK_ROTATED: say("Webhookの鍵の更新", "Webhook secret rotated"),
  WEBHOOK_CHANGED: say("Webhookの送信先の変更", "Webhook changed"),
  WEBHOOK_WITHDRAWN: say("Webhookの設定からの除外", "Webhook withdrawn"),
  WEBHOOK_REMOVED: say("Webhookの停止", "Webhook removed"),
  WEBHOOKS_RETRIED: say("Webhookの再送", "Webhooks retried"),
  WEBHOOKS_DISMISSED: say("Webhookの送信断念", "Webhooks dismissed"),
};
const INTERFACE_WORDS = {
  API: "API",
  PAGE: say("画面", "Page"),
  WORKER: say("自動処理", "Worker"),
  COMMAND_LINE: say("コマンド", "Command"),
};
const HEADINGS = [
  say("操作した人", "Who"),
  say("日時", "When"),
  say("操作", "Action"),
  say("経路", "By"),
  say("対象", "About"),
  say("理由", "Reason"),
];

const wanted = new URLSearchParams(location.search);
byId("action").append(...Object.entries(ACTION_WORDS).map(([value, text]) => h("option", { value }, text)));
for (const name of ["action", "contract"]) byId(name).value = wanted.get(name) ?? "";

load(async () => {
  const { viewer, auditLog } = await ask(LOG, { filter: filter(), first: PAGE, after: wanted.get("after") });
  requireOperator(viewer);
  greet(viewer);
  if (!auditLog.nodes.length) return fill(h("p.card", {}, say("該当する操作はありません。", "No entry matches.")));
  fill(table(say("操作履歴", "Audit trail"), HEADINGS, auditLog.nodes.map(row)), pages("/operator/audit", auditLog.pageInfo));
});

function filter() {
  const found = {};
  if (byId("action").value) found.action = byId("action").value;
  if (byId("contract").value) found.contractId = byId("contract").value;
  if (wanted.get("account")) found.accountId = wanted.get("account");
  return found;
}

const row = ({ at, action, event, actor, interface: way, contractId, subject, reason, account, about }) => [
  account ? person(account) : (ACTOR_WORDS[actor] ?? "-"),
  instant(at),
  EVENT_WORDS[event] ?? ACTION_WORDS[action] ?? action,
  INTERFACE_WORDS[way] ?? "-",
  [
    about && person(about),
    contractId && h("a.id", { href: `/operator/contracts/${contractId}` }, contractId),
    subject && h("span", {}, subject),
    about || contractId || subject ? null : "-",
  ],
  reason ?? "-",
];

const person = ({ id, name }) =>
  h("a", { href: `/operator/audit?account=${id}` }, name ?? say("（抹消済み）", "(erased)"));
