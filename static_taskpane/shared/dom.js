// Building and replacing parts of a page. Text always goes in as text, never as markup.

/** @typedef {Node | string | null | undefined | false} Child */

/** @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | boolean | null | undefined | ((e: any) => void)>} [props]
 *   attributes; true sets an empty one, false and null leave it out; functions listen to that event
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]} */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (typeof value === "string") element.setAttribute(key, value);
  }
  element.append(...present(children));
  return element;
}

/** @param {Child[]} children @returns {(Node | string)[]} */
function present(children) {
  return /** @type {(Node | string)[]} */ (
    children.filter((child) => child !== null && child !== undefined && child !== false)
  );
}

/** A symbol of the page's own sprite, hidden from screen readers.
 * @param {string} name @param {string} [tone] */
export function icon(name, tone = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `icon ${tone}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Somebody's words: own direction, whatever surrounds them.
 * @param {string} value */
export function quote(value) {
  return el("bdi", {}, value);
}

/** @type {WeakMap<Element, string>} */
const shown = new WeakMap();

/** Replaces what a part of the page shows, unless it already shows the same, and keeps the
 * keyboard focus on the element with the same id.
 * @param {Element} host
 * @param {unknown} signature everything the nodes depend on
 * @param {() => Child[]} build */
export function fill(host, signature, build) {
  const wanted = JSON.stringify(signature);
  if (shown.get(host) === wanted) return;
  const focused = host.contains(document.activeElement) ? document.activeElement?.id : "";
  host.replaceChildren(...present(build()));
  shown.set(host, wanted);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}
