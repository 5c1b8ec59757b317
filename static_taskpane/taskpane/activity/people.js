// The people of the Add Activity form: who was invited and what matching said of each, who was added,
// who shall become a contact.

import { el, fill, quote } from "../../shared/dom.js";
import { Combobox } from "./combobox.js";
import { field, group, removal } from "./fields.js";
import { isAddress, placeOf } from "./values.js";

/** @import { Child } from "../../shared/dom.js" */
/** @import { ChosenPerson, Contact } from "../types.js" */
/** @import { FormContext } from "./activity-form.js" */
/** @import { Choice } from "./combobox.js" */

/** As many fit beside everything else; the rest is a click away. */
const MOST_SHOWN = 8;

/** @type {Record<string, string>} */
const WHY_LEFT_OUT = {
  personnel: "Left out: one of your firm’s own people",
  blocked_address: "Left out: on a block list",
};

/** @type {Record<string, string>} */
const RESPONSES = { accepted: "accepted", declined: "declined", tentativelyAccepted: "tentative" };

export class People {
  #form;
  #shown = MOST_SHOWN;
  #list = el("ul", { class: "persons", id: "activity-persons" });
  #picker;
  #added = 0;

  /** @param {FormContext} form */
  constructor(form) {
    this.#form = form;
    this.#picker = new Combobox({
      id: "activity-contact",
      label: "Contacts",
      nothing: "No contact found. Type an e-mail address to add somebody without one.",
      search: (query, signal) => this.#search(query, signal),
      say: form.say,
      changed: () => form.check("contact"),
      failed: form.failed,
    });
  }

  get pickers() {
    return { contact: this.#picker };
  }

  get nodes() {
    const add = field("contact", "Add somebody", this.#picker.nodes);
    return group("people", "Contacts", this.#list, add);
  }

  /** @param {Record<string, string>} problems */
  draw(problems) {
    const { people } = this.#form.values;
    fill(this.#list, [people, this.#shown, problems], () => [
      ...people.slice(0, this.#shown).map((person) => this.#row(person, problems[`person-${person.key}`])),
      people.length === 0 && el("li", { class: "hint" }, "Nobody yet."),
      people.length > this.#shown &&
        el(
          "li",
          { "data-key": "more" },
          el("button", { type: "button", class: "link", click: () => this.showAll() }, `Show all ${people.length}`),
        ),
    ]);
  }

  /** A problem of somebody who is not shown could not be seen. */
  showAll() {
    this.#shown = Infinity;
    this.#form.redraw();
  }

  /** @param {ChosenPerson} person @param {string | undefined} problem */
  #row(person, problem) {
    const { key, name, address, match, create } = person;
    const who = name || address || "?";
    const left = match === "excluded";
    const note = [name ? address : "", RESPONSES[person.response ?? ""] ?? ""].filter(Boolean).join(" · ");
    return el(
      "li",
      { "data-key": key, class: left ? "person left-out" : "person" },
      el(
        "div",
        { class: "person-words" },
        el("span", {}, quote(who)),
        note ? el("span", { class: "hint" }, quote(note)) : null,
        el("span", { class: `hint match ${match}` }, matchWords(person)),
        create ? this.#newName(person, problem) : null,
        this.#choice(person),
      ),
      left ? null : removal(who, () => this.#remove(key), `remove-${key}`),
    );
  }

  /** @param {ChosenPerson} person @returns {Child} */
  #choice({ key, name, address, match, create }) {
    if (match !== "unmatched" || !isAddress(address)) return null;
    return el(
      "button",
      { type: "button", class: "link", id: `create-${key}`, click: () => this.#change(key, { create: !create }) },
      create ? "Do not create a contact" : "Create contact",
      el("span", { class: "unseen" }, " for ", quote(name || address)),
    );
  }

  /** @param {ChosenPerson} person @param {string | undefined} problem */
  #newName({ key, name }, problem) {
    const id = `activity-person-${key}`;
    const element = el("input", {
      type: "text",
      id,
      autocomplete: "off",
      value: name,
      "aria-invalid": problem ? "true" : null,
      "aria-describedby": `${id}-problem`,
      input: (/** @type {Event & {currentTarget: HTMLInputElement}} */ typed) =>
        this.#change(key, { name: typed.currentTarget.value }),
    });
    return el(
      "div",
      { class: "field" },
      el("label", { for: id }, "Name of the new contact"),
      element,
      el("p", { class: "problem", id: `${id}-problem` }, problem ?? ""),
    );
  }

  /** @param {string} key @param {Partial<ChosenPerson>} change */
  #change(key, change) {
    const people = this.#form.values.people.map((person) => (person.key === key ? { ...person, ...change } : person));
    this.#form.set("people", people);
    if (change.create) document.getElementById(`activity-person-${key}`)?.focus();
  }

  /** @param {string} key */
  #remove(key) {
    const { people } = this.#form.values;
    const place = people.findIndex((person) => person.key === key);
    const gone = people[place];
    const next = people.slice(place + 1).find(({ match }) => match !== "excluded");
    this.#form.set("people", people.filter((person) => person.key !== key));
    this.#form.say(`${gone?.name || gone?.address || "One"} removed.`);
    const heir = next ? document.getElementById(`remove-${next.key}`) : null;
    (heir ?? this.#picker.input).focus();
  }

  /** @param {string} query @param {AbortSignal} signal @returns {Promise<Choice[]>} */
  async #search(query, signal) {
    const { people } = this.#form.values;
    const contacts = await this.#form.session.contacts(query, signal);
    const news = contacts.filter(({ id }) => placeOf(people, { contactId: id, address: "" }) === -1);
    const choices = news.map((contact) => ({
      key: contact.id,
      name: contact.name,
      detail: contact.emails[0] ?? "",
      pick: () => this.#add(personOf(contact)),
    }));
    return query === "" ? choices : [...choices, this.#asText(query)];
  }

  /** @param {string} query @returns {Choice} */
  #asText(query) {
    const words = isAddress(query) ? { name: "", address: query } : { name: query, address: "" };
    return {
      key: "as text",
      name: `Add “${query}” without a contact`,
      pick: () => this.#add({ ...words, ...NOBODY }),
    };
  }

  /** Somebody who is there already becomes this contact.
   * @param {Omit<ChosenPerson, "key">} somebody */
  #add(somebody) {
    const { people } = this.#form.values;
    const place = placeOf(people, somebody);
    const taken = new Set(people.map(({ key }) => key));
    while (taken.has(`added-${this.#added}`)) this.#added += 1;
    const person = { ...somebody, key: people[place]?.key ?? `added-${this.#added}` };
    if (place === -1 && people.length >= this.#shown) this.#shown = Infinity;
    this.#form.set("people", place === -1 ? [...people, person] : people.map((known, at) => (at === place ? person : known)));
    this.#form.say(`${somebody.name || somebody.address} added.`);
  }
}

const NOBODY = { match: "unmatched", contactId: null, companyId: null, why: null, response: null, create: false };

/** @param {Contact} contact @returns {Omit<ChosenPerson, "key">} */
function personOf({ id, name, emails, company_id }) {
  return { ...NOBODY, name, address: emails[0] ?? "", match: "matched", contactId: id, companyId: company_id ?? null };
}

/** @param {ChosenPerson} person */
function matchWords({ match, why, create }) {
  if (create) return "Will be created as a contact";
  if (match === "matched") return "In InterAction";
  if (match === "group") return "Group, not matched";
  if (match === "excluded") return WHY_LEFT_OUT[why ?? ""] ?? "Left out";
  return "Not in InterAction";
}
