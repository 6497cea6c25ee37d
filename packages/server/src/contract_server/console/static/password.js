// パスワードを忘れた方はこちら: the answer is the same whether or not the address is known.

import { ask } from "./api.js";
import { byId, h } from "./dom.js";
import { onSubmit } from "./form.js";
import { say } from "./language.js";
import { fill } from "./outcome.js";

const REQUEST = "mutation ($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { ok } }";

onSubmit(byId("request"), async ({ email }) => {
  await ask(REQUEST, { input: { email } });
  fill(
    h("h1", {}, say("メールをご確認ください", "Please check your mail")),
    h(
      "p",
      {},
      say(
        "ご登録のあるメールアドレスの場合は、新しいパスワードを設定するためのURLをお送りします。メールに記載の有効期間内に、URLを開いて設定してください。",
        "If the address is registered, a mail with a link is on its way. Please open the link while it is valid.",
      ),
    ),
    h(
      "p.hint",
      {},
      say(
        "メールが届かない場合は、迷惑メールのフォルダーと、入力したメールアドレスをご確認ください。",
        "If no mail arrives, please check your spam folder and the address that you entered.",
      ),
    ),
    h("ul.links", {}, h("li", {}, h("a", { href: "/" }, say("ログインに戻る", "Back to log-in")))),
  );
});
