/** The licences of everything that is in the bundle, as their authors ask for. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

export async function notices(inputs) {
  const folders = [...new Set(inputs.map(packageFolder).filter(Boolean))].sort();
  return (await Promise.all(folders.map(notice))).join(`\n${"-".repeat(80)}\n\n`);
}

/** `node_modules/@scope/name` of a bundled file; undefined for our own. */
function packageFolder(input) {
  return input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1];
}

async function notice(folder) {
  const { name, version, license } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  const text = file ? await readFile(path.join(folder, file), "utf8") : "";
  const thirdParty = path.join(folder, "ThirdPartyNotices.txt");
  const more = existsSync(thirdParty) ? await readFile(thirdParty, "utf8") : "";
  return [`${name} ${version} (${license})`, text.trim(), more.trim()].filter(Boolean).join("\n\n") + "\n";
}
