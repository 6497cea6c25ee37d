// node ask.mjs MODULE... < one question a line: the answers of each module in turn, one a line

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const questions = readFileSync(0, "utf8").trim().split("\n").map((line) => JSON.parse(line));
for (const path of process.argv.slice(2)) {
  const { answer } = await import(pathToFileURL(path));
  process.stdout.write(questions.map((question) => `${JSON.stringify(answer(question))}\n`).join(""));
}
