/** The page: GraphiQL, the tour, and what makes both work under a strict Content-Security-Policy. */
import "./workers.js";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./playground.css";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";
import { ActiveTabInSight } from "./active-tab.jsx";
import { EditorsFollowColorScheme } from "./color-scheme.jsx";
import { makeEditorsAccessible } from "./editors.js";
import { fetcher } from "./fetcher.js";
import { narrow } from "./screen.js";
import { QUERY_BUILDER } from "./query-builder.jsx";
import { storage } from "./storage.js";
import { welcome } from "./tabs.js";
import { TOUR } from "./tour.jsx";

const PLUGINS = [TOUR, QUERY_BUILDER, HISTORY_PLUGIN];

welcome();
makeEditorsAccessible();
createRoot(document.querySelector("#playground")).render(
  <GraphiQL
    fetcher={fetcher}
    schemaDescription
    defaultEditorToolsVisibility="variables"
    plugins={PLUGINS}
    shouldPersistHeaders={false}
    storage={storage}
    visiblePlugin={narrow.matches ? undefined : TOUR}
  >
    <GraphiQL.Logo>
      <h1 className="playground-title">
        <span lang="ja">おまかせログイン 契約管理</span> API
      </h1>
    </GraphiQL.Logo>
    <ActiveTabInSight />
    <EditorsFollowColorScheme />
  </GraphiQL>,
);
