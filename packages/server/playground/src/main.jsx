/** The page: GraphiQL, the tour, and what makes both work under a strict Content-Security-Policy. */
import "./workers.js";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "graphiql/graphiql.css";
import "./playground.css";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";
import { ActiveTabInSight } from "./active-tab.jsx";
import { makeEditorsAccessible } from "./editors.js";
import { fetcher } from "./fetcher.js";
import { narrow } from "./screen.js";
import { welcome } from "./tabs.js";
import { TOUR } from "./tour.jsx";

// GraphiQL's history of requests is left out: it would keep passwords in the browser's storage.
const PLUGINS = [TOUR];

welcome();
makeEditorsAccessible();
createRoot(document.querySelector("#playground")).render(
  <GraphiQL
    fetcher={fetcher}
    schemaDescription
    defaultEditorToolsVisibility="variables"
    plugins={PLUGINS}
    visiblePlugin={narrow.matches ? undefined : TOUR}
  >
    <GraphiQL.Logo>
      <h1 className="playground-title">
        <span lang="ja">おまかせログイン 契約管理</span> API
      </h1>
    </GraphiQL.Logo>
    <ActiveTabInSight />
  </GraphiQL>,
);
