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
    if (typeof value === "function") listen(element, key, value);
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

/** What listens on an element, by kind of event: an element that stays gets the listeners of the one
 * that would have replaced it.
 * @type {WeakMap<Element, Map<string, (e: any) => void>>} */
const listeners = new WeakMap();

/** @param {Element} element @param {string} type @param {(e: any) => void} handler */
function listen(element, type, handler) {
  const own = listeners.get(element) ?? new Map();
  listeners.set(element, own);
  if (!own.has(type)) {
    element.addEventListener(type, (event) => listeners.get(element)?.get(type)?.(event));
  }
  own.set(type, handler);
}

/** @type {WeakMap<Element, string>} */
const shown = new WeakMap();

/** Shows something else in a part of the page, unless it already shows the same. What stays the same
 * stays the same node, so that focus, selection, scroll position and a screen reader's place survive.
 * An element that takes the place of a focused one names its id in `data-heir-of`.
 * @param {Element} host
 * @param {unknown} signature everything the nodes depend on
 * @param {() => Child[]} build */
export function fill(host, signature, build) {
  const wanted = JSON.stringify(signature);
  if (shown.get(host) === wanted) return;
  const focused = host.contains(document.activeElement) ? (document.activeElement?.id ?? "") : "";
  morph(host, present(build()));
  shown.set(host, wanted);
  if (!focused || document.activeElement?.id === focused) return;
  const heir = document.getElementById(focused) ?? host.querySelector(`[data-heir-of="${focused}"]`);
  if (heir instanceof HTMLElement) heir.focus({ preventScroll: true });
}

/** Gives `host` these children, changing only what differs.
 * @param {Node} host @param {(Node | string)[]} wanted */
function morph(host, wanted) {
  /** @type {ChildNode | null} */
  let at = host.firstChild;
  for (const child of wanted) {
    const next = typeof child === "string" ? document.createTextNode(child) : child;
    const match = findMatch(at, next);
    if (match === null) {
      host.insertBefore(next, at);
      continue;
    }
    while (at !== null && at !== match) at = removed(at);
    at = match.nextSibling;
    adapt(match, next);
  }
  while (at !== null) at = removed(at);
}

/** @param {ChildNode} node @returns {ChildNode | null} the one after it */
function removed(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

/** The node that may become `wanted`: the next one, or a later one of the same name.
 * @param {ChildNode | null} from @param {Node} wanted */
function findMatch(from, wanted) {
  const kind = kindOf(wanted);
  if (from !== null && kindOf(from) === kind) return from;
  if (!kind.includes("#", 1)) return null;
  for (let node = from; node !== null; node = node.nextSibling) {
    if (kindOf(node) === kind) return node;
  }
  return null;
}

/** @param {Node} node tag and name, `data-key` or id */
function kindOf(node) {
  if (!(node instanceof Element)) return node.nodeName;
  const name = node.getAttribute("data-key") ?? node.id;
  return name ? `${node.nodeName}#${name}` : node.nodeName;
}

/** @param {Node} node @param {Node} wanted of the same kind */
function adapt(node, wanted) {
  if (!(node instanceof Element) || !(wanted instanceof Element)) {
    if (node.nodeValue !== wanted.nodeValue) node.nodeValue = wanted.nodeValue;
    return;
  }
  for (const { name } of [...node.attributes]) {
    if (!wanted.hasAttribute(name)) node.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
  if (node instanceof HTMLInputElement && wanted instanceof HTMLInputElement) {
    node.checked = wanted.checked;
  }
  const wantedListeners = listeners.get(wanted) ?? new Map();
  for (const type of [...(listeners.get(node)?.keys() ?? [])]) {
    if (!wantedListeners.has(type)) listen(node, type, () => {});
  }
  for (const [type, handler] of wantedListeners) listen(node, type, handler);
  morph(node, [...wanted.childNodes]);
}
