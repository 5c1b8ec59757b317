// A person's data (X6): found by an address, exported, erased.

import { el, quote } from "../shared/dom.js";
import { post } from "./client.js";
import { follow } from "./operation.js";
import { announce, announceTrouble, counted, load, notice, openDialog, troubleNotice } from "./page.js";

/** @typedef {{addresses: string[], member_name: string | null, user_id: string | null,
 *   contacts: {id: string, name: string, emails: string[], private: boolean}[],
 *   numbers: Record<string, number>, crm_knows_people: boolean, is_erased: boolean,
 *   is_self: boolean}} Dossier */

/** @param {HTMLElement} host @returns {import("./main.js").Shown} */
export function showPerson(host) {
  const page = new PersonPage(host);
  return { leave: () => page.leave() };
}

class PersonPage {
  #answer = el("div", { "aria-live": "polite" });
  #field = el("input", { type: "text", inputmode: "email", id: "address", autocomplete: "off", required: true, "aria-describedby": "address-hint" });
  #gone = new AbortController();

  /** @param {HTMLElement} host */
  constructor(host) {
    host.replaceChildren(
      el("h1", {}, "Personal data"),
      el("p", { class: "lead" }, "Everything that is stored about one person: a member of the firm, a guest of a meeting, a contact. Looking, exporting and erasing are written into the audit."),
      el(
        "form",
        { class: "group", novalidate: true, submit: (event) => { event.preventDefault(); void this.#find(); } },
        el("div", { class: "field" }, el("label", { for: "address" }, "E-mail address"), this.#field, el("span", { class: "hint", id: "address-hint" }, "Any address of the person; further ones of the same contact or member are found with it.")),
        el("div", { class: "actions" }, el("button", { type: "submit", class: "primary" }, "Find")),
      ),
      this.#answer,
    );
  }

  leave() {
    this.#gone.abort();
  }

  async #find() {
    const address = this.#field.value.trim();
    this.#answer.replaceChildren();
    if (!address.includes("@")) {
      this.#answer.replaceChildren(notice("warning", "Enter an e-mail address."));
      this.#field.focus();
      return;
    }
    await load(this.#answer, () => post("person/find", { address }, this.#gone.signal), (found) => this.#draw(address, found));
  }

  /** @param {string} address @param {Dossier} found */
  #draw(address, found) {
    const n = found.numbers;
    this.#answer.replaceChildren(
      el(
        "section",
        { class: "group", "aria-label": "What is stored" },
        el("h2", {}, found.member_name ? quote(found.member_name) : quote(address)),
        found.is_erased && notice("plain", el("p", {}, "This person was erased: no record names the address any more, whatever meetings say."), el("p", {}, el("button", { type: "button", click: () => void this.#lift(address) }, "Let records name this person again"))),
        el(
          "dl",
          { class: "facts" },
          el("dt", {}, "Addresses"), el("dd", {}, ...found.addresses.map((each) => el("div", {}, quote(each)))),
          el("dt", {}, "Member of the firm"), el("dd", {}, found.user_id ? "yes" : "no"),
          el("dt", {}, "Contacts in the CRM"), el("dd", {}, found.contacts.length === 0 ? "none" : el("ul", {}, ...found.contacts.map((each) => el("li", {}, quote(each.name), each.private && " (private)")))),
          ...fact("Records that name the person", n.records),
          ...fact("of these, nobody else may see", n.only_his),
          ...fact("Events that are kept in step", n.links),
          ...fact("Lines of the log", n.history),
          ...fact("Looks at the mailbox", n.looks),
          ...fact("Rights as a delegate", n.delegations),
          ...fact("Lines of the audit", n.acts),
          ...fact("Sentences that say why an event was chosen", n.reasons),
          ...fact("Block lists with the address", n.block_lists),
        ),
        !found.crm_knows_people && notice("warning", "This CRM cannot show or erase a person through Calendar Sync. Records and contacts have to be exported and erased there."),
        el(
          "div",
          { class: "actions" },
          el("button", { type: "button", click: () => void this.#export(address) }, "Export as JSON"),
          el("button", { type: "button", class: "danger", disabled: found.is_self, click: () => this.#ask(address, found) }, "Erase…"),
        ),
        found.is_self && el("p", { class: "hint" }, "You cannot erase yourself: ask another administrator."),
      ),
    );
  }

  /** @param {string} address */
  async #export(address) {
    try {
      const found = await post("person/export", { address }, this.#gone.signal);
      const file = URL.createObjectURL(new Blob([JSON.stringify(found, null, 2)], { type: "application/json" }));
      const link = el("a", { href: file, download: "person.json" });
      document.body.append(link);
      link.click();
      link.remove();
      URL.revokeObjectURL(file);
      announce("good", el("p", {}, "Exported. The file holds personal data: keep it accordingly."));
    } catch (error) {
      announceTrouble(error);
    }
  }

  /** @param {string} address */
  async #lift(address) {
    try {
      await post("person/lift", { address });
      announce("good", el("p", {}, "Records may name this person again from now on. What was erased does not come back."));
      await this.#find();
    } catch (error) {
      announceTrouble(error);
    }
  }

  /** Says what goes and what stays, in numbers, and has the address typed once more.
   * @param {string} address @param {Dossier} found */
  #ask(address, found) {
    const typed = el("input", { type: "text", id: "confirm", autocomplete: "off", "aria-describedby": "confirm-trouble" });
    const trouble = el("div", { id: "confirm-trouble", role: "status" });
    const erase = async () => {
      try {
        const begun = await post("person/erase", { address, confirm: typed.value });
        box.close();
        await this.#follow(address, begun);
      } catch (error) {
        trouble.replaceChildren(troubleNotice(error));
        typed.focus();
      }
    };
    const box = el(
      "dialog",
      { "aria-labelledby": "question" },
      el("form", { novalidate: true, submit: (event) => { event.preventDefault(); void erase(); } },
        el("h2", { id: "question" }, "Erase this person for good?"),
        el("p", {}, el("strong", {}, "Erased: ")),
        el("ul", {}, ...erased(found).map((line) => el("li", {}, line))),
        el("p", {}, el("strong", {}, "Kept: ")),
        el("ul", {}, ...kept(found).map((line) => el("li", {}, line))),
        el("div", { class: "field" }, el("label", { for: "confirm" }, "Type the address to confirm: ", quote(address)), typed, trouble),
        el("div", { class: "actions" },
          el("button", { type: "button", click: () => box.close() }, "Cancel"),
          el("button", { type: "submit", class: "danger" }, "Erase"))),
    );
    openDialog(box);
    typed.focus();
  }

  /** @param {string} address @param {any} begun */
  async #follow(address, begun) {
    const ended = await follow(begun, this.#gone.signal);
    if (ended === null) return;
    if (ended.state === "done") announce("good", el("p", {}, "The person was erased."));
    else announce("warning", el("p", {}, "The erasure did not come to its end. Begin it again: what is done stays done."));
    if (this.#field.value.trim() === address) await this.#find();
  }
}

/** @param {string} name @param {number | undefined} count */
function fact(name, count) {
  return count === undefined ? [] : [el("dt", {}, name), el("dd", {}, count.toLocaleString("en-GB"))];
}

/** @param {Dossier} found @returns {string[]} */
function erased({ numbers: n, contacts, user_id: isMember, crm_knows_people: isThere }) {
  const named = (n.records ?? 0) - (n.only_his ?? 0);
  return [
    isThere && `${counted(named, "record")} of the CRM will not name the person any more; the records stay.`,
    isThere && (n.only_his ?? 0) > 0 && `${counted(n.only_his, "record")} that nobody else may see or bring back will be deleted.`,
    isThere && `${counted(contacts.length, "contact")} will be deleted.`,
    isMember && `Sync of the mailbox ends: ${counted(n.links ?? 0, "event")} will not be kept in step any more, ${counted((n.history ?? 0) + (n.looks ?? 0), "line")} of the log go.`,
    isMember && "Name, addresses and settings of the member go.",
    (n.reasons ?? 0) > 0 && `${counted(n.reasons, "sentence")} that name the person as a reason.`,
  ].filter((line) => typeof line === "string");
}

/** @param {Dossier} found @returns {string[]} */
function kept({ numbers: n, user_id: isMember, crm_knows_people: isThere }) {
  return [
    isMember && `${counted(n.acts ?? 0, "line")} of the audit, with an id instead of the name: they prove what was done.`,
    (n.block_lists ?? 0) > 0 && `The address in ${counted(n.block_lists, "block list")}: it is there to keep the person out.`,
    "A hash of the addresses, so that later meetings do not bring the person back into records.",
    "What is in Outlook: calendars belong to their owners.",
    !isThere && "Everything in the CRM: this one cannot erase a person through Calendar Sync.",
  ].filter((line) => typeof line === "string");
}
