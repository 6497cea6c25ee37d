// 契約一覧: all contracts, the newest first, a page at a time. Filter and page stand in the address.

import { ask } from "./api.js";
import { TIMELINE, status } from "./contract.js";
import { byId, h } from "./dom.js";
import { greet } from "./frame.js";
import { day, say } from "./language.js";
import { pages, requireOperator, table } from "./operations.js";
import { fill, load } from "./outcome.js";

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

const FIELDS = ["search", "status", "due", "hold"];
const HEADINGS = [
  say("会社名", "Company"),
  say("契約状態", "Status"),
  say("契約開始日", "Started on"),
  say("契約終了日", "Last day of use"),
  say("保管期限", "Data kept until"),
  say("抹消の保留", "Erasure hold"),
];

const wanted = new URLSearchParams(location.search);
for (const name of FIELDS) byId(name).value = wanted.get(name) ?? "";

load(async () => {
  const { viewer, contracts } = await ask(CONTRACTS, { filter: filter(), first: PAGE, after: wanted.get("after") });
  requireOperator(viewer);
  greet(viewer);
  show(contracts);
});

function filter() {
  const found = {};
  const [search, status, due, hold] = FIELDS.map((name) => byId(name).value); // an address may hold anything, fields do not
  if (search) found.search = search;
  if (status) found.status = [status];
  if (due) found.erasureDueBy = due;
  if (hold) found.onHold = hold === "yes";
  return found;
}

function show({ nodes, pageInfo }) {
  if (!nodes.length) return fill(h("p.card", {}, say("該当する契約はありません。", "No contract matches.")));
  fill(table(say("契約一覧", "Contracts"), HEADINGS, nodes.map(row)), pages("/operator", pageInfo));
}

const row = (contract) => [
  [
    h("a", { href: `/operator/contracts/${contract.id}` }, contract.company?.name ?? say("（抹消済み）", "(erased)")),
    h("span.id", {}, contract.id),
  ],
  h(`span.chip.${contract.status.toLowerCase()}`, {}, status(contract)),
  day(contract.startedOn),
  day(contract.endedOn),
  day(contract.termination?.timeline.erasure.lastDay),
  contract.erasureHold ? say("保留中", "On hold") : "-",
];
