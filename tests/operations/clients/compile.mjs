// Let Relay's compiler make its artifacts: it reads the operations in the source text of a module with their prefix.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

import { OPERATIONS } from "./operations.mjs";

const compiler = createRequire(import.meta.url).resolve("relay-compiler/cli.js");
const tagged = Object.values(OPERATIONS).map((text) => `graphql\`${text}\`;\n`);
mkdirSync("relay/__generated__", { recursive: true });
writeFileSync("relay/story.js", tagged.join(""));
execFileSync(process.execPath, [compiler], { stdio: "inherit" });
