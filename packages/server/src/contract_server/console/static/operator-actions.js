// What an operator may do with one contract: forms, and what they send.

import { list } from "./contract.js";
import { byId, h } from "./dom.js";
import { onSubmit } from "./form.js";
import { day, instant, say } from "./language.js";
import { NO_PERSONAL_DATA, change, field, operatorName, table } from "./operations.js";
import { press, tell } from "./outcome.js";

const ON_BEHALF = {
  TERMINATE: {
    mutation: ["terminateContract", "TerminateContractInput"],
    button: say("契約終了を代行", "Terminate the contract"),
    done: say("契約終了を受け付けました。", "The contract is terminated."),
    more: "... on ContractTerminated { contract { termination { receiptNumber } } }",
  },
  RESUME: {
    mutation: ["resumeContract", "ResumeContractInput"],
    button: say("契約再開を代行", "Resume the contract"),
    done: say("契約を再開しました。", "The contract is resumed."),
  },
};

const ACCOUNT = {
  unlockContractor: [
    say("ログイン制限を解除する", "Unlock the account"),
    say("ログイン制限を解除しました。", "The account is unlocked."),
  ],
  endContractorSessions: [
    say("ログイン中の画面をすべて終了する", "End all sessions"),
    say("ログイン中の画面をすべて終了しました。", "All sessions have ended."),
  ],
  sendPasswordLink: [
    say("パスワード再設定のメールを送る", "Send a link to a new password"),
    say("パスワード再設定のメールを送信します。", "A mail with a link is on its way."),
  ],
};

const MAIL_WORDS = {
  termination_accepted: say("利用停止受理通知", "Termination accepted"),
  resumption_accepted: say("利用再開受理通知", "Resumption accepted"),
  resumption_reminder: say("利用再開のご案内", "Reminder: resuming"),
  resumption_last_reminder: say("利用再開の最終のご案内", "Last reminder: resuming"),
  service_ended: say("利用終了のお知らせ", "Service ended"),
  erasure_reminder: say("登録情報の抹消のご案内", "Reminder: erasure"),
  password_reset: say("パスワード再設定のご案内", "Password link"),
  password_changed: say("パスワード変更のお知らせ", "Password changed"),
};
const OUTCOMES = {
  DONE: say("抹消済み", "Erased"),
  NOTHING_HELD: say("保有なし", "Nothing held"),
  RETAINED: say("保持中", "Retained"),
};
const MAIL_STATES = {
  PENDING: say("送信待ち", "Pending"),
  SENT: say("送信済み", "Sent"),
  FAILED: say("送信失敗", "Failed"),
  DISMISSED: say("対応済み", "Dismissed"),
};

const form = (id, ...content) => h("form", { id, method: "post", novalidate: true }, ...content);
const submit = (id, text) =>
  h("div.buttons.end", {}, h("button.primary", { id, type: "submit" }, text));

/** 代理での手続き: the action that the rules permit now. */
export const onBehalf = ({ availableActions: [action] }) =>
  form(
    "acting",
    h(
      "p",
      {},
      say(
        "契約者様の依頼を受けて、代わりに手続きします。契約者様には通常どおり受付メールが届きます。",
        "You act for the contractor, who gets the usual mail.",
      ),
    ),
    field("note", "note", say("依頼の経緯", "How you were asked"), { required: true, hint: NO_PERSONAL_DATA }),
    submit("act", ON_BEHALF[action].button),
  );

/** The holds in force, each with its release, the form for a further one, and the holds of before. */
export function holds({ status, erasureHolds }) {
  const inForce = erasureHolds.filter((hold) => !hold.releasedAt);
  const released = erasureHolds.filter((hold) => hold.releasedAt);
  return [
    ...inForce.map(held),
    status !== "ERASED" && newHold(inForce.length > 0),
    released.length > 0 && table(say("解除した保留", "Released holds"), HOLD_HEADINGS, released.map(releasedHold)),
  ];
}

