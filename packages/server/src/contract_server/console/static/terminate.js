// 契約終了確認: the dates that will follow, and the button that sets them.

import { ask, NotLoggedIn } from "./api.js";
import { attempt, isOpen, lastOutcome, send, stillOpen, unanswered, uncertain } from "./attempt.js";
import { CONTRACT, particulars, timeline } from "./contract.js";
import { byId, h } from "./dom.js";
import { onSubmit } from "./form.js";
import { greet } from "./frame.js";
import { dayOfYear, say } from "./language.js";
import { fill, goTo, load, tell } from "./outcome.js";
import { tab } from "./storage.js";

const CONFIRMATION = `
query {
  viewer { name contract { ...Contract } }
  timeline { ...Timeline }
  policy { serviceEndDays resumptionDays erasureDays }
} ${CONTRACT}`;

const REASONS = {
  NO_LONGER_NEEDED: say("利用する必要がなくなった", "No longer needed"),
  MISSING_FEATURES: say("必要な機能がない", "Missing features"),
  TOO_EXPENSIVE: say("料金面の理由", "The price"),
  SWITCHED_SERVICE: say("他のサービスに切り替える", "Switching to another service"),
  COMPANY_CLOSED: say("廃業・解散のため", "The business is closing or being dissolved"),
  MISTAKE: say("誤って契約した", "Subscribed by mistake"),
  OTHER: say("その他", "Other"),
};

load(async () => {
  const { viewer, timeline: dates, policy } = await ask(CONFIRMATION);
  if (!viewer) throw new NotLoggedIn();
  const { contract } = viewer;
  if (!contract) return goTo("/operator");
  greet(viewer);
  const lost = unanswered(contract);
  if (lost && !isOpen(lost, contract)) return told(await send(lost));
  if (!contract.availableActions.includes("TERMINATE")) {
    const mine = lastOutcome();
    return goTo(mine?.contractId === contract.id && mine.version === contract.version ? "/done" : "/home");
  }
  show(contract, dates, policy);
  if (lost) tell("information", stillOpen(lost));
});

function show(contract, dates, policy) {
  fill(
    h("p.headline", {}, headline(dates)),
    h(
      "form",
      { id: "confirm", method: "post" },
      h(
        "section.card",
        { "aria-labelledby": "dates" },
        h("h2", { id: "dates" }, say("本日お申し込みの場合の予定", "If you apply today")),
        timeline(dates),
      ),
      h(
        "section.card",
        { "aria-labelledby": "notes" },
        h("h2", { id: "notes" }, say("ご確認事項", "Please note")),
        notes(contract, policy),
        reasonField(),
      ),
      h(
        "div.buttons.end.bar",
        {},
        h("a.secondary.button", { href: "/home" }, say("ホームに戻る", "Back to Home")),
        h("button.primary", { type: "submit" }, say("契約終了", "Terminate the contract")),
      ),
    ),
  );
  keepReason(contract);
  byId("reason").addEventListener("change", ({ target }) => tab.write(chosen(contract), target.value));
  onSubmit(byId("confirm"), (_, button) => terminate(contract, button), uncertain());
}

/** What follows, in one sentence. */
function headline({ serviceEnd, resumption }) {
  const until = [serviceEnd, resumption].map(({ lastDay }) => dayOfYear(lastDay));
  const sameDay = until[0] === until[1];
  return say(
    `本日お申し込みの場合、${until[0]}までご利用いただけ、${sameDay ? "同日" : until[1]}まで取り消せます。`,
    `If you apply today, you can use the service until ${until[0]}, and take the application back until ${sameDay ? "the same day" : until[1]}.`,
  );
}

const notes = ({ memberCount }, { serviceEndDays, resumptionDays, erasureDays }) =>
  h(
    "ul.notes",
    {},
    h(
      "li",
      {},
      say(
        `※利用終了の申請日から${serviceEndDays}日を以って本機能の利用を終了するものとし、申請日から${erasureDays}日を以って会員の登録情報を抹消するものとします。`,
        `Use of the service ends ${serviceEndDays} days after the application, and the registered information is erased ${erasureDays} days after it.`,
      ),
    ),
    h(
      "li",
      {},
      say(
        `※サービス利用停止受理から${resumptionDays}日の間は、契約管理の「ホーム」から利用を再開することが可能です。`,
        `For ${resumptionDays} days you can resume the contract from Home.`,
      ),
    ),
    h(
      "li",
      {},
      say(
        `※抹消の対象は、契約者様、会員${memberCount}名様および会社の登録情報です。抹消後は元に戻すことができません。`,
        `Your information, that of ${memberCount} members and that of the company will be erased. This cannot be undone.`,
      ),
    ),
  );

const reasonField = () =>
  h(
    "div.field",
    {},
    h("label", { for: "reason" }, say("終了の理由（任意）", "Reason (optional)")),
    h(
      "select",
      { id: "reason", name: "reason" },
      h("option", { value: "" }, say("選択しない", "No answer")),
      Object.entries(REASONS).map(([value, text]) => h("option", { value }, text)),
    ),
  );

// a wish whose answer is not known is sent again as it was
function keepReason(contract) {
  const wish = unanswered(contract);
  const isSent = Boolean(wish) && isOpen(wish, contract);
  byId("reason").value = (isSent ? wish.input.reason : tab.read(chosen(contract))) ?? "";
  byId("reason").disabled = isSent;
}

// the choice outlasts a reload and a log-in
const chosen = ({ id }) => `reason:${id}`;

async function terminate(contract, button) {
  const answer = attempt("terminate", contract, { reason: byId("reason").value || null });
  keepReason(contract);
  return told(await answer, button);
}

function told({ done, kind, problem, contract }, button) {
  if (done) return goTo("/done");
  if (!contract) return goTo("/", problem, kind);
  fill(
    h(
      "section.card",
      { "aria-labelledby": "now" },
      h("h2", { id: "now" }, say("現在の契約内容", "The contract now")),
      particulars(contract),
      contract.termination && timeline(contract.termination.timeline, contract),
    ),
    h("div.buttons", {}, h("a.primary.button", { href: "/home" }, say("ホームに戻る", "Back to Home"))),
  );
  tell(kind, problem, button);
}
