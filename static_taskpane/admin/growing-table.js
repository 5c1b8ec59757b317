// A table whose older rows are added below when somebody asks for them.

import { el } from "../shared/dom.js";
import { load } from "./page.js";

/** @typedef {{items: any[], next: string | null}} Page */
/** @typedef {{
 *   label: string, columns: string[], older: string,
 *   row(item: any): HTMLElement,
 *   read(cursor: string): Promise<Page>,
 * }} Shape label: what the table is called; older: what the button says */

/** @param {Shape} shape @param {Page} first @returns {HTMLElement[]} the table and what is below it */
export function growingTable(shape, first) {
  const body = el("tbody", {}, ...first.items.map(shape.row));
  const more = el("div", { class: "pager" });
  const names = shape.columns.map((name) => el("th", { scope: "col" }, name));
  offerMore(shape, more, body, first.next);
  return [
    el(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": shape.label },
      el("table", {}, el("thead", {}, el("tr", {}, ...names)), body),
    ),
    more,
  ];
}

/** @param {Shape} shape @param {HTMLElement} host @param {HTMLElement} body @param {string | null} next */
function offerMore(shape, host, body, next) {
  host.replaceChildren();
  if (next === null) return;
  const grow = () =>
    load(host, () => shape.read(next), (page) => {
      body.append(...page.items.map(shape.row));
      offerMore(shape, host, body, page.next);
    });
  host.append(el("button", { type: "button", click: () => void grow() }, shape.older));
}
