// 二段階認証: the passkey of an operator after the password, or a recovery code in its place.

import { byId } from "./dom.js";
import { onSubmit } from "./form.js";
import { homeOf } from "./frame.js";
import { goTo, press } from "./outcome.js";
import { showCode, showPasskey } from "./passkey.js";

byId("passkey").addEventListener("click", ({ currentTarget }) =>
  press(currentTarget, async () => goTo(homeOf(await showPasskey()))),
);
onSubmit(byId("code"), async ({ code }) => goTo(homeOf(await showCode(code))));
