// 契約一覧: all contracts, the newest first, a page at a time. Filter and page stand in the address.

import { ask } from "./api.js";
import { TIMELINE, status } from "./contract.js";
import { byId, fill, h } from "./dom.js";
import { greet, guarded } from "./frame.js";
import { day, say } from "./language.js";
import { requireOperator } from "./operations.js";

const PAGE = 20;
const CONTRACTS = `
query ($filter: ContractFilter, $first: Int, $after: String) {
  viewer { name role }
  contracts(filter: $filter, first: $first, after: $after) {
    nodes {
      id status startedOn endedOn
      company { name }
      termination { timeline { ...Timeline } }
      erasureHold { placedAt }
    }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}
${TIMELINE}`;

const wanted = new URLSearchParams(location.search);
for (const name of ["status", "due", "hold"]) byId(name).value = wanted.get(name) ?? "";

guarded(async () => {
  const { viewer, contracts } = await ask(CONTRACTS, { filter: filter(), first: PAGE, after: wanted.get("after") });
  requireOperator(viewer);
  greet(viewer);
  show(contracts);
});

function filter() {
  const found = {};
  if (wanted.get("status")) found.status = [wanted.get("status")];
  if (wanted.get("due")) found.erasureDueBy = wanted.get("due");
  if (wanted.get("hold")) found.onHold = wanted.get("hold") === "yes";
  return found;
}

function show({ nodes, pageInfo }) {
  if (!nodes.length) return fill(h("p.card", {}, say("該当する契約はありません。", "No contract matches.")));
  fill(
    h(
      "div.table",
      { tabindex: "0", role: "region", "aria-label": say("契約一覧", "Contracts") },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            headings().map((text) => h("th", { scope: "col" }, text)),
          ),
        ),
        h("tbody", {}, nodes.map(row)),
      ),
    ),
    h(
      "nav.buttons.end",
      { "aria-label": say("ページ", "Pages") },
      pageInfo.hasPreviousPage && h("a.secondary.button", { href: address(null) }, say("最初のページ", "First page")),
      pageInfo.hasNextPage &&
        h("a.secondary.button", { href: address(pageInfo.endCursor) }, say("次のページ", "Next page")),
    ),
  );
}

const headings = () => [
  say("会社名", "Company"),
  say("契約状態", "Status"),
  say("契約開始日", "Started on"),
  say("契約終了日", "Ended on"),
  say("抹消期限", "Data kept until"),
  say("抹消の保留", "Erasure hold"),
];

const row = (contract) =>
  h(
    "tr",
    {},
    h(
      "th",
      { scope: "row" },
      h("a", { href: `/operator/contracts/${contract.id}` }, contract.company?.name ?? say("（抹消済み）", "(erased)")),
      h("span.id", {}, contract.id),
    ),
    h("td", {}, h(`span.chip.${contract.status.toLowerCase()}`, {}, status(contract))),
    h("td", {}, day(contract.startedOn)),
    h("td", {}, day(contract.endedOn)),
    h("td", {}, day(contract.termination?.timeline.erasure.lastDay)),
    h("td", {}, contract.erasureHold ? say("保留中", "On hold") : "-"),
  );

function address(after) {
  const query = new URLSearchParams([...wanted].filter(([name, value]) => value && name !== "after"));
  if (after) query.set("after", after);
  return `/operator${query.size ? `?${query}` : ""}`;
}
