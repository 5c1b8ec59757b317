// What an activity is filed under: opportunities, initiatives, and companies, of which those of the
// contacts come along by themselves.

import { el, fill } from "../../shared/dom.js";
import { Combobox } from "./combobox.js";
import { field, token } from "./fields.js";
import { companiesOfContacts, ownFirst } from "./values.js";

/** @import { Entry } from "../types.js" */
/** @import { FormContext } from "./activity-form.js" */

/** @typedef {"opportunities" | "initiatives" | "companies" | "regarding"} Listing */

/** @type {Record<Listing, {label: string, nothing: string, hint?: string}>} */
const WORDS = {
  opportunities: { label: "Opportunity", nothing: "No opportunity found." },
  initiatives: { label: "Initiative", nothing: "No initiative found." },
  companies: {
    label: "Company",
    nothing: "No company found.",
    hint: "The companies of the contacts come along by themselves.",
  },
  regarding: {
    label: "Regarding",
    nothing: "Nothing of this name found.",
    hint: "The one company, contact, opportunity or initiative it is about.",
  },
};

const BY_HAND = "Only the companies you choose are added.";

export class Filing {
  #form;
  #listing;
  #picker;
  #tokens = el("ul", { class: "tokens" });

  /** @param {FormContext} form @param {Listing} listing */
  constructor(form, listing) {
    this.#form = form;
    this.#listing = listing;
    const { label, nothing } = WORDS[listing];
    const hint = this.#hint;
    this.#tokens.setAttribute("aria-label", `${label}, chosen`);
    this.#picker = new Combobox({
      id: `activity-${listing}`,
      label,
      ...(hint ? { hint } : {}),
      nothing,
      search: (query, signal) => this.#search(query, signal),
      say: form.say,
      changed: () => form.check(listing),
      failed: form.failed,
    });
  }

  get picker() {
    return this.#picker;
  }

  get nodes() {
    const { label } = WORDS[this.#listing];
    return field(this.#listing, label, this.#picker.nodes, { hint: this.#hint, before: this.#tokens });
  }

  get #hint() {
    const isByHand = this.#listing === "companies" && !this.#form.comeAlong;
    return isByHand ? BY_HAND : WORDS[this.#listing].hint;
  }

  draw() {
    const chosen = this.#form.values[this.#listing];
    const brought = this.#listing === "companies" && this.#form.comeAlong ? this.#ofContacts() : [];
    this.#tokens.hidden = chosen.length + brought.length === 0;
    fill(this.#tokens, [chosen, brought], () => [
      ...brought.map(({ id, name }) => token(id, name, "from the contacts")),
      ...chosen.map(({ id, name, detail }) =>
        token(id, name, detail, { remove: () => this.#remove(id), id: `remove-${this.#listing}-${id}` }),
      ),
    ]);
  }

  /** Companies of the contacts that nobody has chosen. */
  #ofContacts() {
    const chosen = new Set(this.#form.values.companies.map(({ id }) => id));
    const ids = companiesOfContacts(this.#form.values).filter((id) => !chosen.has(id));
    return ids.map((id) => ({ id, name: this.#form.companyName(id) }));
  }

  /** @param {string} query @param {AbortSignal} signal */
  async #search(query, signal) {
    const found = await this.#found(query, signal);
    const taken = new Set(this.#form.values[this.#listing].map(({ id }) => id));
    const companies = [
      ...this.#form.values.companies.map(({ name }) => name),
      ...companiesOfContacts(this.#form.values).map((id) => this.#form.companyName(id)),
    ];
    return ownFirst(found, companies)
      .filter(({ id }) => !taken.has(id))
      .map((entry) => ({ key: entry.id, name: entry.name, detail: entry.detail, pick: () => this.#add(entry) }));
  }

  /** @param {string} query @param {AbortSignal} signal @returns {Promise<Entry[]>} */
  async #found(query, signal) {
    const { session, comeAlong } = this.#form;
    if (this.#listing === "regarding") return session.about(query, signal);
    const found = await session.entries(this.#listing, query, signal);
    if (this.#listing !== "companies" || comeAlong) return found;
    const likely = this.#ofContacts()
      .filter(({ name }) => name.toLowerCase().includes(query.toLowerCase()))
      .map(({ id, name }) => ({ id, name, detail: "from the contacts" }));
    const known = new Set(likely.map(({ id }) => id));
    return [...likely, ...found.filter(({ id }) => !known.has(id))];
  }

  /** @param {Entry} entry */
  #add({ id, name, detail }) {
    // A record is about one thing: another one takes its place.
    const others = this.#listing === "regarding" ? [] : this.#form.values[this.#listing];
    this.#form.set(this.#listing, [...others, { id, name, detail }]);
    this.#form.say(`${name} added.`);
  }

  /** @param {string} id */
  #remove(id) {
    const chosen = this.#form.values[this.#listing];
    const gone = chosen.find((entry) => entry.id === id);
    this.#form.set(this.#listing, chosen.filter((entry) => entry.id !== id));
    this.#form.say(`${gone?.name ?? "One"} removed.`);
    this.#picker.input.focus();
  }
}
