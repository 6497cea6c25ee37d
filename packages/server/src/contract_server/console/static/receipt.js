// 受付番号の照会・抹消証明: what became of an application, for the holder of its number; to print once it is erased.

import { ask } from "./api.js";
import { list, term } from "./contract.js";
import { byId, h } from "./dom.js";
import { onSubmit, reject } from "./form.js";
import { instant, say } from "./language.js";
import { fill } from "./outcome.js";

const LOOK_UP = `
query ($number: String!) {
  contractStatusByReceipt(number: $number) { number status acceptedAt resumedAt erasedAt evidenceHash }
}`;

const WORDS = {
  ACCEPTED: {
    title: say("受付の状況", "Your application"),
    text: say(
      "利用終了の申請を受け付けております。登録情報は、まだ抹消されていません。",
      "The application has been accepted. The registered information has not been erased yet.",
    ),
  },
  RESUMED: {
    title: say("受付の状況", "Your application"),
    text: say(
      "この申請は、利用再開により取り下げられました。",
      "This application was withdrawn, because the contract was resumed.",
    ),
  },
  ERASED: {
    title: say("抹消証明", "Certificate of erasure"),
    text: say(
      "下記の申請に基づき、おまかせログインの登録情報を抹消したことを証明します。",
      "We certify that, upon the application below, the information registered with おまかせログイン has been erased.",
    ),
  },
};

byId("number").value = decodeURIComponent(location.hash.slice(1));
onSubmit(byId("look-up"), async ({ number }) => {
  const { contractStatusByReceipt: found } = await ask(LOOK_UP, { number });
  if (found) return show(found);
  reject(
    byId("number"),
    say("この受付番号の申請は見つかりません。番号をご確認ください。", "There is no application with this number. Please check it."),
  );
});

function show({ number, status, acceptedAt, resumedAt, erasedAt, evidenceHash }) {
  const { title, text } = WORDS[status];
  document.title = `${title} | おまかせログイン`;
  fill(
    h("h1", {}, title),
    h("p", {}, text),
    list([
      [term("number"), number],
      [say("申請の受付日時", "Accepted at"), instant(acceptedAt)],
      ...(resumedAt ? [[say("利用再開の日時", "Resumed at"), instant(resumedAt)]] : []),
      ...(erasedAt ? [[say("抹消日時", "Erased at"), instant(erasedAt)]] : []),
      ...(evidenceHash ? [[say("証跡のハッシュ値（SHA-256）", "Hash of the evidence (SHA-256)"), evidenceHash]] : []),
    ]),
    h(
      "div.buttons.end",
      {},
      h("button.secondary", { type: "button", onclick: () => print() }, say("印刷する", "Print")),
      h("a.primary.button", { href: "/receipt" }, say("別の番号を照会", "Another number")),
    ),
  );
}
