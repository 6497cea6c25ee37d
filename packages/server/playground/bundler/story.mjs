/**
 * Reads the tour from `operations/`: one folder a person, one file a step, in the order of their names.
 *
 *     # 1. ログインする             title in Japanese
 *     # 1. Log in                   title in English
 *     #
 *     # ...                         what the step shows, both languages
 *     mutation LogIn(...) { ... }   one operation, or several to choose from
 *
 * The variables of `01-log-in.graphql` stand in `01-log-in.variables.json`.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { Kind, parse } from "graphql";

const PEOPLE = [
  { folder: "contractor", title: { ja: "契約者", en: "The contractor" } },
  { folder: "operator", title: { ja: "運用担当者", en: "The operator" } },
];

/** The groups with their steps, and a version that changes with any of them. */
export async function readStory(folder) {
  const groups = await Promise.all(
    PEOPLE.map(async ({ folder: person, title }) => ({ title, steps: await readSteps(path.join(folder, person)) })),
  );
  const version = createHash("sha256").update(JSON.stringify(groups)).digest("hex").slice(0, 12);
  return { version, groups };
}

async function readSteps(folder) {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".graphql")).sort();
  return Promise.all(files.map((file) => readStep(path.join(folder, file))));
}

async function readStep(file) {
  const query = await readFile(file, "utf8");
  const variablesFile = file.replace(/\.graphql$/, ".variables.json");
  const variables = existsSync(variablesFile) ? await readFile(variablesFile, "utf8") : "";
  const [ja, en] = query.split("\n", 2).map((line) => line.replace(/^# \d+\. /, ""));
  const operations = parse(query)
    .definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
    .map(({ name }) => name.value);
  return { title: { ja, en }, operations, query: query.trimEnd(), variables: variables.trimEnd() };
}