const held = ({ id, reference, reason, placedAt, placedBy, reviewOn }) =>
  h(
    "form.hold",
    { id: `hold-${id}`, method: "post", novalidate: true, "data-hold": id },
    list([
      [say("案件番号", "Case"), reference],
      [say("理由", "Reason"), reason],
      [say("保留した日時", "On hold since"), instant(placedAt)],
      [say("保留した人", "By"), operatorName(placedBy)],
      [say("見直しの期日", "Review on"), day(reviewOn)],
    ]),
    field(`release-reason-${id}`, "reason", say("解除の理由", "Reason of the release"), {
      required: true,
      hint: NO_PERSONAL_DATA,
    }),
    submit(`release-${id}`, say("保留を解除", "Release the hold")),
  );

const newHold = (isFurther) =>
  form(
    "holding",
    h(
      "p",
      {},
      isFurther
        ? say(
            "別の案件のために、保留を追加できます。すべての保留を解除するまで、登録情報は抹消されません。",
            "Another case can have a hold of its own. Nothing is erased before all of them are released.",
          )
        : say(
            "保留している間、登録情報は抹消されません。他の期日は変わりません。",
            "While on hold, nothing is erased. Every other date stands.",
          ),
    ),
    field("reference", "reference", say("案件番号", "Case"), {
      required: true,
      hint: say("半角の英数字と . _ / -（抹消後も残ります）", "Letters, digits, . _ / -; survives the erasure"),
    }),
    field("reason", "reason", say("保留の理由", "Reason of the hold"), { required: true, hint: NO_PERSONAL_DATA }),
    field("review-on", "reviewOn", say("見直しの期日（任意）", "Review on (optional)"), { type: "date" }),
    submit("place-hold", isFurther ? say("保留を追加", "Add a hold") : say("抹消を保留", "Put erasure on hold")),
  );

const RELEASED = say("抹消の保留を解除しました。", "The hold is released.");
const STILL_ON_HOLD = say(
  "抹消の保留を解除しました。ほかの保留が残っています。",
  "The hold is released. The erasure is still on hold.",
);
const HOLD_HEADINGS = [
  say("案件番号", "Case"),
  say("保留", "Placed"),
  say("解除", "Released"),
  say("保留の理由", "Reason"),
  say("解除の理由", "Reason of the release"),
];
const releasedHold = ({ reference, reason, placedAt, placedBy, releasedAt, releasedBy, releaseReason }) => [
  reference ?? "-",
  [h("span", {}, instant(placedAt)), " ", h("span", {}, operatorName(placedBy) ?? "-")],
  [h("span", {}, instant(releasedAt)), " ", h("span", {}, operatorName(releasedBy) ?? "-")],
  reason ?? "-",
  releaseReason ?? "-",
];

const MAIL_HEADINGS = [
  say("メール", "Mail"),
  say("状態", "State"),
  say("登録日時", "Queued at"),
  say("送信日時", "Sent at"),
  say("送信の試行", "Attempts"),
];

/** What other services say of their own copies, and who is late. */
export const confirmations = ({ erasureConfirmations }) =>
  table(
    say("他サービスの回答", "Answers of other services"),
    [say("サービス", "Service"), say("回答", "Answer"), say("回答した日時", "Answered"), say("期限", "Due")],
    erasureConfirmations.map(confirmation),
  );

const confirmation = ({ serviceName, outcome, reason, until, confirmedAt, dueAt, overdue }) => [
  serviceName,
  (OUTCOMES[outcome] ?? say("未回答", "None yet")) + retained(until, reason),
  instant(confirmedAt),
  overdue ? say(`${instant(dueAt)}（期限超過）`, `${instant(dueAt)} (overdue)`) : instant(dueAt),
];

const retained = (until, reason) =>
  until ? say(`（${day(until)}まで: ${reason}）`, ` (until ${day(until)}: ${reason})`) : "";

/** The contract's mails, and a form for each that has failed. */
export const mails = ({ mails: found }) => [
  table(say("送信の状況", "Deliveries"), MAIL_HEADINGS, found.map(mail)),
  ...found.filter(({ state }) => state === "FAILED").map(failedMail),
];

