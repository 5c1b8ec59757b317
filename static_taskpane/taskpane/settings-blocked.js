// The user's own block list (E16, U): addresses and domains whose meetings are not synced, or whose
// people are not matched, as the firm decides.

import { el, icon, quote } from "../shared/dom.js";

/** @import { Me } from "./types.js" */
/** @import { Saving, SettingsActs } from "./settings.js" */

const MOST = 500;
const LONGEST = 320;
const LABEL = /^(?!-)[^\s@.,;:<>()[\]\\"/]{1,63}(?<!-)$/u;

/** @param {Me} me @param {Saving | null} saving @param {SettingsActs} acts */
export function blockList(me, saving, acts) {
  const list = me.block_list;
  return el(
    "section",
    { class: "card stack", "data-key": "blocked", "aria-labelledby": "blocked-title", "aria-busy": saving === "blocked" ? "true" : "false" },
    el("h3", { id: "blocked-title", tabindex: "-1" }, "Block list"),
    el("p", { class: "hint", id: "block-hint" }, "Addresses such as ann@rival.com, or whole domains such as rival.com. Subdomains count."),
    list.length > 0
      ? el("ul", { class: "blocked", "aria-labelledby": "blocked-title" }, ...list.map((entry) => row(entry, list, saving, acts)))
      : el("p", { class: "hint" }, "Nobody is blocked."),
    el(
      "form",
      { class: "field", novalidate: true, submit: (/** @type {Event} */ submit) => void add(submit, list, saving, acts) },
      el("label", { for: "block-entry" }, "Block an address or domain"),
      el(
        "div",
        { class: "add-line" },
        el("input", {
          type: "text",
          id: "block-entry",
          inputmode: "email",
          autocomplete: "off",
          autocapitalize: "off",
          spellcheck: "false",
          "aria-describedby": "block-problem block-hint",
          input: () => tell(""),
        }),
        el("button", { type: "submit", "aria-disabled": saving === null ? "false" : "true" }, "Block"),
      ),
      el("p", { class: "problem", id: "block-problem", role: "alert" }),
    ),
  );
}

/** @param {string} entry @param {string[]} list @param {Saving | null} saving @param {SettingsActs} acts */
function row(entry, list, saving, acts) {
  const remove = async () => {
    if (saving !== null) return;
    const isDone = await acts.change({ block_list: list.filter((other) => other !== entry) }, "blocked");
    if (isDone) document.getElementById("blocked-title")?.focus();
  };
  return el(
    "li",
    { class: "token", "data-key": entry },
    quote(entry),
    el("button", { type: "button", class: "quiet small", click: () => void remove() }, icon("cross"), el("span", { class: "unseen" }, "Remove ", quote(entry))),
  );
}

/** @param {Event} submit @param {string[]} list @param {Saving | null} saving @param {SettingsActs} acts */
async function add(submit, list, saving, acts) {
  submit.preventDefault();
  const field = document.getElementById("block-entry");
  if (!(field instanceof HTMLInputElement) || saving !== null) return;
  const entry = normalised(field.value);
  const wrong = problemOf(entry, list);
  tell(wrong);
  field.focus();
  if (wrong) return;
  const isDone = await acts.change({ block_list: [...list, entry] }, "blocked");
  if (isDone) field.value = "";
}

/** What is wrong, at the field; empty when nothing is.
 * @param {string} words */
function tell(words) {
  const place = document.getElementById("block-problem");
  if (place && place.textContent !== words) place.textContent = words;
  const field = document.getElementById("block-entry");
  if (words) field?.setAttribute("aria-invalid", "true");
  else field?.removeAttribute("aria-invalid");
}

/** A domain may be written with an @ before it. @param {string} text */
function normalised(text) {
  return text.trim().toLowerCase().replace(/^@/, "");
}

/** @param {string} entry @param {string[]} list */
function problemOf(entry, list) {
  if (entry === "") return "Type an address or a domain.";
  const [name, domain] = entry.includes("@") ? split(entry) : ["x", entry];
  const isDomain = domain.includes(".") && domain.split(".").every((label) => LABEL.test(label));
  if (!name || /[\s@]/.test(name) || !isDomain || entry.length > LONGEST) {
    return "This is neither an address such as ann@rival.com nor a domain such as rival.com.";
  }
  if (list.some((other) => normalised(other) === entry)) return "It is on the list already.";
  return list.length >= MOST ? `The list is full: it holds ${MOST}.` : "";
}

/** @param {string} address @returns {[string, string]} */
function split(address) {
  const at = address.lastIndexOf("@");
  return [address.slice(0, at), address.slice(at + 1)];
}
