// 契約の詳細: a contract's particulars, its dates, what happened, and what an operator may do.

import { ask } from "./api.js";
import { CONTRACT, list, particulars, receipt, timeline } from "./contract.js";
import { byId, h } from "./dom.js";
import { greet } from "./frame.js";
import { instant, say } from "./language.js";
import { ACTOR_WORDS, EVENT_WORDS, requireOperator } from "./operations.js";
import { accountForm, confirmations, holds, listenToForms, mails, onBehalf } from "./operator-actions.js";
import { fill, load, press } from "./outcome.js";

const EVENTS = 20;
const SHOWN = `
query ($id: ID!, $first: Int, $after: String) {
  viewer { name role }
  contract(id: $id) {
    ...Contract
    erasureHolds {
      id reference reason placedAt reviewOn releasedAt releaseReason placedBy { id name } releasedBy { id name }
    }
    erasureConfirmations { serviceName outcome reason until confirmedAt dueAt overdue }
    mails { id kind state attempts failure queuedAt sentAt nextAttemptAt }
    events(first: $first, after: $after) { nodes { id at type actor } pageInfo { hasNextPage endCursor } }
  }
}
${CONTRACT}`;

const id = location.pathname.split("/").pop();

const loadContract = () => load(async () => show(await ask(SHOWN, { id, first: EVENTS })));
loadContract();

function show({ viewer, contract }) {
  requireOperator(viewer);
  greet(viewer);
  if (!contract) return fill(h("p.card.missing", {}, say("契約が見つかりません。", "There is no such contract.")));
  const { termination, events } = contract;
  fill(
    section(
      "particulars",
      say("契約内容", "Contract"),
      particulars(contract),
      list([
        [say("会員数", "Members"), String(contract.memberCount)],
        [say("契約ID", "Contract id"), h("span.id", {}, contract.id)],
      ]),
    ),
    termination &&
      section("dates", say("予定", "Dates"), list(receipt(termination)), timeline(termination.timeline, contract)),
    contract.availableActions.length > 0 &&
      section("on-behalf", say("代理での手続き", "On behalf of the contractor"), onBehalf(contract)),
    section(
      "history",
      say("履歴", "History"),
      h("ol.events", { id: "events" }, events.nodes.map(entry)),
      h("div.buttons", { id: "more" }, moreButton(events.pageInfo)),
    ),
    (contract.status !== "ERASED" || contract.erasureHolds.length > 0) &&
      section("hold", say("抹消の保留", "Erasure hold"), holds(contract)),
    contract.erasureConfirmations.length > 0 &&
      section("confirmations", say("他サービスでの抹消", "Erasure by other services"), confirmations(contract)),
    contract.mails.length > 0 && section("mails", say("メール", "Mails"), mails(contract)),
    contract.contractor && section("account", say("ログインの支援", "Help with logging in"), accountForm()),
  );
  listenToForms(contract, loadContract);
}

const section = (id, heading, ...content) =>
  h("section.card", { "aria-labelledby": id }, h("h2", { id }, heading), ...content);

const entry = ({ at, type, actor }) =>
  h(
    "li",
    {},
    h("span.at", {}, instant(at)),
    h("span", {}, EVENT_WORDS[type] ?? type),
    h("span.actor", {}, ACTOR_WORDS[actor] ?? actor),
  );

const moreButton = ({ hasNextPage, endCursor }) =>
  hasNextPage &&
  h(
    "button.secondary",
    { type: "button", onclick: (event) => press(event.currentTarget, () => more(endCursor)) },
    say("続きを表示", "Show more"),
  );

async function more(after) {
  const { contract } = await ask(SHOWN, { id, first: EVENTS, after });
  const added = contract.events.nodes.map(entry);
  byId("events").append(...added);
  byId("more").replaceChildren(moreButton(contract.events.pageInfo) || "");
  added[0].tabIndex = -1; // the button that had the focus is gone: reading goes on here
  added[0].focus();
}
