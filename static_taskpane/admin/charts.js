// Simple charts as SVG, each with the same numbers as a table for whoever cannot see it.

import { el } from "../shared/dom.js";
import { day as dayInWords } from "./page.js";

const NS = "http://www.w3.org/2000/svg";

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...Node} children */
function svg(tag, attributes, ...children) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** Days as stacked bars.
 * @param {{day: string, manual: number, automatic: number}[]} days */
export function dailyChart(days) {
  const width = 640;
  const height = 160;
  const busiest = Math.max(0, ...days.map((day) => day.manual + day.automatic));
  if (busiest === 0) return el("p", {}, `No event has been synced in the last ${days.length} days.`);
  const most = busiest;
  const step = width / Math.max(1, days.length);
  const bars = days.flatMap((day, index) => {
    const of = (/** @type {number} */ count) => (count / most) * height;
    const x = index * step + 1;
    const automatic = of(day.automatic);
    const manual = of(day.manual);
    const size = { x, width: Math.max(1, step - 2) };
    return [
      svg("rect", { ...size, y: height - automatic, height: automatic, class: "automatic" }),
      svg("rect", { ...size, y: height - automatic - manual, height: manual, class: "manual" }),
    ];
  });
  const total = days.reduce((sum, day) => sum + day.manual + day.automatic, 0);
  const label = `Events synced per day: ${total} in ${days.length} days, ${busiest} on the busiest day`;
  return el(
    "figure",
    {},
    svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, class: "chart", preserveAspectRatio: "none" },
      svg("line", { x1: 0, x2: width, y1: height, y2: height, class: "axis" }), ...bars),
    el("p", { class: "hint legend" }, dayInWords(days[0]?.day), el("span", {}, el("span", { class: "key manual" }), "by hand ", el("span", { class: "key automatic" }), `by rules; at most ${busiest} a day`), dayInWords(days.at(-1)?.day)),
    el("details", {}, el("summary", {}, "As a table"), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Per day" }, el("table", {},
      el("thead", {}, el("tr", {}, ...["Day", "By hand", "By rules"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...days.map((day) => el("tr", {}, el("th", { scope: "row" }, dayInWords(day.day)), el("td", {}, String(day.manual)), el("td", {}, String(day.automatic)))))))),
  );
}

/** Counts as bars beside their names, which may lead to what is counted: a table that is a chart.
 * @param {string} title @param {[string, number, string?][]} rows @param {string} empty */
export function countChart(title, rows, empty) {
  if (rows.length === 0) return el("p", {}, empty);
  const most = Math.max(1, ...rows.map(([, count]) => count));
  return el("table", { class: "counts" },
    el("caption", { class: "unseen" }, title),
    el("tbody", {}, ...rows.map(([name, count, href]) => el("tr", {},
      el("th", { scope: "row" }, href ? el("a", { href }, name) : name),
      el("td", {}, count.toLocaleString("en-GB")),
      el("td", { class: "measure", "aria-hidden": "true" }, svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none" }, svg("rect", { width: (count / most) * 100, height: 10, class: "automatic" }))),
    ))));
}
