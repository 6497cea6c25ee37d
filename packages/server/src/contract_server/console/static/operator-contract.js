// 契約の詳細: a contract's particulars, its dates, what happened, and the hold on its erasure.

import { ask } from "./api.js";
import { CONTRACT, list, particulars, receipt, timeline } from "./contract.js";
import { byId, h } from "./dom.js";
import { onSubmit, reject } from "./form.js";
import { greet } from "./frame.js";
import { instant, say } from "./language.js";
import { ACTOR_WORDS, EVENT_WORDS, requireOperator } from "./operations.js";
import { fill, load, press, tell } from "./outcome.js";

const EVENTS = 20;
const WITH_HOLD = "...Contract erasureHold { placedAt reason }";
const SHOWN = `
query ($id: ID!, $first: Int, $after: String) {
  viewer { name role }
  contract(id: $id) {
    ${WITH_HOLD}
    events(first: $first, after: $after) { nodes { id at type actor } pageInfo { hasNextPage endCursor } }
  }
}
${CONTRACT}`;
const HOLD = `
mutation ($input: HoldErasureInput!) {
  result: holdErasure(input: $input) { __typename ... on Problem { message } }
}`;
const RELEASE = `
mutation ($input: ReleaseErasureHoldInput!) {
  result: releaseErasureHold(input: $input) { __typename ... on Problem { message } }
}`;

const id = location.pathname.split("/").pop();

const loadContract = () => load(async () => show(await ask(SHOWN, { id, first: EVENTS })));
loadContract();

function show({ viewer, contract }) {
  requireOperator(viewer);
  greet(viewer);
  if (!contract) return fill(h("p.card.missing", {}, say("契約が見つかりません。", "There is no such contract.")));
  const { erasureHold, termination, events } = contract;
  fill(
    h(
      "section.card",
      { "aria-labelledby": "particulars" },
      h("h2", { id: "particulars" }, say("契約内容", "Contract")),
      particulars(contract),
      list([
        [say("会員数", "Members"), String(contract.memberCount)],
        [say("契約ID", "Contract id"), h("span.id", {}, contract.id)],
      ]),
    ),
    termination &&
      h(
        "section.card",
        { "aria-labelledby": "dates" },
        h("h2", { id: "dates" }, say("予定", "Dates")),
        list(receipt(termination)),
        timeline(termination.timeline, contract),
      ),
    h(
      "section.card",
      { "aria-labelledby": "history" },
      h("h2", { id: "history" }, say("履歴", "History")),
      h("ol.events", { id: "events" }, events.nodes.map(entry)),
      h("div.buttons", { id: "more" }, moreButton(events.pageInfo)),
    ),
    contract.status !== "ERASED" &&
      h(
        "section.card",
        { "aria-labelledby": "hold" },
        h("h2", { id: "hold" }, say("抹消の保留", "Erasure hold")),
        erasureHold ? held(erasureHold) : notHeld(),
      ),
  );
  const form = byId("holding");
  if (form)
    onSubmit(form, ({ reason }, button) =>
      erasureHold ? change(RELEASE, { contractId: id }, button) : change(HOLD, { contractId: id, reason }, button),
    );
}

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

const held = ({ placedAt, reason }) =>
  h(
    "form",
    { id: "holding", method: "post", novalidate: true },
    list([
      [say("保留した日時", "On hold since"), instant(placedAt)],
      [say("理由", "Reason"), reason],
    ]),
    h("div.buttons.end", {}, h("button.primary", { id: "change-hold", type: "submit" }, say("保留を解除", "Release the hold"))),
  );

const notHeld = () =>
  h(
    "form",
    { id: "holding", method: "post", novalidate: true },
    h(
      "p",
      {},
      say(
        "保留している間、登録情報は抹消されません。他の期日は変わりません。",
        "While on hold, nothing is erased. Every other date stands.",
      ),
    ),
    h(
      "div.field",
      {},
      h("label", { for: "reason" }, say("理由", "Reason")),
      h("input", {
        id: "reason",
        name: "reason",
        required: true,
        autocomplete: "off",
        "aria-describedby": "reason-hint reason-problem",
      }),
      h(
        "p.hint",
        { id: "reason-hint" },
        say("案件番号を入力してください。個人情報は入力しないでください。", "Write a case number, no personal data."),
      ),
      h("p.field-problem", { id: "reason-problem" }),
    ),
    h("div.buttons.end", {}, h("button.primary", { id: "change-hold", type: "submit" }, say("抹消を保留", "Put erasure on hold"))),
  );

async function change(operation, input, button) {
  const { result } = await ask(operation, { input });
  if (result.message) {
    const field = byId("reason");
    if (result.__typename === "InvalidInput" && field) return reject(field, result.message);
    return tell("problem", result.message, button);
  }
  await loadContract();
  tell(
    "information",
    operation === HOLD
      ? say("抹消を保留しました。", "Erasure is on hold.")
      : say("抹消の保留を解除しました。", "The hold is released."),
    button,
  );
}
