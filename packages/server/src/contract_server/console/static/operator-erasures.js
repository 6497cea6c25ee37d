// 抹消予定: what is erased when, what is in the way, and approvals by a second person. The page stands in the address.

import { ask } from "./api.js";
import { list } from "./contract.js";
import { byId, h } from "./dom.js";
import { greet } from "./frame.js";
import { instant, say } from "./language.js";
import { change, pages, requireOperator, table } from "./operations.js";
import { fill, load, press, tell } from "./outcome.js";

const PAGE = 20;
const ERASURES = `
query ($first: Int, $after: String) {
  viewer { name role }
  erasureBreaker { due limit stopped failed request { id contracts requestedAt mayApprove } }
  dueErasures(first: $first, after: $after) {
    nodes { contractId companyName dueAt state tries failure }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}`;

const STATE_WORDS = {
  SCHEDULED: say("予定", "Scheduled"),
  DUE: say("次の処理で抹消", "Due"),
  STOPPED: say("承認待ち", "Waits for approval"),
  RETRYING: say("再試行中", "Retrying"),
  FAILED: say("中断", "Failed"),
  ON_HOLD: say("保留中", "On hold"),
};
const HEADINGS = [
  say("会社名", "Company"),
  say("抹消の期日", "Due at"),
  say("状態", "State"),
  say("失敗の回数", "Failures"),
];

const after = new URLSearchParams(location.search).get("after");

const loadErasures = () => load(async () => show(await ask(ERASURES, { first: PAGE, after })));
loadErasures();

function show({ viewer, erasureBreaker, dueErasures }) {
  requireOperator(viewer);
  greet(viewer);
  const { nodes, pageInfo } = dueErasures;
  fill(
    h("section.card", { "aria-labelledby": "breaker" }, ...breaker(erasureBreaker)),
    nodes.length
      ? table(say("抹消予定", "Erasures"), HEADINGS, nodes.map(row))
      : h("p.card", {}, say("抹消の予定はありません。", "No erasure is scheduled.")),
    pages("/operator/erasures", pageInfo),
  );
}

const row = ({ contractId, companyName, dueAt, state, tries, failure }) => [
  h("a", { href: `/operator/contracts/${contractId}` }, companyName ?? contractId),
  instant(dueAt),
  STATE_WORDS[state] ?? state,
  tries ? `${tries} (${failure})` : "-",
];

const breaker = ({ due, limit, stopped, failed, request }) => [
  h("h2", { id: "breaker" }, stopped ? say("承認を待つ抹消があります", "Erasures wait for an approval") : say("期日を迎えた抹消", "Due erasures")),
  list([
    [say("期日を迎えた件数", "Due"), String(due)],
    [say("承認なしで抹消できる件数", "Without approval"), String(limit)],
    [say("中断した処理", "Failed actions"), String(failed)],
    request && [
      say("承認の依頼", "Request"),
      say(`${instant(request.requestedAt)}までの${request.contracts}件`, `${request.contracts}, due by ${instant(request.requestedAt)}`),
    ],
  ].filter(Boolean)),
  request && !request.mayApprove && h("p", {}, say("別の運用担当者の承認を待っています。", "Another operator has to approve.")),
  h(
    "div.buttons.end",
    {},
    failed > 0 && action("retry-all", say("中断した処理をすべて再試行", "Retry all failed actions"), retryAll),
    stopped && action("request", say("承認を依頼", "Ask for an approval"), requestApproval),
    request?.mayApprove && action("approve", say("抹消を承認", "Approve"), (button) => approve(request.id, button)),
  ),
];

const action = (id, text, work) =>
  h(
    "button.secondary",
    { id, type: "button", onclick: ({ currentTarget }) => press(currentTarget, () => work(currentTarget)) },
    text,
  );

const told = (text, button) => async () => {
  await loadErasures();
  tell("information", text, byId(button.id) ?? byId("breaker"));
};

const retryAll = (button) =>
  change("retryFailedActions", "RetryFailedActionsInput", {}, button, told(say("次の処理で再試行します。", "The next sweep tries again."), button));

const requestApproval = (button) =>
  change("requestErasureApproval", null, null, button, told(say("承認を依頼しました。", "The approval is requested."), button));

const approve = (requestId, button) =>
  change("approveErasures", "ApproveErasuresInput", { requestId }, button, told(say("抹消を承認しました。", "The erasures are approved."), button));
