// Who did what and when (A11), newest first.

import { el, quote } from "../shared/dom.js";
import { get } from "./client.js";
import { growingTable } from "./growing-table.js";
import { load, time } from "./page.js";
import { ACTS, named, OPERATIONS, TARGETS } from "./words.js";

const PAGE = 100;

/** @param {HTMLElement} host @returns {import("./main.js").Shown} */
export function showAudit(host) {
  const list = el("div", {});
  host.replaceChildren(
    el("h1", {}, "Audit"),
    el("p", { class: "lead" }, "Every act of an administrator. Lines are only ever added; values are never kept, only the names of what was changed."),
    list,
  );
  void load(list, () => get("audit", { limit: PAGE }), (page) => draw(list, page));
  return {};
}

/** @param {HTMLElement} host @param {any} page */
function draw(host, page) {
  if (page.items.length === 0) {
    host.replaceChildren(el("p", { class: "empty" }, "No administrator has changed anything yet."));
    return;
  }
  const shape = {
    label: "Audit",
    columns: ["When", "Who", "What", "On", "Changed"],
    older: "Show older acts",
    row: line,
    read: (/** @type {string} */ cursor) => get("audit", { limit: PAGE, cursor }),
  };
  host.replaceChildren(...growingTable(shape, page));
}

/** What an act was about, by name; where that is gone, by the id that is left.
 * @param {any} row */
function target(row) {
  if (row.target_kind === "firm" || row.target_id === null) return "";
  if (row.target_name === null) return el("span", { class: "sub address" }, row.target_id);
  return row.target_kind === "operation" ? named(OPERATIONS, row.target_name) : quote(row.target_name);
}

/** @param {any} row */
function line(row) {
  return el(
    "tr",
    {},
    el("td", {}, time(row.at)),
    el("td", {}, quote(row.by || "removed user"), row.by_address && el("span", { class: "sub" }, row.by_address)),
    el("td", {}, named(ACTS, row.act)),
    el("td", {}, target(row), el("span", { class: "sub" }, named(TARGETS, row.target_kind))),
    el("td", {}, row.fields.map((/** @type {string} */ name) => name.replaceAll("_", " ")).join(", ")),
  );
}
