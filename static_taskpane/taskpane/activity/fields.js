// The parts that the Add Activity form is made of: labelled fields with their problem below them, and
// what was chosen as tokens. They hold nothing.

import { el, icon, quote } from "../../shared/dom.js";

/** @import { Child } from "../../shared/dom.js" */

/** @param {string} name of the field @param {string} label @param {Child} control with the id
 *   `activity-<name>` @param {{hint?: string, before?: Child}} [more] */
export function field(name, label, control, { hint, before } = {}) {
  const id = `activity-${name}`;
  return el(
    "div",
    { class: "field", "data-field": name },
    el("label", { for: id }, label),
    before,
    control,
    hint ? el("p", { class: "hint", id: `${id}-hint` }, hint) : null,
    problem(name),
  );
}

/** @param {string} name of the field @param {string} legend @param {Child[]} content */
export function group(name, legend, ...content) {
  return el(
    "fieldset",
    { class: "field", "data-field": name },
    el("legend", {}, legend),
    ...content,
    problem(name),
  );
}

/** @param {string} name */
export function problem(name) {
  return el("p", { class: "problem", id: `activity-${name}-problem` });
}

/** @param {string} name @param {string} value @param {(value: string) => void} changed
 * @param {Record<string, string>} [more] attributes */
export function input(name, value, changed, more = {}) {
  const id = `activity-${name}`;
  const element = el("input", {
    type: "text",
    id,
    autocomplete: "off",
    "aria-describedby": `${id}-problem`,
    input: () => changed(element.value),
    ...more,
  });
  element.value = value;
  return element;
}

/** A switch with its words beside it.
 * @param {string} name @param {string} label @param {boolean} on @param {(on: boolean) => void} changed */
export function toggle(name, label, on, changed) {
  const id = `activity-${name}`;
  const element = el("input", { type: "checkbox", role: "switch", id, change: () => changed(element.checked) });
  element.checked = on;
  return el("div", { class: "slider" }, el("label", { for: id }, label), element);
}

/** @param {string} key @param {string} name @param {string} detail
 * @param {{remove?: () => void, id?: string}} [more] */
export function token(key, name, detail, { remove, id } = {}) {
  return el(
    "li",
    { class: "token", "data-key": key },
    el("span", {}, quote(name), detail ? el("span", { class: "hint" }, " ", quote(detail)) : null),
    remove ? removal(name, remove, id) : null,
  );
}

/** @param {string} name @param {() => void} remove @param {string} [id] */
export function removal(name, remove, id) {
  return el(
    "button",
    { type: "button", class: "quiet small", id: id ?? null, click: remove },
    icon("cross"),
    el("span", { class: "unseen" }, "Remove ", quote(name)),
  );
}
