// A text field that searches while one types and offers what it finds: the combobox of the ARIA
// Authoring Practices (editable, list autocomplete). What was chosen is shown by somebody else.

import { el, fill, quote } from "../../shared/dom.js";

const TYPING_PAUSE_MS = 120;

/** @typedef {{key: string, name: string, detail?: string, pick: () => void}} Choice */
/** @typedef {{id: string, label: string, hint?: string, nothing: string,
 *   search(query: string, signal: AbortSignal): Promise<Choice[]>,
 *   say(words: string): void, changed(): void, failed(error: unknown): void}} Wish
 *   search: what fits, best first; changed: what stands in the field did */

export class Combobox {
  #wish;
  /** @type {HTMLInputElement} */
  input;
  #list;
  #note;
  #popup;
  /** @type {Choice[]} */
  #choices = [];
  #active = -1;
  #open = false;
  /** @type {AbortController | null} */
  #asking = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #typing;
  /** Enter came before the answer: it takes the first that comes. */
  #wanted = false;
  /** @type {(() => void)[]} */
  #waiting = [];

  /** @param {Wish} wish */
  constructor(wish) {
    this.#wish = wish;
    const { id, label, hint } = wish;
    this.input = el("input", {
      id,
      type: "text",
      role: "combobox",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": `${id}-list`,
      "aria-describedby": [hint ? `${id}-hint` : "", `${id}-problem`].filter(Boolean).join(" "),
      input: () => this.#typed(),
      keydown: (/** @type {KeyboardEvent} */ key) => this.#pressed(key),
      blur: () => this.#close(),
      click: () => (this.#open ? undefined : this.#ask()),
    });
    this.#list = el("ul", { id: `${id}-list`, role: "listbox", "aria-label": label });
    this.#note = el("p", { class: "hint combo-note" });
    this.#popup = el(
      "div",
      // A press in the list must not take the focus from the field.
      { class: "combo-popup", hidden: true, mousedown: (/** @type {Event} */ press) => press.preventDefault() },
      this.#list,
      this.#note,
    );
  }

  /** The field and its list, without label. */
  get nodes() {
    return el("div", { class: "combo" }, this.input, this.#popup);
  }

  /** Something stands in the field that was not chosen. */
  get isUnfinished() {
    return this.input.value.trim() !== "";
  }

  /** When a choice that is on its way has come. */
  async settled() {
    if (this.#wanted) await new Promise((resolve) => this.#waiting.push(() => resolve(null)));
  }

  clear() {
    this.input.value = "";
    this.#close();
  }

  #typed() {
    clearTimeout(this.#typing);
    this.#wanted = false;
    this.#forget();
    this.#wish.changed();
    if (!this.isUnfinished) return this.#close();
    this.#typing = setTimeout(() => this.#ask(), TYPING_PAUSE_MS);
    return undefined;
  }

  #forget() {
    this.#asking?.abort();
    this.#asking = null;
    this.#choices = [];
    this.#active = -1;
    this.#show(this.#open ? "Searching…" : "");
  }

  async #ask() {
    clearTimeout(this.#typing);
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const query = this.input.value.trim();
    this.#open = true;
    this.#show("Searching…");
    try {
      const found = await this.#wish.search(query, asking.signal);
      if (asking.signal.aborted) return;
      this.#found(found, query);
    } catch (error) {
      if (asking.signal.aborted) return;
      this.#show("The search did not work. Try again.");
      this.#wish.failed(error);
      this.#arrived();
    } finally {
      if (this.#asking === asking) this.#asking = null;
    }
  }

  /** @param {Choice[]} found @param {string} query */
  #found(found, query) {
    this.#choices = found;
    // Who typed something wants the best of it; who only opened the list looks first.
    this.#active = query !== "" && found.length > 0 ? 0 : -1;
    if (this.#wanted && found[0]) return this.#pick(found[0]);
    this.#arrived();
    this.#show(found.length === 0 ? this.#wish.nothing : "");
    const words = found.length === 1 ? "1 suggestion." : `${found.length} suggestions.`;
    this.#wish.say(found.length === 0 ? this.#wish.nothing : words);
    return undefined;
  }

  #arrived() {
    this.#wanted = false;
    for (const tell of this.#waiting.splice(0)) tell();
  }

  /** @param {Choice} choice */
  #pick(choice) {
    this.input.value = "";
    this.#close();
    choice.pick();
    this.#wish.changed();
    this.#arrived();
  }

  #close() {
    clearTimeout(this.#typing);
    if (!this.#wanted) this.#asking?.abort();
    this.#open = false;
    this.#choices = [];
    this.#active = -1;
    this.#show("");
  }

  /** @param {KeyboardEvent} key */
  #pressed(key) {
    if (key.isComposing) return;
    const active = this.#choices[this.#active];
    switch (key.key) {
      case "Enter":
        // With Ctrl or Cmd it belongs to the form.
        if (key.ctrlKey || key.metaKey) return;
        key.preventDefault();
        if (active) this.#pick(active);
        else if (this.isUnfinished && this.#choices.length === 0 && !this.#note.dataset.final) this.#hurry();
        return;
      case "ArrowDown":
      case "ArrowUp":
        key.preventDefault();
        if (!this.#open) void this.#ask();
        else if (!key.altKey) this.#move(key.key === "ArrowDown" ? 1 : -1);
        return;
      case "Escape":
        if (!this.#open && !this.isUnfinished) return;
        key.preventDefault();
        key.stopPropagation();
        if (this.#open) this.#close();
        else this.input.value = "";
        this.#wish.changed();
        return;
      default:
    }
  }

  /** Enter before the answer. */
  #hurry() {
    this.#wanted = true;
    if (this.#asking === null) void this.#ask();
  }

  /** @param {number} step */
  #move(step) {
    const count = this.#choices.length;
    if (count === 0) return;
    const from = this.#active === -1 && step < 0 ? 0 : this.#active;
    this.#active = (from + step + count) % count;
    this.#show("");
    document.getElementById(this.#optionId(this.#active))?.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} place */
  #optionId(place) {
    return `${this.#wish.id}-option-${place}`;
  }

  /** @param {string} note */
  #show(note) {
    const isShown = this.#open && (this.#choices.length > 0 || note !== "");
    this.#popup.hidden = !isShown;
    this.input.setAttribute("aria-expanded", String(this.#open && this.#choices.length > 0));
    if (this.#active === -1) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", this.#optionId(this.#active));
    this.#note.textContent = note;
    this.#note.hidden = note === "";
    this.#list.hidden = this.#choices.length === 0;
    if (note === "" || note === "Searching…") delete this.#note.dataset.final;
    else this.#note.dataset.final = "true";
    const shown = this.#choices.map(({ key, name, detail }) => [key, name, detail]);
    fill(this.#list, [shown, this.#active], () =>
      this.#choices.map((choice, place) =>
        el(
          "li",
          {
            id: this.#optionId(place),
            role: "option",
            "aria-selected": String(place === this.#active),
            click: () => this.#pick(choice),
          },
          quote(choice.name),
          choice.detail ? el("span", { class: "hint" }, " ", quote(choice.detail)) : null,
        ),
      ),
    );
  }
}