const mail = ({ kind, state, queuedAt, sentAt, attempts, failure }) => [
  MAIL_WORDS[kind] ?? kind,
  MAIL_STATES[state],
  instant(queuedAt),
  instant(sentAt),
  failure ? `${attempts} (${failure})` : String(attempts),
];

const failedMail = ({ id, kind, queuedAt }) =>
  h(
    "form.failed-mail",
    { id: `mail-${id}`, method: "post", novalidate: true, "data-mail": id },
    h("p", {}, `${MAIL_WORDS[kind] ?? kind} ${instant(queuedAt)}`),
    field(`dismissal-${id}`, "reason", say("対応の内容", "What was done instead"), {
      required: true,
      hint: NO_PERSONAL_DATA,
    }),
    h(
      "div.buttons.end",
      {},
      h("button.secondary", { id: `retry-${id}`, type: "button" }, say("もう一度送信", "Send again")),
      h("button.primary", { id: `dismiss-${id}`, type: "submit" }, say("対応済みにする", "Dismiss")),
    ),
  );

/** ログインの支援: unlock, end sessions, send a link. */
export const accountForm = () =>
  form(
    "helping",
    h(
      "div.field",
      {},
      h("label", { for: "help" }, say("対応", "What to do")),
      h(
        "select",
        { id: "help", name: "help" },
        Object.entries(ACCOUNT).map(([value, [text]]) => h("option", { value }, text)),
      ),
    ),
    field("help-reason", "reason", say("依頼の内容", "What was asked for"), { required: true, hint: NO_PERSONAL_DATA }),
    submit("do-help", say("実行", "Do it")),
  );

/** Let the forms of the page send what they are for. */
export function listenToForms(contract, reload) {
  const { id: contractId, version: expectedVersion, availableActions } = contract;
  const told = (text, button) => async () => {
    await reload();
    tell("information", text, button);
  };
  const listen = (id, send) => byId(id) && onSubmit(byId(id), send);
  listen("acting", ({ note }, button) => {
    const { mutation, done, more } = ON_BEHALF[availableActions[0]];
    return change(
      ...mutation,
      { contractId, expectedVersion, note },
      button,
      ({ contract: after }) => told(`${done}${number(after?.termination?.receiptNumber)}`, button)(),
      more,
    );
  });
  listen("holding", ({ reference, reason, reviewOn }, button) =>
    change("holdErasure", "HoldErasureInput", { contractId, reference, reason, reviewOn: reviewOn || null }, button,
      told(say("抹消を保留しました。", "Erasure is on hold."), button)),
  );
  for (const found of document.querySelectorAll(".hold")) {
    const holdId = found.dataset.hold;
    onSubmit(found, ({ reason }, button) =>
      change("releaseErasureHold", "ReleaseErasureHoldInput", { contractId, holdId, reason }, button,
        ({ contract: after }) => told(after?.erasureHold ? STILL_ON_HOLD : RELEASED, button)(),
        "... on ErasureHoldReleased { contract { erasureHold { placedAt } } }"),
    );
  }
  listen("helping", ({ help, reason }, button) =>
    change(help, "ContractorAccountInput", { contractId, reason }, button, told(ACCOUNT[help][1], button)),
  );
  for (const found of document.querySelectorAll(".failed-mail")) {
    const mailId = found.dataset.mail;
    onSubmit(found, ({ reason }, button) =>
      change("dismissMail", "DismissMailInput", { mailId, reason }, button,
        told(say("メールを対応済みにしました。", "The mail is dismissed."), button)),
    );
    const retry = byId(`retry-${mailId}`);
    retry.addEventListener("click", () =>
      press(retry, () =>
        change("retryMail", "RetryMailInput", { mailId }, retry,
          told(say("メールをもう一度送信します。", "The mail is sent again."), retry)),
      ),
    );
  }
}

const number = (receiptNumber) => (receiptNumber ? say(`受付番号：${receiptNumber}`, ` Receipt number: ${receiptNumber}`) : "");
