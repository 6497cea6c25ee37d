// What the operators' pages share.

import { Forbidden, NotLoggedIn, ask } from "./api.js";
import { h } from "./dom.js";
import { reject } from "./form.js";
import { say } from "./language.js";
import { tell } from "./outcome.js";

export const EVENT_WORDS = {
  STARTED: say("契約開始", "Contract started"),
  TERMINATION_REQUESTED: say("契約終了の申請", "Termination requested"),
  RESUMED: say("契約再開", "Resumed"),
  SERVICE_ENDED: say("利用終了", "Use of the service ended"),
  ERASURE_HELD: say("抹消の保留", "Erasure put on hold"),
  ERASURE_HOLD_RELEASED: say("抹消の保留の解除", "Hold released"),
  ERASED: say("登録情報の抹消", "Registered information erased"),
  REGISTRATION_CHANGED: say("登録情報の変更", "Registration changed"),
  MEMBERS_REMOVED: say("会員の登録解除", "Members removed"),
  ERASURE_DUE: say("抹消の予告", "Erasure announced to other services"),
};
export const ACTOR_WORDS = {
  CONTRACTOR: say("契約者様", "Contractor"),
  OPERATOR: say("運用担当者", "Operator"),
  SYSTEM: say("システム", "System"),
};

/** These pages are for operators; everybody else is sent where they belong. */
export function requireOperator(viewer) {
  if (!viewer) throw new NotLoggedIn("no session");
  if (viewer.role !== "OPERATOR") throw new Forbidden("not an operator");
}

/** A table with a row header in the first column; on a narrow screen its rows are cards. */
export const table = (name, headings, rows) =>
  h(
    "div.table",
    { tabindex: "0", role: "region", "aria-label": name },
    // a browser would no longer call cards a table: the roles say that it is
    h(
      "table",
      { role: "table" },
      h(
        "thead",
        { role: "rowgroup" },
        h(
          "tr",
          { role: "row" },
          headings.map((text) => h("th", { scope: "col", role: "columnheader" }, text)),
        ),
      ),
      h(
        "tbody",
        { role: "rowgroup" },
        rows.map(([header, ...cells]) =>
          h(
            "tr",
            { role: "row" },
            h("th", { scope: "row", role: "rowheader" }, header),
            cells.map((cell, column) => h("td", { role: "cell", "data-label": headings[column + 1] }, cell)),
          ),
        ),
      ),
    ),
  );

/** The ways on from a page of a list: filters stand in the address, and go along. */
export function pages(path, { hasPreviousPage, hasNextPage, endCursor }) {
  const wanted = new URLSearchParams(location.search);
  const address = (after) => {
    const query = new URLSearchParams([...wanted].filter(([name, value]) => value && name !== "after"));
    if (after) query.set("after", after);
    return [path, String(query)].filter(Boolean).join("?");
  };
  return h(
    "nav.buttons.end",
    { "aria-label": say("ページ", "Pages") },
    hasPreviousPage && h("a.secondary.button", { href: address(null) }, say("最初のページ", "First page")),
    hasNextPage && h("a.secondary.button", { href: address(endCursor) }, say("次のページ", "Next page")),
  );
}

/** Ask for a mutation; `done(result)` where it was carried out. A problem is told beside its field, or the button. */
export async function change(name, type, input, button, done, more = "") {
  const [declared, given] = type ? [`($input: ${type}!)`, "(input: $input)"] : ["", ""];
  const { result } = await ask(
    `mutation ${declared} { result: ${name}${given} { ... on Problem { message ... on InvalidInput { path } } ${more} } }`,
    type ? { input } : {},
  );
  if (!result.message) return done(result);
  const mistaken = result.path && button.form?.elements[result.path.at(-1)];
  if (mistaken) return reject(mistaken, result.message);
  tell("problem", result.message, button);
}

/** A field with its label, a hint and the place of its problem. */
export const field = (id, name, label, { hint, ...attributes } = {}) =>
  h(
    "div.field",
    {},
    h("label", { for: id }, label),
    h("input", {
      id,
      name,
      type: "text",
      autocomplete: "off",
      "aria-describedby": hint ? `${id}-hint ${id}-problem` : `${id}-problem`,
      ...attributes,
    }),
    hint && h("p.hint", { id: `${id}-hint` }, hint),
    h("p.field-problem", { id: `${id}-problem` }),
  );

export const NO_PERSONAL_DATA = say("個人情報は入力しないでください。", "Write no personal data.");

/** An operator by name, as long as there is the account. */
export const operatorName = (account) => account && (account.name ?? account.id);
