// 二段階認証: the passkey of an operator after the password, or a recovery code in its place.

import { byId } from "./dom.js";
import { enter } from "./entering.js";
import { onSubmit } from "./form.js";
import { press } from "./outcome.js";
import { showCode, showPasskey } from "./passkey.js";

byId("passkey").addEventListener("click", ({ currentTarget }) =>
  press(currentTarget, async () => enter(await showPasskey(), currentTarget)),
);
onSubmit(byId("code"), async ({ code }, button) => enter(await showCode(code), button));
