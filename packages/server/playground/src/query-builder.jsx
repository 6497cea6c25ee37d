/** The query builder: a tree of the schema, in which fields and arguments are ticked, by keyboard too. */
import { explorerPlugin } from "@graphiql/plugin-explorer";

const TITLE = "Query builder";
const { content: Tree, ...explorer } = explorerPlugin({ title: TITLE });

function tick(event) {
  if (event.target.getAttribute("role") !== "checkbox" || ![" ", "Enter"].includes(event.key)) return;
  event.preventDefault();
  event.target.click();
}

function QueryBuilder() {
  return (
    <section aria-label={TITLE} onKeyDown={tick}>
      <Tree />
    </section>
  );
}

export const QUERY_BUILDER = { ...explorer, title: TITLE, content: QueryBuilder };
