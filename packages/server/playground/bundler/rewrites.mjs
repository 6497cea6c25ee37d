/**
 * What is changed in other people's sources while they are bundled, so that the page works under
 * `style-src 'self'` and `require-trusted-types-for 'script'`, and with a screen reader.
 *
 * Each entry names a file and exact texts in it. A text that is not found as often as expected ends the build:
 * after an upgrade somebody must look again, instead of shipping a page that violates its policy.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";

const MONACO = "monaco-editor/esm/vs";

/** Monaco draws these as markup; `src/inline-styles.js` sets the styles after parsing. */
const drawn = (file, times) => ({ file: `${MONACO}/${file}`, changes: [[` style="`, ` data-style="`, times]] });

/** What makes a clickable piece of text a box that can be ticked; `src/query-builder.jsx` listens to its keys. */
const box = (value) => `role: 'checkbox', 'aria-checked': !!${value}, tabIndex: 0,`;

const REWRITES = [
  // style attributes in drawn markup
  drawn("editor/browser/viewParts/indentGuides/indentGuides.js", 1),
  drawn("editor/browser/viewParts/whitespace/whitespace.js", 3),
  drawn("editor/browser/viewParts/lines/viewLine.js", 1),
  drawn("editor/browser/viewParts/lineNumbers/lineNumbers.js", 1),
  drawn("editor/browser/viewParts/decorations/decorations.js", 2),
  drawn("editor/browser/viewParts/selections/selections.js", 1),
  drawn("editor/browser/viewParts/marginDecorations/marginDecorations.js", 1),
  drawn("editor/browser/viewParts/linesDecorations/linesDecorations.js", 1),
  drawn("editor/browser/viewParts/currentLineHighlight/currentLineHighlight.js", 2),
  drawn("editor/browser/view/viewOverlays.js", 1),
  {
    file: `${MONACO}/editor/common/viewLayout/viewLineRenderer.js`,
    changes: [
      [`'style="unicode-bidi:isolate" '`, `'data-style="unicode-bidi:isolate" '`, 1],
      [`' style="width:'`, `' data-style="width:'`, 1],
    ],
  },
  // the places where drawn markup is parsed
  {
    file: `${MONACO}/editor/browser/view/viewLayer.js`,
    imports: `import { insertMarkupAfter, setMarkup } from "playground:inline-styles";\n`,
    changes: [
      ["this._domNode.innerHTML = newLinesHTML;", "setMarkup(this._domNode, newLinesHTML);", 1],
      ["lastChild.insertAdjacentHTML('afterend', newLinesHTML);", "insertMarkupAfter(lastChild, newLinesHTML);", 1],
      ["hugeDomNode.innerHTML = invalidLinesHTML;", "setMarkup(hugeDomNode, invalidLinesHTML);", 1],
    ],
  },
  {
    file: `${MONACO}/editor/browser/view/domLineBreaksComputer.js`,
    imports: `import { setMarkup } from "playground:inline-styles";\n`,
    changes: [
      [` style="`, ` data-style="`, 2],
      ["containerDomNode.innerHTML = trustedhtml;", "setMarkup(containerDomNode, html);", 1],
    ],
  },
  // style elements
  {
    file: `${MONACO}/base/browser/dom.js`,
    imports: `import { AdoptedStyle } from "playground:adopted-style";\n`,
    changes: [
      [
        `    const style = document.createElement('style');
    style.type = 'text/css';
    style.media = 'screen';
    beforeAppend?.(style);
    container.appendChild(style);
`,
        `    const style = new AdoptedStyle(container);
    beforeAppend?.(style);
`,
        1,
      ],
    ],
  },
  {
    file: `${MONACO}/base/browser/ui/contextview/contextview.js`,
    imports: `import { AdoptedStyle } from "playground:adopted-style";\n`,
    changes: [
      [
        `                const style = document.createElement('style');
                style.textContent = SHADOW_ROOT_CSS;
                this.shadowRoot.appendChild(style);
`,
        `                new AdoptedStyle(this.shadowRoot).textContent = SHADOW_ROOT_CSS;
`,
        1,
      ],
    ],
  },
  {
    file: "react-style-singleton/dist/es2015/singleton.js",
    replacement: `export { stylesheetSingleton } from "playground:adopted-style";`,
  },
  // text that becomes markup outside of the editor
  {
    file: "@graphiql/react/dist/components/markdown-content/index.js",
    imports: `import { trustedHtml } from "playground:trusted";\n`,
    changes: [["{ __html: t4 }", "{ __html: trustedHtml(t4) }", 1]],
  },
  // prettier's JavaScript parser is half a megabyte, for the layout of a few variables
  {
    file: "@graphiql/react/dist/utility/jsonc.js",
    imports: `import { formatJSONC } from "playground:format-json";\n`,
    changes: [
      [/async function formatJSONC\(content\) \{[^]*?\n\}\n/g, "", 1],
    ],
  },
  // colors of the dark editor that are too faint on GraphiQL's background
  {
    file: "@graphiql/react/dist/constants.js",
    changes: [
      [`getBaseColors("dark")`, `{ ...getBaseColors("dark"), "editorLineNumber.foreground": "#a3aec2" }`, 1],
      [/(?=\{\s*token: "argument\.identifier\.gql",\s*foreground: "#908aff")/, `{ token: "comment", foreground: "#8fbf7f" }, `, 1],
    ],
  },
  // the query builder's boxes and lists, for the keyboard and for screen readers
  {
    file: "graphiql-explorer/dist/Explorer.js",
    changes: [
      ["'data-field-name': field.name,", `'data-field-name': field.name, ${box("selection")}`, 1],
      [
        `style: { cursor: 'pointer' },
            onClick: function onClick(event) {
              var shouldAdd = !argValue;`,
        `style: { cursor: 'pointer' }, 'aria-label': arg.name, ${box("argValue")}
            onClick: function onClick(event) {
              var shouldAdd = !argValue;`,
        1,
      ],
      ["onClick: selection ? this._removeFragment", `${box("selection")} onClick: selection ? this._removeFragment`, 2],
      ["onChange: this.props.setArgValue,", "'aria-label': arg.name, onChange: this.props.setArgValue,", 2],
      ["type: 'text',", "type: 'text', 'aria-label': arg.name,", 1],
      ["value: this.state.newOperationType,", "'aria-label': 'Kind', value: this.state.newOperationType,", 1],
    ],
  },
  // A tab may not hold a second button, here the one that closes it: a list of buttons, one of them current, may.
  {
    file: "@graphiql/react/dist/components/tabs/index.js",
    changes: [
      [`"aria-selected": isActive,`, "", 1],
      [`role: "tab",`, "", 1],
      [`role: "tablist",`, "", 1],
    ],
  },
  {
    file: "graphiql/dist/GraphiQL.js",
    changes: [
      [`"aria-controls": "graphiql-session",`, `"aria-current": index_1 === activeTabIndex ? "true" : undefined,`, 1],
      [`role: "tabpanel"`, `role: "group"`, 1],
    ],
  },
];

/** The editor with the features that a GraphQL page uses, instead of all of them. */
const MONACO_ENTRY = "monaco-graphql/esm/monaco-editor.js";

/** Text that the policy would block, if it ever ran. */
const INLINE_STYLE = /createElement\(\s*["'`]style["'`]\s*\)|[\s"']style="|setAttribute\(\s*["']style["']/;

/** The files that may keep such text, because it never reaches this page. */
const HARMLESS = {
  [`${MONACO}/editor/common/languages/textToHtmlTokenizer.js`]: "goes to the clipboard, or carries classes alone",
  [`${MONACO}/editor/common/viewModel/viewModelImpl.js`]: "goes to the clipboard",
  [`${MONACO}/editor/browser/widget/diffEditor/components/diffEditorViewZones/diffEditorViewZones.js`]:
    "the page has no diff editor",
  [`${MONACO}/editor/browser/widget/diffEditor/components/diffEditorViewZones/renderLines.js`]: "the same",
  "react-dom/cjs/react-dom-client.production.js": "for <style> components; GraphiQL has none",
};

/** An esbuild plugin; `finish(metafile)` tells whether every rewrite has met its file and none is missing. */
export function rewrites(sourceFolder) {
  const waiting = new Set(REWRITES.map(({ file }) => file));
  const suspicious = new Set();
  return {
    finish(metafile) {
      const bundled = Object.values(metafile.outputs).flatMap(({ inputs }) =>
        Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [nameOf(file)] : [])),
      );
      refuse("rewritten, but not part of the bundle", [...waiting]);
      refuse("holds inline styles", bundled.filter((name) => suspicious.has(name) && !(name in HARMLESS)));
      refuse("no longer holds inline styles", Object.keys(HARMLESS).filter((name) => !suspicious.has(name)));
    },
    plugin: {
      name: "rewrites",
      setup(build) {
        build.onResolve({ filter: /^playground:/ }, ({ path: name }) => ({
          path: path.join(sourceFolder, `${name.slice("playground:".length)}.js`),
        }));
        build.onLoad({ filter: /node_modules.*\.m?js$/ }, async ({ path: file }) => {
          const name = nameOf(file);
          const contents = await adapted(name, file);
          if (INLINE_STYLE.test(contents)) suspicious.add(name);
          waiting.delete(name);
          return { contents, resolveDir: path.dirname(file) };
        });
      },
    },
  };
}

const nameOf = (file) => file.replaceAll("\\", "/").split("node_modules/").at(-1);

function refuse(complaint, names) {
  if (names.length > 0) throw new Error(`${complaint}: ${names.join(", ")}`);
}

async function adapted(name, file) {
  if (name === MONACO_ENTRY) return `export * from "playground:monaco";`;
  const text = await readFile(file, "utf8");
  const { imports = "", changes = [], replacement } = REWRITES.find((rewrite) => rewrite.file === name) ?? {};
  return replacement ?? imports + changes.reduce((before, change) => changed(name, before, change), text);
}

function changed(name, text, [from, to, times]) {
  const parts = text.split(from);
  if (parts.length - 1 !== times) {
    throw new Error(`${name}: expected ${times} times, found ${parts.length - 1} times: ${from}`);
  }
  return parts.join(to);
}
