// 完了: what was done, and the contract as it is now. It can be loaded again, and printed.

import { ask, NotLoggedIn } from "./api.js";
import { lastOutcome } from "./attempt.js";
import { calendarLink, CONTRACT, list, receipt, state, term, timeline } from "./contract.js";
import { byId, h } from "./dom.js";
import { greet } from "./frame.js";
import { say } from "./language.js";
import { fill, goTo, load, tell } from "./outcome.js";
import { isResumable, resumeButton, untilWhenResumable } from "./resumption.js";

const DONE = `query { viewer { name contract { ...Contract } } } ${CONTRACT}`;

const WORDS = {
  terminate: {
    title: say("利用停止手続きが完了しました", "Your contract is terminated"),
    thanks: say(
      "サービス利用停止申請を受理いたしました。ご愛顧いただきまして、誠にありがとうございました。",
      "We have accepted your application. Thank you for having used our service.",
    ),
  },
  resume: {
    title: say("利用再開手続きが完了しました", "Your contract is resumed"),
    thanks: say(
      "サービス利用再開申請を受理いたしました。引き続きご愛顧いただけますよう、お願い申し上げます。",
      "We have accepted your request. Thank you for staying with us.",
    ),
  },
};

load(async () => {
  const { viewer } = await ask(DONE);
  if (!viewer) throw new NotLoggedIn();
  const { contract } = viewer;
  const outcome = lastOutcome();
  if (!contract || outcome?.contractId !== contract.id) return goTo("/home");
  greet(viewer);
  if (outcome.version !== contract.version) {
    tell(
      "information",
      say(
        "このお手続きの後に、契約内容が変更されました。現在の内容を表示しています。",
        "The contract has changed since. This is how it stands now.",
      ),
    );
  }
  show(WORDS[outcome.action], contract);
});

function told({ done, kind, problem, contract }) {
  if (done) return goTo("/done");
  return goTo(contract ? "/home" : "/", problem, kind);
}

function show({ title, thanks }, contract) {
  document.title = `${title} | おまかせログイン`;
  fill(
    h(
      "div.done-head",
      {},
      h("img", { src: "/console/check.svg", alt: "", width: 64, height: 64 }),
      h("h1", { tabindex: "-1" }, title),
      h("p", {}, thanks),
      h(
        "p.hint",
        {},
        say("ご登録のメールアドレスに、受付のメールをお送りします。", "A mail of confirmation is on its way to you."),
      ),
    ),
    isResumable(contract) &&
      h(
        "div.notice.summary",
        {},
        untilWhenResumable(contract.termination.timeline.resumption),
        resumeButton("secondary", contract, told),
      ),
    h(
      "section.card",
      { "aria-labelledby": "state" },
      h("h2", { id: "state" }, say("契約内容", "Contract")),
      list([
        [term("company"), contract.company?.name],
        [say("契約者名", "Contractor"), contract.contractor?.name],
        ...state(contract),
        ...(contract.termination
          ? receipt(contract.termination)
          : []),
      ]),
    ),
    contract.termination &&
      h(
        "section.card",
        { "aria-labelledby": "dates" },
        h("h2", { id: "dates" }, say("今後の予定", "What follows")),
        timeline(contract.termination.timeline, contract),
        calendarLink(),
      ),
    h(
      "div.buttons.end",
      {},
      h("button.secondary", { type: "button", onclick: () => print() }, say("印刷する", "Print")),
      h("a.primary.button", { href: "/home" }, say("ホームに戻る", "Back to Home")),
    ),
  );
  byId("content").querySelector("h1").focus();
}
