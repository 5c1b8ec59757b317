// One setting as something to enter; every change goes to `changed` with the value as the API names it.

import { el } from "../shared/dom.js";
import { COLORS, SHOW_AS } from "./configuration-fields.js";

/** @typedef {import("./configuration-fields.js").Field} Field */
/** @typedef {{value: any, types: string[], recordTypes?: string[], locked: boolean, domains: string[], wrong: string,
 *   changed: (value: any) => void}} Given */

/** @param {Field} field @param {Given} given @returns {HTMLElement} */
export function fieldOf(field, given) {
  const box = el("div", { class: "field", id: `field-${field.name}` }, ...parts(field, given));
  if (given.wrong) {
    const input = box.querySelector("input, select, textarea");
    input?.setAttribute("aria-invalid", "true");
    input?.setAttribute("aria-describedby", `${field.name}-wrong ${field.name}-hint`);
    box.append(el("span", { class: "wrong", id: `${field.name}-wrong` }, given.wrong));
  }
  return box;
}

/** @param {Field} field @param {Given} given @returns {Node[]} */
function parts(field, given) {
  const { name, label, kind } = field;
  const hint = el("span", { class: "hint", id: `${name}-hint` }, field.hint);
  const common = { id: name, name, disabled: given.locked, "aria-describedby": `${name}-hint` };
  const title = el("label", { for: name }, label);
  if (kind === "switch") {
    const input = el("input", {
      ...common, type: "checkbox", checked: given.value === true,
      change: (event) => given.changed(event.target.checked),
    });
    return [el("div", { class: "check" }, input, el("div", {}, title, hint))];
  }
  if (kind === "choice") return [radios(field, given, hint)];
  if (kind === "types") return [types(field, given, hint)];
  if (kind === "number") {
    const input = el("input", {
      ...common, type: "number", min: String(field.min), max: String(field.max), value: String(given.value),
      input: (event) => given.changed(event.target.value === "" ? null : Number(event.target.value)),
    });
    return [title, input, document.createTextNode(` ${field.unit}`), hint];
  }
  if (kind === "date") {
    const input = el("input", {
      ...common, type: "date", value: given.value ?? "",
      input: (event) => given.changed(event.target.value || null),
    });
    return [title, input, hint];
  }
  if (kind === "words") return [words(field, given, hint)];
  if (kind === "lines") {
    const input = el("textarea", {
      ...common, rows: "4", spellcheck: "false",
      input: (event) => given.changed(linesOf(event.target.value)),
    }, given.value.join("\n"));
    if (name === "further_domains") hint.append(" ", given.domains.join(", ") || "none known yet", ".");
    return [title, hint, input];
  }
  if (kind === "color") {
    const swatch = el("span", { class: "swatch" });
    const paint = (/** @type {string} */ key) => {
      swatch.style.background = COLORS.find(([preset]) => preset === key)?.[2] ?? "";
    };
    paint(given.value);
    const pick = el(
      "select",
      { ...common, change: (event) => { paint(event.target.value); given.changed(event.target.value); } },
      ...COLORS.map(([key, text]) => el("option", { value: key, selected: key === given.value }, text)),
    );
    return [title, pick, document.createTextNode(" "), swatch];
  }
  const offered = field.ofRecords ? (given.recordTypes ?? []) : [];
  const input = el("input", {
    ...common, type: "text", value: given.value ?? "", list: offered.length > 0 && `${name}-offered`,
    input: (event) => given.changed(field.optional ? event.target.value.trim() || null : event.target.value),
  });
  const list = offered.length > 0 && el("datalist", { id: `${name}-offered` }, ...offered.map((value) => el("option", { value })));
  return [title, input, ...(list ? [list] : []), hint];
}

/** @param {Field} field @param {Given} given @param {Node} hint */
function radios(field, given, hint) {
  return el(
    "fieldset",
    {},
    el("legend", {}, field.label),
    el(
      "div",
      { class: "choices tall" },
      ...(field.choices ?? []).map(([key, text]) =>
        el(
          "label",
          {},
          el("input", {
            type: "radio", name: field.name, value: key, checked: key === given.value,
            disabled: given.locked || field.later?.includes(key),
            change: () => given.changed(key),
          }),
          text,
        ),
      ),
    ),
    hint,
  );
}

/** Graph's words, each with the CRM's; what is left empty goes as it is.
 * @param {Field} field @param {Given} given @param {Node} hint */
function words(field, given, hint) {
  const entered = { ...given.value };
  return el(
    "fieldset",
    {},
    el("legend", {}, field.label),
    hint,
    el(
      "div",
      { class: "pairs" },
      ...SHOW_AS.flatMap(([key, name]) => [
        el("label", { for: `${field.name}-${key}` }, name),
        el("input", {
          id: `${field.name}-${key}`, type: "text", maxlength: "50", value: entered[key] ?? "", placeholder: key,
          disabled: given.locked,
          input: (event) => {
            if (event.target.value.trim()) entered[key] = event.target.value.trim();
            else delete entered[key];
            given.changed({ ...entered });
          },
        }),
      ]),
    ),
  );
}

/** The CRM's contact types, and chosen ones that the CRM no longer knows.
 * @param {Field} field @param {Given} given @param {Node} hint */
function types(field, given, hint) {
  const chosen = new Set(given.value);
  const gone = given.value.filter((/** @type {string} */ name) => !given.types.includes(name));
  const boxes = [...given.types, ...gone].map((name) =>
    el(
      "label",
      {},
      el("input", {
        type: "checkbox", name: field.name, value: name, checked: chosen.has(name), disabled: given.locked,
        change: (event) => {
          if (event.target.checked) chosen.add(name);
          else chosen.delete(name);
          given.changed([...chosen].sort((a, b) => a.localeCompare(b)));
        },
      }),
      gone.includes(name) ? `${name} (no longer in the CRM)` : name,
    ),
  );
  return el(
    "fieldset",
    {},
    el("legend", {}, field.label),
    hint,
    boxes.length > 0
      ? el("div", { class: "choices" }, ...boxes)
      : el("p", {}, "The CRM has no contact types yet."),
  );
}

/** @param {string} text */
function linesOf(text) {
  return [...new Set(text.split("\n").map((line) => line.trim()).filter(Boolean))];
}
