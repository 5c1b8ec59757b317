// Add Activity (T6): a form filled in from the event that makes one record. It keeps what was typed
// until the record is there, sends one request however often Save is pressed, and shows the receipt.

import { ApiError } from "../../shared/api.js";
import { el, icon } from "../../shared/dom.js";
import { ENTER, isEnterShortcut } from "../keys.js";
import { Filing } from "./filing.js";
import { field, group, input, toggle } from "./fields.js";
import { Keeping, restored } from "./keeping.js";
import { alreadyThere, audiences, receipt } from "./notes.js";
import { People } from "./people.js";
import { companiesOfContacts, possible, problemsOf, proposed, requestOf } from "./values.js";
import { When, zoneWords } from "./when.js";

/** @import { EventHandle, Session } from "../session.js" */
/** @import { Clock } from "../time.js" */
/** @import { ActivityProposal, FormValues, Group } from "../types.js" */
/** @import { Combobox } from "./combobox.js" */

/** What the parts of the form may ask of it.
 * @typedef {{values: FormValues, session: Session, comeAlong: boolean, companyName(id: string): string,
 *   set<K extends keyof FormValues>(name: K, value: FormValues[K]): void, check(name: string): void,
 *   redraw(): void, say(words: string): void, failed(error: unknown): void}} FormContext */

/** What the form asks of the pane around it.
 * @typedef {{trouble(error: unknown, again: () => Promise<void>): void, calm(): void, back(): void}} Around */

const UNFINISHED = "Choose one from the list, or empty the field.";
const LISTINGS = /** @type {const} */ (["opportunities", "initiatives", "companies", "regarding"]);

/** Where the answer's name of a field differs from the form's.
 * @type {Record<string, string>} */
const OWN_NAMES = {
  start_date: "start",
  end_date: "end",
  new_contacts: "people",
  company_ids: "companies",
  opportunity_ids: "opportunities",
  initiative_ids: "initiatives",
  include_description: "notes",
};

let forms = 0;

export class ActivityForm {
  /** Tells one form from the next. */
  number = (forms += 1);
  root = el("section", { class: "activity", "data-key": "activity", "aria-labelledby": "activity-title" });
  #session;
  #handle;
  #clock;
  #around;
  #keeping;
  #requestId = "";
  /** @type {ActivityProposal | null} */
  #proposal = null;
  /** @type {FormValues | null} */
  #known = null;
  /** @type {FormValues | null} */
  #values = null;
  /** Fields whose problems are shown: those that somebody changed, and all after a try to save. */
  #touched = new Set();
  /** @type {Record<string, string>} what the server refused, until the field changes */
  #refused = {};
  #saving = false;
  /** @type {Map<string, string>} */
  #companies = new Map();
  /** @type {{filings: Filing[], people: People, when: When} | null} */
  #parts = null;
  #status = el("p", { class: "unseen", role: "status" });
  #summary = el("p", { class: "problem", id: "activity-summary" });
  #save = el("button", { type: "submit", id: "activity-save", class: "primary" }, "Add to InterAction");

