// ホーム: the contract, what may be done with it, and after termination when what happens.

import { ask, NotLoggedIn } from "./api.js";
import { isOpen, send, stillOpen, unanswered } from "./attempt.js";
import { calendarLink, CONTRACT, left, list, particulars, receipt, timeline } from "./contract.js";
import { h } from "./dom.js";
import { greet } from "./frame.js";
import { day, say } from "./language.js";
import { fill, goTo, load, tell } from "./outcome.js";
import { registration } from "./registration.js";
import { isResumable, resumeButton, untilWhenResumable } from "./resumption.js";

const HOME = `query { viewer { name role contract { ...Contract } } policy { erasureDays } } ${CONTRACT}`;

let policy = null;

load(async () => {
  const answer = await ask(HOME);
  const { viewer } = answer;
  policy = answer.policy;
  if (!viewer) throw new NotLoggedIn();
  if (viewer.role === "OPERATOR") return goTo("/operator");
  greet(viewer);
  const lost = unanswered(viewer.contract);
  if (lost && !isOpen(lost, viewer.contract)) return told(await send(lost));
  show(viewer.contract);
  if (lost) tell("information", stillOpen(lost));
});

function show(contract) {
  fill(
    contract.termination && summary(contract),
    h(
      "section.card",
      { "aria-labelledby": "particulars" },
      h(
        "div.card-head",
        {},
        h("h2", { id: "particulars" }, say("契約内容", "Contract")),
        h("div.buttons", {}, actions(contract)),
      ),
      particulars(contract),
    ),
    contract.termination &&
      h(
        "section.card",
        { "aria-labelledby": "dates" },
        h("h2", { id: "dates" }, say("今後の予定", "What follows")),
        list(receipt(contract.termination)),
        timeline(contract.termination.timeline, contract),
        calendarLink(),
      ),
    registration(contract, policy),
  );
}

const actions = (contract) =>
  contract.availableActions.map((action) =>
    action === "RESUME"
      ? resumeButton("primary", contract, told)
      : h("a.secondary.button", { href: "/terminate" }, say("契約終了", "Terminate the contract")),
  );

function summary(contract) {
  const { serviceAvailable, termination } = contract;
  const { serviceEnd, resumption, erasure } = termination.timeline;
  const resumable = isResumable(contract);
  if (serviceAvailable) {
    return h(
      "div.notice.summary",
      {},
      h(
        "p.large",
        {},
        say(
          `サービスは${day(serviceEnd.lastDay)}までご利用いただけます。`,
          `The service can be used until ${day(serviceEnd.lastDay)}.`,
        ),
        h("span.left", {}, left(serviceEnd.daysLeft)),
      ),
      resumable && untilWhenResumable(resumption),
    );
  }
  return h(
    "div.notice.summary",
    {},
    h(
      "p.large",
      {},
      resumable
        ? say("サービスのご利用は終了いたしました。", "Use of the service has ended.")
        : say("サービスのご利用と利用再開の受付は終了いたしました。", "Use of the service and resuming have ended."),
    ),
    resumable ? untilWhenResumable(resumption) : h("p", {}, resumption.explanation),
    h(
      "p",
      {},
      say(
        `契約内容は${day(erasure.lastDay)}までご覧いただけます。その後、登録情報は抹消されます。ふたたびご利用になる場合は、新規にお申し込みください。`,
        `You can view your contract until ${day(erasure.lastDay)}; after that, the registered information is erased. To use the service again, please apply anew.`,
      ),
    ),
  );
}

function told({ done, kind, problem, contract }, button) {
  if (done) return goTo("/done");
  if (!contract) return goTo("/", problem, kind);
  show(contract);
  tell(kind, problem, button);
}
