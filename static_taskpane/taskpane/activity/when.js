// Date and time of the Add Activity form, on the clock of the user's Outlook, and in words which zone
// that is.

import { el } from "../../shared/dom.js";
import { group, input, problem, toggle } from "./fields.js";

/** @import { ActivityProposal } from "../types.js" */
/** @import { Clock } from "../time.js" */
/** @import { FormContext } from "./activity-form.js" */

export class When {
  #form;
  #zone;
  /** @type {HTMLElement[]} */
  #times = [];
  #note = el("p", { class: "hint", id: "activity-zone" });

  /** @param {FormContext} form @param {string} zone in words */
  constructor(form, zone) {
    this.#form = form;
    this.#zone = zone;
  }

  get nodes() {
    const { allDay } = this.#form.values;
    return group(
      "when",
      "When",
      toggle("all-day", "All day", allDay, (on) => this.#toggled(on)),
      this.#moment("start", "Starts", "startDate", "startTime"),
      this.#moment("end", "Ends", "endDate", "endTime"),
      this.#note,
    );
  }

  draw() {
    const { allDay } = this.#form.values;
    for (const element of this.#times) element.hidden = allDay;
    this.#note.textContent = allDay ? "Whole days, the same in every time zone." : this.#zone;
  }

  /** @param {"start" | "end"} name @param {string} word
   * @param {"startDate" | "endDate"} day @param {"startTime" | "endTime"} time */
  #moment(name, word, day, time) {
    const { values } = this.#form;
    const described = `activity-${name}-problem activity-zone`;
    const set = (/** @type {"startDate" | "endDate" | "startTime" | "endTime"} */ part) => (/** @type {string} */ value) =>
      this.#form.set(part, value);
    const ofTime = el(
      "div",
      { class: "grow" },
      el("label", { for: `activity-${time}`, class: "unseen" }, `${word}, time`),
      input(time, values[time], set(time), { type: "time", "aria-describedby": described }),
    );
    this.#times.push(ofTime);
    return el(
      "div",
      { "data-field": name },
      el("label", { for: `activity-${day}` }, word, el("span", { class: "unseen" }, ", day")),
      el("div", { class: "moment" }, input(day, values[day], set(day), { type: "date", "aria-describedby": described }), ofTime),
      problem(name),
    );
  }

  /** Whole days have no times; whoever takes that back gets an hour at nine.
   * @param {boolean} on */
  #toggled(on) {
    const { startTime, endTime } = this.#form.values;
    this.#form.set("allDay", on);
    if (on || (startTime && endTime)) return;
    this.#form.set("startTime", startTime || "09:00");
    this.#form.set("endTime", endTime || "10:00");
    for (const name of /** @type {const} */ (["startTime", "endTime"])) {
      const element = document.getElementById(`activity-${name}`);
      if (element instanceof HTMLInputElement) element.value = this.#form.values[name];
    }
  }
}

/** Which clock the times are on, and the event's own when that one shows something else.
 * @param {ActivityProposal["draft"]} draft @param {Clock} clock */
export function zoneWords({ start, end, time_zone: zone, all_day: allDay }, clock) {
  const here = "Times are in your Outlook’s time zone";
  if (!zone || allDay) return `${here}.`;
  const there = clock.spanIn({ start, end }, zone);
  if (there === null) return `${here}. The event was made in “${zone}”.`;
  if (there === clock.span({ start, end })) return `Time zone: ${zone}.`;
  return `${here}. In ${zone} it is ${there}.`;
}
