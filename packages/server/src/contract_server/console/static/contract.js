// A contract as the manual shows it: the nine particulars, and the dates that an application sets.

import { h } from "./dom.js";
import { day, instant, language, say } from "./language.js";
import { TERMS } from "./receipt-terms.js"; // made by the server

export const TIMELINE = `
fragment Timeline on Timeline {
  requestedOn
  serviceEnd { ...Deadline }
  resumption { ...Deadline }
  erasure { ...Deadline }
}
fragment Deadline on Deadline { lastDay at passed daysLeft explanation }
`;

export const CONTRACT = `
fragment Contract on Contract {
  id version status startedOn endedOn serviceAvailable availableActions memberCount
  company { name address postalCode phoneNumber }
  contractor { name email }
  termination { receiptNumber requestedAt reason timeline { ...Timeline } }
}
${TIMELINE}`;

export const status = (contract) =>
  ({
    ACTIVE: say("契約中", "Active"),
    TERMINATED: say("契約終了", "Terminated"),
    ERASED: say("抹消済み", "Erased"),
  })[contract.status];

const chip = (contract) => h(`span.chip.${contract.status.toLowerCase()}`, {}, status(contract));

/** Pairs of a term and what it is. */
export const list = (pairs) =>
  h(
    "dl.particulars",
    {},
    pairs.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value ?? "-"))),
  );

/** 会社名 to 契約終了日, in the manual's order. */
export const particulars = (contract) =>
  list([
    [term("company"), contract.company?.name],
    [say("会社住所", "Address"), contract.company?.address],
    [say("郵便番号", "Postal code"), contract.company?.postalCode],
    [say("電話番号", "Phone number"), contract.company?.phoneNumber],
    [say("契約者名", "Contractor"), contract.contractor?.name],
    [say("契約者メールアドレス", "Contractor's email address"), contract.contractor?.email],
    ...state(contract),
  ]);

/** 契約状態, 契約開始日, 契約終了日. */
export const state = (contract) => [
  [say("契約状態", "Status"), chip(contract)],
  [say("契約開始日", "Started on"), day(contract.startedOn)],
  [say("契約終了日", "Last day of use"), day(contract.endedOn)],
];

/** A term of the receipt: that of the mailed one. */
export const term = (name) => TERMS[name][language];

/** 受付番号, 受付日時: with the number, the page /receipt tells what became of the application. */
export const receipt = ({ receiptNumber, requestedAt }) => [
  [term("number"), receiptNumber],
  [term("acceptedAt"), instant(requestedAt)],
];

/** The dates as a file for the person's own calendar. */
export const calendarLink = () =>
  h("p.save", {}, h("a", { href: `/documents/dates.ics?language=${language}` }, say("予定をカレンダーに登録（.ics）", "Add the dates to your calendar (.ics)")));

/** What follows from an application, in the order in which it happens. */
export const timeline = (found, { status } = {}) =>
  h(
    "ol.timeline",
    {},
    h("li.passed", {}, h("h3", {}, say("利用終了の申請日", "Application")), h("p.when", {}, day(found.requestedOn))),
    deadline(term("serviceEnd"), found.serviceEnd, say("終了いたしました", "Ended")),
    deadline(term("resumption"), found.resumption, say("終了いたしました", "Closed")),
    deadline(
      term("erasure"),
      found.erasure,
      status === "ERASED" ? say("終了し、抹消いたしました", "Erased") : say("終了いたしました", "Past"),
    ),
  );

const deadline = (name, { lastDay, passed, daysLeft, explanation }, over) =>
  h(
    passed ? "li.passed" : "li",
    {},
    h("h3", {}, name),
    h(
      "p.when",
      {},
      passed
        ? say(`${day(lastDay)}をもって${over}`, `${over} with ${day(lastDay)}`)
        : [say(`${day(lastDay)}まで`, `until ${day(lastDay)}`), h("span.left", {}, left(daysLeft))],
    ),
    h("details.why", {}, h("summary", {}, say("なぜこの日ですか", "Why this date?")), h("p", {}, unbroken(explanation))),
  );

// what a reader takes in at one glance is not cut at the end of a line
const DATES = /(\d+年\d+月\d+日（.）|\d+時\d+分)/;

const unbroken = (text) => text.split(DATES).map((part, number) => (number % 2 ? h("span.date", {}, part) : part));

export const left = (days) =>
  days > 0
    ? say(`あと${days}日`, `${days} ${days === 1 ? "day" : "days"} left`)
    : say("本日まで", "Today is the last day");
