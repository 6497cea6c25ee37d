// 登録情報のダウンロード: everything that is registered, as an archive, until it is erased.

import { Mistaken, NotLoggedIn, Unreachable } from "./api.js";
import { byId, h } from "./dom.js";
import { day, language, say } from "./language.js";
import { press, tell } from "./outcome.js";

const NAME = "omakase-login.zip";

/** The card with the button, and until when it is there. */
export const registration = (contract, { erasureDays }) =>
  h(
    "section.card",
    { "aria-labelledby": "registration" },
    h("h2", { id: "registration" }, say("登録情報のダウンロード", "Your registered information")),
    h(
      "p",
      {},
      say(
        `会社、契約者様、会員${contract.memberCount}名様の登録情報と、お手続きの履歴を、ZIPファイル（CSV、JSON Lines）で受け取れます。`,
        `What is registered of the company, of you and of ${contract.memberCount} members, and what happened to the contract: as a ZIP file (CSV, JSON Lines).`,
      ),
    ),
    h("p", {}, untilWhen(contract, erasureDays)),
    h(
      "div.buttons",
      {},
      h(
        "button.secondary",
        { id: "download", type: "button", onclick: ({ currentTarget: button }) => press(button, () => download(button)) },
        say("ダウンロード", "Download"),
      ),
    ),
    h("p.hint", { id: "progress", role: "status" }),
  );

const untilWhen = ({ termination }, erasureDays) =>
  termination
    ? say(
        `${day(termination.timeline.erasure.lastDay)}まで受け取れます。その後は、登録情報を抹消いたします。`,
        `This is possible until ${day(termination.timeline.erasure.lastDay)}; then the information is erased.`,
      )
    : say(
        `ご契約中と、利用終了の申請日から${erasureDays}日の間、受け取れます。`,
        `This is possible while the contract is active, and for ${erasureDays} days after an application to terminate.`,
      );

async function download(button) {
  try {
    const archive = await received();
    save(archive);
    tell("information", say(`ダウンロードしました（${size(archive.size)}）。`, `Downloaded (${size(archive.size)}).`), button);
  } finally {
    show("");
  }
}

async function received() {
  const headers = { "Accept-Language": language };
  const response = await answered(fetch("/documents/registration.zip", { method: "POST", headers }));
  if (response.status === 401) throw new NotLoggedIn("no session");
  if (response.status === 429) throw new Mistaken((await answered(response.json())).errors[0].message);
  if (!response.ok) throw new Unreachable(`status ${response.status}`);
  const reader = response.body.getReader();
  const pieces = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await answered(reader.read());
    if (done) return new Blob(pieces, { type: "application/zip" });
    pieces.push(value);
    bytes += value.length;
    show(say(`受信しています… ${size(bytes)}`, `Receiving… ${size(bytes)}`));
  }
}

async function answered(promise) {
  try {
    return await promise;
  } catch (cause) {
    throw new Unreachable("no answer", { cause });
  }
}

function save(archive) {
  const link = h("a", { href: URL.createObjectURL(archive), download: NAME });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`);

const show = (text) => {
  const progress = byId("progress");
  if (progress) progress.textContent = text;
};