  /** @param {Session} session @param {EventHandle} handle @param {string} person his address
   * @param {Clock} clock @param {Around} around */
  constructor(session, handle, person, clock, around) {
    this.#session = session;
    this.#handle = handle;
    this.#clock = clock;
    this.#around = around;
    this.#keeping = new Keeping(person, handle);
    this.root.append(this.#heading(), el("div", { class: "skeleton" }, el("p", { class: "unseen" }, "Loading…"), el("div", { class: "bone block" }), el("div", { class: "bone wide" }), el("div", { class: "bone block" })));
  }

  /** Asks for the proposal and shows the form with what was typed before. */
  async load() {
    try {
      const proposal = await this.#session.activityDraft(this.#handle);
      const known = proposed(proposal, this.#clock);
      const kept = this.#keeping.read();
      this.#proposal = proposal;
      this.#known = known;
      const values = restored(known, kept);
      this.#values = { ...values, visibility: possible(values.visibility, proposal.groups) };
      this.#requestId = kept?.requestId ?? crypto.randomUUID();
      this.#companies = new Map(proposal.companies.map(({ id, name }) => [id, name]));
      this.#around.calm();
      this.#build(proposal, kept !== null);
      this.#learnCompanies();
    } catch (error) {
      this.#forgetIfPrivate(error);
      this.#around.trouble(error, () => this.load());
    }
  }

  /** @returns {FormContext} */
  get #context() {
    const own = this;
    return {
      get values() {
        return own.#held;
      },
      session: this.#session,
      comeAlong: this.#proposal?.companies_come_along ?? true,
      companyName: (id) => this.#companies.get(id) ?? "Company of a contact",
      set: (name, value) => this.#set(name, value),
      check: (name) => this.#changed(name),
      redraw: () => this.#draw(),
      say: (words) => this.#say(words),
      failed: (error) => this.#around.trouble(error, async () => this.#around.calm()),
    };
  }

  get #held() {
    if (this.#values === null) throw new Error("the form is not loaded");
    return this.#values;
  }

  #heading() {
    return el(
      "div",
      { class: "heading" },
      el(
        "button",
        { type: "button", id: "activity-back", class: "quiet", click: () => this.#around.back() },
        icon("back"),
        el("span", { class: "unseen" }, "Back to the event"),
      ),
      el("h2", { id: "activity-title", tabindex: "-1" }, "Add Activity"),
    );
  }

  /** @param {ActivityProposal} proposal @param {boolean} wasKept */
  #build(proposal, wasKept) {
    const context = this.#context;
    const filings = LISTINGS.map((listing) => new Filing(context, listing));
    const [opportunities, initiatives, companies, regarding] = /** @type {[Filing, Filing, Filing, Filing]} */ (filings);
    const people = new People(context);
    const when = new When(context, zoneWords(proposal.draft, this.#clock));
    this.#parts = { filings, people, when };
    const set = (/** @type {"subject" | "location"} */ name) => (/** @type {string} */ value) => this.#set(name, value);
    const { subject, location } = this.#held;
    const has = (/** @type {string} */ listing) => proposal.listings.includes(listing);
    const form = el(
      "form",
      {
        id: "activity-form",
        novalidate: true,
        "aria-labelledby": "activity-title",
        submit: (/** @type {Event} */ submit) => {
          submit.preventDefault();
          void this.save();
        },
        keydown: (/** @type {KeyboardEvent} */ key) => this.#pressed(key),
      },
      field("subject", "Subject", input("subject", subject, set("subject"), { dir: "auto" })),
      has("opportunities") ? opportunities.nodes : null,
      has("initiatives") ? initiatives.nodes : null,
      this.#type(proposal.activity_types),
      when.nodes,
      field("location", "Where", input("location", location, set("location"), { dir: "auto" })),
      people.nodes,
      has("companies") ? companies.nodes : null,
      regarding.nodes,
      this.#visibility(proposal.groups),
      this.#notes(proposal.draft.description),
      el(
        "div",
        { class: "save-bar" },
        this.#summary,
        this.#save,
        el("span", { class: "hint" }, el("kbd", {}, ENTER.shown)),
      ),
    );
    this.#save.setAttribute("aria-keyshortcuts", ENTER.names);
    const notes = [alreadyThere(proposal.others), wasKept ? this.#keptNote() : null];
    this.root.replaceChildren(this.#heading(), this.#status, ...notes.filter((note) => note !== null), form);
    this.#draw();
    this.#greet(proposal, opportunities.picker);
  }

  /** Everything is filled in but what only a person knows: that is where the focus goes, unless there
   * is something to read first.
   * @param {ActivityProposal} proposal @param {Combobox} first */
  #greet({ others }, first) {
    if (others.length > 0) {
      document.getElementById("activity-title")?.focus();
      this.#say("This meeting is already in InterAction.");
    } else {
      first.input.focus();
    }
  }

  #keptNote() {
    return el(
      "div",
      { class: "note" },
      icon("undo"),
      el(
        "div",
        {},
        el("p", {}, "What you typed here before was kept."),
        el("button", { type: "button", class: "link", id: "activity-restart", click: () => void this.#restart() }, "Start over"),
      ),
    );
  }

  async #restart() {
    this.#keeping.forget();
    this.#touched.clear();
    this.#refused = {};
    await this.load();
  }

  /** @param {string[]} types */
  #type(types) {
    const select = el("select", {
      id: "activity-type",
      "aria-describedby": "activity-type-problem",
      change: () => this.#set("type", select.value),
    });
    const { type } = this.#held;
    const offered = types.includes(type) ? types : [type, ...types];
    select.append(...offered.map((name) => el("option", { value: name }, name)));
    select.value = type;
    return field("type", "Type", select);
  }

  /** @param {Group[]} groups */
  #visibility(groups) {
    const { visibility } = this.#held;
    const offered = audiences(groups);
    const radios = offered.map(([value, words], place) => {
      const id = `activity-visibility-${place}`;
      const radio = el("input", { type: "radio", name: "visibility", id, value, change: () => this.#set("visibility", value) });
      radio.checked = value === visibility;
      return el("div", { class: "radio" }, radio, el("label", { for: id }, words));
    });
    return group("visibility", "Who can see it", el("div", { class: "radios" }, ...radios));
  }

  /** @param {string} description as readable text; empty: the event has none, or the firm keeps it out */
  #notes(description) {
    const { notes, includeDescription } = this.#held;
    const area = el("textarea", {
      id: "activity-notes",
      rows: "4",
      dir: "auto",
      "aria-describedby": "activity-notes-problem",
      input: () => this.#set("notes", area.value),
    });
    area.value = notes;
    const preview = el(
      "details",
      { class: "preview", id: "activity-description" },
      el("summary", {}, "Read the description"),
      el("p", { class: "readable", dir: "auto", tabindex: "0", role: "region", "aria-label": "Description" }, description),
    );
    const withText = toggle("include-description", "Include the event’s description", includeDescription, (on) =>
      this.#set("includeDescription", on),
    );
    return el("div", { class: "stack" }, field("notes", "Notes", area), ...(description ? [withText, preview] : []));
  }

  /** @template {keyof FormValues} K
   * @param {K} name @param {FormValues[K]} value */
  #set(name, value) {
    this.#values = { ...this.#held, [name]: value };
    if (this.#known) this.#keeping.write(this.#requestId, this.#values, this.#known);
    this.#changed(PARTS_OF[name] ?? name);
    if (name === "people") this.#learnCompanies();
  }

  /** Somebody typed into a field: from now on it says what is wrong with it.
   * @param {string} name */
  #changed(name) {
    this.#touched.add(name);
    // Whether it ends before it starts is asked of both.
    if (name === "start") this.#touched.add("end");
    delete this.#refused[name];
    if (!this.#saving) this.#summary.textContent = "";
    this.#draw();
  }

  #draw() {
    const problems = { ...problemsOf(this.#held, this.#clock), ...this.#refused };
    this.#parts?.filings.forEach((filing) => filing.draw());
    this.#parts?.people.draw(problems);
    this.#parts?.when.draw();
    for (const part of this.root.querySelectorAll("[data-field]")) {
      const name = part.getAttribute("data-field") ?? "";
      const isShown = this.#touched.has(name) || this.#touched.has("everything");
      this.#mark(name, part, (isShown && problems[name]) || "");
    }
  }

  /** @param {string} name @param {Element} part @param {string} words */
  #mark(name, part, words) {
    const place = document.getElementById(`activity-${name}-problem`);
    if (place && place.textContent !== words) place.textContent = words;
    const controls = part instanceof HTMLFieldSetElement ? [] : part.querySelectorAll("input, select, textarea");
    for (const control of controls) {
      if (words) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
  }

  /** Sends the form; the same request however often, until it has been answered with a record. */
  async save() {
    if (this.#saving || this.#proposal === null) return;
    this.#setSaving(true);
    try {
      await Promise.all(Object.values(this.#pickers).map((picker) => picker.settled()));
      if (!this.#isInOrder()) return;
      const body = requestOf(this.#handle.id, this.#requestId, this.#held, this.#proposal, this.#clock);
      if (this.#known) this.#keeping.write(this.#requestId, this.#held, this.#known);
      this.#around.calm();
      const record = await this.#session.addActivity(body, this.#handle.owner);
      this.#keeping.forget();
      this.root.replaceChildren(...receipt(record, body, this.#held, this.#proposal.groups, this.#clock, () => this.#around.back()));
      document.getElementById("activity-title")?.focus();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#setSaving(false);
    }
  }

  /** @returns {Record<string, Combobox>} */
  get #pickers() {
    const { filings = [], people } = this.#parts ?? {};
    const filed = Object.fromEntries(filings.map((filing, place) => [LISTINGS[place] ?? "", filing.picker]));
    return { ...filed, ...people?.pickers };
  }

  /** Whether it may be sent; if not, the first thing to correct gets the focus. */
  #isInOrder() {
    const unfinished = Object.entries(this.#pickers).filter(([, picker]) => picker.isUnfinished);
    for (const [name] of unfinished) this.#refused[name] = UNFINISHED;
    this.#touched.add("everything");
    const problems = { ...problemsOf(this.#held, this.#clock), ...this.#refused };
    const hidden = this.#held.people.some(({ key }) => problems[`person-${key}`] && !document.getElementById(`activity-person-${key}`));
    if (hidden) this.#parts?.people.showAll();
    this.#draw();
    return this.#correct(Object.keys(problems).length);
  }

  /** @param {number} count of problems @returns {boolean} whether there are none */
  #correct(count) {
    if (count === 0) return true;
    const words = count === 1 ? "One thing to correct." : `${count} things to correct.`;
    this.#summary.textContent = words;
    this.#say(words);
    /** @type {HTMLElement | null} */
    const first = this.root.querySelector('[aria-invalid="true"]');
    (first ?? this.#save).focus();
    return false;
  }

  /** @param {unknown} error */
  #failed(error) {
    this.#forgetIfPrivate(error);
    if (error instanceof ApiError && error.code === "already_removed") {
      // The record of this request is gone for good; another try is another record.
      this.#requestId = crypto.randomUUID();
    }
    const refused = error instanceof ApiError && error.status === 422 ? byField(error) : {};
    const places = Object.keys(refused).filter((name) => this.root.querySelector(`[data-field="${name}"]`));
    if (places.length > 0) {
      this.#refused = refused;
      this.#touched.add("everything");
      this.#draw();
      this.#correct(places.length);
      return;
    }
    this.#summary.textContent = "Not added yet. Nothing you typed is lost.";
    this.#around.trouble(error, () => this.save());
  }

  /** Nothing of a private event stays behind, not even what was typed about it.
   * @param {unknown} error */
  #forgetIfPrivate(error) {
    if (error instanceof ApiError && error.code === "private_event") this.#keeping.forget();
  }

  /** @param {boolean} on */
  #setSaving(on) {
    this.#saving = on;
    this.#save.setAttribute("aria-disabled", String(on));
    this.#save.textContent = on ? "Adding…" : "Add to InterAction";
    if (on) this.#summary.textContent = "";
  }

  /** @param {KeyboardEvent} key */
  #pressed(key) {
    if (isEnterShortcut(key)) {
      key.preventDefault();
      void this.save();
    } else if (key.key === "Enter" && key.target instanceof HTMLInputElement) {
      // One Enter too many must not send a form that is half filled in.
      key.preventDefault();
    }
  }

  /** Names of companies that came with people added here. */
  #learnCompanies() {
    const unknown = companiesOfContacts(this.#held).filter((id) => !this.#companies.has(id));
    if (unknown.length === 0) return;
    for (const id of unknown) this.#companies.set(id, "Company of a contact");
    this.#session.entriesById("companies", unknown).then(
      (found) => {
        for (const { id, name } of found) this.#companies.set(id, name);
        this.#draw();
      },
      // They come along all the same, only without their name.
      () => {},
    );
  }

  /** @param {string} words */
  #say(words) {
    // The same sentence a second time is no change, and would not be read.
    this.#status.textContent = this.#status.textContent === words ? `${words}\u00a0` : words;
  }
}

/** Which field's problem a value belongs to, where they differ.
 * @type {Partial<Record<keyof FormValues, string>>} */
const PARTS_OF = {
  startDate: "start",
  startTime: "start",
  endDate: "end",
  endTime: "end",
  allDay: "start",
};

/** The server's own words per field of the form.
 * @param {ApiError} error @returns {Record<string, string>} */
function byField({ problem }) {
  const found = Object.entries(problem.errors ?? {}).map(([name, words]) => [OWN_NAMES[name] ?? name, flat(words)]);
  return Object.fromEntries(found);
}

/** @param {unknown} words a list of sentences, or an object of them per place in a list
 * @returns {string} */
function flat(words) {
  if (Array.isArray(words)) return words.map(flat).join(" ");
  if (words !== null && typeof words === "object") return [...new Set(Object.values(words).map(flat))].join(" ");
  return String(words);
}
