// What new records of the user start with: their type, and who can see them (U).

import { el } from "../shared/dom.js";
import { audiences } from "./activity/notes.js";

/** @import { Group, Me } from "./types.js" */
/** @import { Saving, SettingsActs } from "./settings.js" */

/** @param {Me} me @param {string[]} types @param {Group[]} groups @param {Saving | null} saving @param {SettingsActs} acts */
export function defaults(me, types, groups, saving, acts) {
  const { default_activity_type: type, default_visibility: visibility } = me;
  const known = types.includes(type ?? "") || type === null ? types : [type, ...types];
  /** @type {[string, string][]} */
  const typed = [["", "As your firm decides"], ...known.map((name) => /** @type {[string, string]} */ ([name, name]))];
  const seen = audiences(groups);
  if (!seen.some(([value]) => value === visibility)) seen.push([visibility, "A group you are not in"]);
  return el(
    "section",
    { class: "card stack", "data-key": "defaults", "aria-labelledby": "defaults-title", "aria-busy": saving === "defaults" ? "true" : "false" },
    el("h3", { id: "defaults-title" }, "New records"),
    choice("default-type", "Type", typed, type ?? "", (value) => acts.change({ default_activity_type: value }, "defaults")),
    choice("default-visibility", "Who can see them", seen, visibility, (value) =>
      acts.change({ default_visibility: value }, "defaults"),
    ),
    el("p", { class: "hint" }, "You can choose otherwise in each Add Activity form."),
  );
}

/** @param {string} id @param {string} label @param {[string, string][]} options value and words
 * @param {string} current @param {(value: string) => Promise<boolean>} choose */
function choice(id, label, options, current, choose) {
  const select = el(
    "select",
    {
      id,
      change: async (/** @type {Event & {currentTarget: HTMLSelectElement}} */ change) => {
        const chosen = change.currentTarget;
        if (!(await choose(chosen.value))) chosen.value = current;
      },
    },
    ...options.map(([value, words]) => el("option", { value, selected: value === current }, words)),
  );
  return el("div", { class: "field" }, el("label", { for: id }, label), select);
}
