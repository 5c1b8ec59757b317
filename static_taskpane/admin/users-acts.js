// What admins do with users: each act says whom it concerns first and what became of each row after.

import { el, quote } from "../shared/dom.js";
import { post } from "./client.js";
import { follow } from "./operation.js";
import { announceTrouble, ask, counted } from "./page.js";
import { named, ROW_CODES } from "./words.js";

/** @typedef {import("./users.js").UsersPage} UsersPage */
/** @typedef {{id: string, ok: boolean, code: string | null, name: string | null}} Result */

const QUESTIONS = {
  "enable-sync": {
    title: "Enable sync", danger: false, done: "enabled",
    text: "Their calendars are read, and matching events become records in the CRM. Who has no e-mail address is left out and listed.",
  },
  "disable-sync": {
    title: "Disable sync", danger: true, done: "disabled",
    text: "Their calendars are no longer read and changes in Outlook no longer reach the CRM. Existing records stay.",
  },
};

/** @param {UsersPage} page @param {keyof typeof QUESTIONS} act */
export async function bulk(page, act) {
  const { title, text, danger, done } = QUESTIONS[act];
  const count = page.chosenCount;
  const yes = await ask({
    title: `${title} for ${counted(count, "user")}?`,
    body: [el("p", {}, text)],
    yes: `${title} for ${counted(count, "user")}`,
    danger,
  });
  if (yes) await run(page, `users/${act}`, page.chosen, done);
}

/** @param {UsersPage} page */
export async function assignServer(page) {
  if (page.servers.size === 0) {
    await ask({ title: "There is no server yet", body: [el("p", {}, "Add an Exchange Online server first.")], yes: "OK" });
    return;
  }
  const { pick, field } = serverPicker(page);
  const count = counted(page.chosenCount, "user");
  const chosen = page.chosen;
  const yes = await ask({
    title: `Assign a server to ${count}?`,
    body: [field, el("p", {}, "Their mailboxes are reached through it from now on.")],
    yes: `Assign to ${count}`,
  });
  if (yes) await run(page, "users/assign-server", { ...chosen, server_id: pick.value }, "assigned");
}

/** @param {UsersPage} page */
export async function importUsers(page) {
  if (page.servers.size === 0) {
    await ask({ title: "There is no server yet", body: [el("p", {}, "Add an Exchange Online server first.")], yes: "OK" });
    return;
  }
  const { pick, field } = serverPicker(page);
  const yes = await ask({
    title: "Import users from the directory?",
    body: [
      field,
      el("p", {}, "Licensed people who are not here yet are added; nobody is enabled by this. Names and addresses of the others follow the directory."),
    ],
    yes: "Import",
  });
  if (yes) await run(page, "users/import", { server_id: pick.value }, "imported");
}

/** @param {UsersPage} page */
function serverPicker(page) {
  const pick = el("select", { id: "server" }, ...[...page.servers].map(([id, name]) => el("option", { value: id }, name)));
  return { pick, field: el("div", { class: "field" }, el("label", { for: "server" }, "Exchange server"), pick) };
}

/** @param {UsersPage} page @param {string} path @param {unknown} body @param {string} done */
async function run(page, path, body, done) {
  try {
    const answer = await post(path, body);
    if (answer.operation) {
      const ended = await follow(answer.operation, page.gone);
      if (ended) await tell(page, ended.items, ended.done - ended.failed, done, ended);
      return;
    }
    const ok = answer.items.filter((/** @type {Result} */ row) => row.ok).length;
    await tell(page, answer.items, ok, done, null);
  } catch (error) {
    announceTrouble(error);
  }
}

/** @param {UsersPage} page @param {Result[]} rows @param {number} ok @param {string} done
 * @param {{state: string, failed: number, problem: string | null} | null} operation */
async function tell(page, rows, ok, done, operation) {
  const remarks = rows.filter((row) => row.code !== null);
  const failed = operation?.failed ?? rows.filter((row) => !row.ok).length;
  const stopped = operation !== null && operation.state !== "done";
  await page.done(
    failed > 0 || stopped ? "warning" : "good",
    el("p", {}, `${counted(ok, "user")} ${done}${failed ? `, ${failed.toLocaleString("en-GB")} not` : ""}${stopped ? `; ${operation.state}` : ""}.`),
    operation?.problem && el("p", {}, named({}, operation.problem)),
    remarks.length > 0 &&
      el(
        "details",
        { open: remarks.length <= 10 },
        el("summary", {}, `Rows with a remark (${remarks.length})`),
        el("ul", {}, ...remarks.map((row) => el("li", {}, el("strong", {}, quote(row.name ?? row.id), ": "), named(ROW_CODES, row.code)))),
      ),
  );
}

/** @param {UsersPage} page @param {import("./users.js").Person} person */
export async function pauseMailbox(page, person) {
  const verb = person.paused ? "resume" : "pause";
  if (!person.paused) {
    const yes = await ask({
      title: `Pause sync for ${person.name}?`,
      body: [el("p", {}, "This concerns 1 mailbox. Nothing is written for it until you resume; nothing is lost, resuming catches up.")],
      yes: "Pause",
    });
    if (!yes) return;
  }
  try {
    await post(verb, { level: "mailbox", id: person.mailbox_id });
    await page.done("good", el("p", {}, `${person.name} ${verb === "pause" ? "is paused" : "goes on and catches up"}.`));
  } catch (error) {
    announceTrouble(error);
  }
}
