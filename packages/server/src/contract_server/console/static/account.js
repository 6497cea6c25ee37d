// アカウント: who is logged in, from where else, and the password.

import { ask, NotLoggedIn } from "./api.js";
import { list } from "./contract.js";
import { byId, h } from "./dom.js";
import { onSubmit, reject } from "./form.js";
import { greet, homeOf } from "./frame.js";
import { instant, say } from "./language.js";
import { fill, load, press, tell } from "./outcome.js";

const ACCOUNT = `
query {
  viewer {
    name email role contract { id }
    sessions { id startedAt lastUsedAt isCurrent }
    secondFactor { required enrolled }
  }
}`;
const END = "mutation ($input: EndSessionInput!) { result: endSession(input: $input) { count } }";
const END_OTHERS = "mutation { result: endOtherSessions { count } }";
const CHANGE = `
mutation ($input: ChangePasswordInput!) {
  result: changePassword(input: $input) { __typename ... on Problem { code message } }
}`;

const loadAccount = () =>
  load(async () => {
    const { viewer } = await ask(ACCOUNT);
    if (!viewer) throw new NotLoggedIn("no session");
    greet(viewer);
    show(viewer);
  });
loadAccount();

function show(viewer) {
  const others = viewer.sessions.some((session) => !session.isCurrent);
  fill(
    h(
      "section.card",
      { "aria-labelledby": "who-it-is" },
      h("h2", { id: "who-it-is" }, say("登録内容", "Registered")),
      list([
        [say("氏名", "Name"), viewer.name],
        [say("メールアドレス", "Email address"), viewer.email],
        viewer.role === "OPERATOR" && [say("二段階認証", "Second factor"), secondFactor(viewer.secondFactor)],
      ].filter(Boolean)),
      h("div.buttons", {}, h("a.secondary.button", { href: homeOf(viewer) }, say("ホームへ", "To the home page"))),
    ),
    h(
      "section.card",
      { "aria-labelledby": "sessions" },
      h("h2", { id: "sessions" }, say("ログイン中の端末", "Where you are logged in")),
      h("ul.events", {}, viewer.sessions.map(entry)),
      others &&
        h(
          "div.buttons.end",
          {},
          h(
            "button.secondary",
            { id: "end-others", type: "button", onclick: (event) => end(event.currentTarget, END_OTHERS) },
            say("ほかの端末をすべてログアウト", "Log out everywhere else"),
          ),
        ),
    ),
  );
  byId("email").value = viewer.email;
  byId("change-password").hidden = false;
}

const secondFactor = ({ required, enrolled }) =>
  enrolled || required
    ? h("a", { href: "/second-factor" }, say("パスキーまたは回復用コードで認証", "Show the passkey or a recovery code"))
    : say("登録されていません", "Not registered");

const entry = ({ id, startedAt, lastUsedAt, isCurrent }) =>
  h(
    "li",
    {},
    h("span", {}, say(`ログイン：${instant(startedAt)}`, `Since ${instant(startedAt)}`)),
    h("span", {}, say(`最終利用：${instant(lastUsedAt)}`, `last used ${instant(lastUsedAt)}`)),
    isCurrent
      ? h("span.actor", {}, say("この端末", "This device"))
      : h(
          "button.quiet.actor",
          {
            id: `end-${id}`,
            type: "button",
            "aria-label": say(`${instant(startedAt)}のログインを終了`, `Log out the session since ${instant(startedAt)}`),
            onclick: (event) => end(event.currentTarget, END, { input: { id } }),
          },
          say("ログアウト", "Log out"),
        ),
  );

const end = (button, operation, variables) =>
  press(button, async () => {
    await ask(operation, variables);
    await loadAccount();
    tell("information", say("ログアウトしました。", "Logged out."), byId("sessions"));
  });

onSubmit(byId("change"), async ({ current, password, again }, button) => {
  if (password !== again)
    return reject(byId("again"), say("同じパスワードを入力してください。", "Please enter the same password."));
  const { result } = await ask(CHANGE, { input: { currentPassword: current, newPassword: password } });
  if (result.__typename === "InvalidInput") return reject(byId("password"), result.message);
  if (result.code === "INVALID_CREDENTIALS")
    return reject(byId("current"), say("現在のパスワードが正しくありません。", "This is not your present password."));
  if (result.message) return tell("problem", result.message, button);
  byId("change").reset();
  byId("email").value = "";
  await loadAccount();
  tell(
    "information",
    say("パスワードを変更しました。ほかの端末はログアウトされました。", "Your password is changed. All other devices are logged out."),
    button,
  );
});
