// The link in the mail: a new password, once.

import { ask } from "./api.js";
import { byId } from "./dom.js";
import { mark, onSubmit } from "./form.js";
import { goTo, tell } from "./frame.js";
import { say } from "./language.js";

const RESET = `
mutation ($input: ResetPasswordInput!) {
  resetPassword(input: $input) { __typename ... on Problem { message } }
}`;

onSubmit(byId("reset"), async ({ password, again }) => {
  if (password !== again) {
    mark(byId("again"), say("同じパスワードを入力してください。", "Please enter the same password."));
    return byId("again").focus();
  }
  const token = location.pathname.split("/").pop();
  const { resetPassword } = await ask(RESET, { input: { token, newPassword: password } });
  if (resetPassword.message) return tell("problem", resetPassword.message);
  goTo(
    "/",
    say(
      "新しいパスワードを設定しました。新しいパスワードでログインしてください。",
      "Your new password is set. Please log in with it.",
    ),
  );
});
