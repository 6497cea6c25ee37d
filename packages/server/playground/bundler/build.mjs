/**
 * Bundles the playground: `node bundler/build.mjs [output folder]`.
 *
 * Everything the page needs becomes a file under a name that carries its content's hash; `index.html` names them.
 * Nothing is written unless the whole bundle is right. The same sources give the same bytes on every machine.
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { notices } from "./notices.mjs";
import { rewrites } from "./rewrites.mjs";
import { readStory } from "./story.mjs";

const project = fileURLToPath(new URL("..", import.meta.url));
const source = path.join(project, "src");
const output = path.resolve(
  process.argv[2] ?? path.join(project, "../src/contract_server/web/static/playground"),
);

const settings = {
  absWorkingDir: project,
  outdir: output,
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  jsx: "automatic",
  // the same plugin under its older name
  alias: { "prettier/parser-graphql": "prettier/plugins/graphql" },
  legalComments: "none",
  logLevel: "warning",
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".ttf": "file", ".svg": "copy" },
};

/** A module made here: `import value from "playground:name"`. */
const generated = (name, value) => ({
  name,
  setup(build) {
    build.onResolve({ filter: new RegExp(`^playground:${name}$`) }, () => ({ path: name, namespace: name }));
    build.onLoad({ filter: /.*/, namespace: name }, () => ({ contents: JSON.stringify(value), loader: "json" }));
  },
});

/** The file that an entry point has become. */
function fileOf({ metafile }, name, extension) {
  const file = Object.keys(metafile.outputs)
    .map((each) => path.basename(each))
    .find((each) => each.startsWith(`${name}-`) && each.endsWith(extension));
  if (!file) throw new Error(`no ${name}*${extension} in the bundle`);
  return file;
}

const workers = await esbuild.build({
  ...settings,
  entryPoints: {
    "editor-worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "graphql-worker": "monaco-graphql/esm/graphql.worker.js",
    "json-worker": "monaco-editor/esm/vs/language/json/json.worker.js",
  },
});
const workerFiles = Object.fromEntries(
  ["editor", "graphql", "json"].map((label) => [label, fileOf(workers, `${label}-worker`, ".js")]),
);

const adapted = rewrites(source);
const page = await esbuild.build({
  ...settings,
  entryPoints: { playground: path.join(source, "main.jsx"), icon: path.join(source, "icon.svg") },
  plugins: [
    generated("story", await readStory(path.join(project, "operations"))),
    generated("worker-files", workerFiles),
    adapted.plugin,
  ],
});
adapted.finish(page.metafile);

const files = [...workers.outputFiles, ...page.outputFiles].map(({ path: file, contents }) => ({
  name: path.basename(file),
  contents,
}));
const html = (await readFile(path.join(source, "index.html"), "utf8"))
  .replaceAll("{script}", fileOf(page, "playground", ".js"))
  .replaceAll("{style}", fileOf(page, "playground", ".css"))
  .replaceAll("{icon}", fileOf(page, "icon", ".svg"));
files.push({ name: "index.html", contents: html });
const inputs = [workers, page].flatMap(({ metafile }) => Object.keys(metafile.inputs));
files.push({ name: "licenses.txt", contents: await notices(inputs) });

await rm(output, { recursive: true, force: true });
await mkdir(output, { recursive: true });
await Promise.all(files.map(({ name, contents }) => writeFile(path.join(output, name), contents)));

const size = files.reduce((sum, { contents }) => sum + Buffer.byteLength(contents), 0);
console.log(`playground: ${files.length} files, ${(size / 1e6).toFixed(1)} MB`);
