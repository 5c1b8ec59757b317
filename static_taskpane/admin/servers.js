// Exchange Server: the firm's online servers, their credentials' end, and the test that says what is
// missing (A4). A secret goes in and never comes out.

import { el, quote } from "../shared/dom.js";
import { get, isAdmin, post, remove } from "./client.js";
import { announce, announceTrouble, ask, counted, inWords, load, notice, time } from "./page.js";
import { editServer } from "./server-form.js";
import { CLOUDS, named } from "./words.js";

/** @typedef {{id: string, name: string, cloud: string, tenant_id: string, client_id: string,
 *   has_secret: boolean, has_certificate: boolean, expires_at: string | null, paused: boolean,
 *   can_write: boolean | null, users: number, problem: string | null}} Server */

/** @param {HTMLElement} host @returns {import("./main.js").Shown} */
export function showServers(host) {
  const list = el("div", {});
  const read = () => load(list, () => get("exchange-servers"), (page) => draw(list, page.items, again));
  /** @type {(words: string) => Promise<void>} */
  const again = async (words) => {
    await read();
    announce("good", el("p", {}, words));
  };
  host.replaceChildren(
    el("h1", {}, "Exchange Server"),
    el("p", { class: "lead" }, "The app registrations through which calendars in Exchange Online are read. Exchange on premises is not supported."),
    el("div", { class: "bar" }, isAdmin && el("button", { type: "button", class: "primary", click: () => editServer(null, again) }, "Add online server…")),
    list,
  );
  void read();
  return {};
}

/** @param {HTMLElement} host @param {Server[]} servers @param {(words: string) => Promise<void>} again */
function draw(host, servers, again) {
  host.replaceChildren(
    servers.length === 0
      ? el("p", { class: "empty" }, "There is no server yet. Add one to reach your users' calendars.")
      : el("div", { class: "cards" }, ...servers.map((server) => card(server, again))),
  );
}

const PROBLEMS = {
  credential_expired: "The secret or certificate has expired: no calendar of this server is read. Enter a new one.",
  credential_expires_soon: "The secret or certificate expires within 30 days. Enter a new one before.",
  no_credential: "There is neither a secret nor a certificate.",
};

/** @param {Server} server @param {(words: string) => Promise<void>} again */
function card(server, again) {
  const checks = el("div", { "aria-live": "polite" });
  const mailbox = el("input", { type: "text", inputmode: "email", autocomplete: "off", spellcheck: "false" });
  const title = `server-${server.id}`;
  const credentials = [server.has_secret && "client secret", server.has_certificate && "certificate"].filter(Boolean).join(" and ");
  const writing = { true: "yes", false: "no: grant Calendars.ReadWrite to have it shown", null: "shows with the first event" };
  return el(
    "section",
    { class: "group", "aria-labelledby": title },
    el("h2", { id: title }, quote(server.name), " ", server.paused && el("span", { class: "chip" }, "Paused")),
    server.problem && notice(server.problem === "credential_expires_soon" ? "warning" : "danger", named(PROBLEMS, server.problem)),
    el(
      "dl",
      { class: "facts" },
      el("dt", {}, "Users"), el("dd", {}, server.users.toLocaleString("en-GB")),
      el("dt", {}, "Cloud"), el("dd", {}, named(CLOUDS, server.cloud)),
      el("dt", {}, "Tenant ID"), el("dd", {}, server.tenant_id),
      el("dt", {}, "Client ID"), el("dd", {}, server.client_id),
      el("dt", {}, "Signs in with"), el("dd", {}, credentials || "nothing"),
      el("dt", {}, "Expires"), el("dd", {}, server.expires_at ? time(server.expires_at) : "not known"),
      el("dt", {}, "Writes the category"), el("dd", {}, writing[/** @type {"true"} */ (String(server.can_write))]),
    ),
    isAdmin &&
      el(
        "div",
        { class: "actions" },
        act("Test", server, () => test(server, mailbox.value.trim(), checks)),
        act("Edit…", server, () => editServer(server, again)),
        act(server.paused ? "Resume" : "Pause…", server, () => pause(server, again)),
        act("Remove…", server, () => removeServer(server, again)),
      ),
    isAdmin && el("div", { class: "bar" }, el("label", {}, "Mailbox to test with (empty: some users')", mailbox)),
    checks,
  );
}

/** @param {string} text @param {Server} server @param {() => unknown} click */
function act(text, server, click) {
  return el("button", { type: "button", click }, text, el("span", { class: "unseen" }, ` ${server.name}`));
}

/** @param {Server} server @param {string} mailbox an address that must be readable, or empty
 * @param {HTMLElement} host */
async function test(server, mailbox, host) {
  host.replaceChildren(el("p", { class: "hint" }, "Signing in, reading a mailbox, trying the notification address…"));
  try {
    const { ok, checks } = await post(`exchange-servers/${server.id}/test`, mailbox ? { mailbox } : {});
    host.replaceChildren(
      notice(
        ok ? "good" : "danger",
        el("p", {}, el("strong", {}, ok ? "Everything works." : "Not everything works yet.")),
        el("ul", { class: "checks" }, ...checks.map((/** @type {any} */ check) =>
          el(
            "li",
            {},
            el("span", { class: `state ${check.ok ? "good" : "danger"}` }, check.ok ? "✓ " : "✗ ", el("span", { class: "unseen" }, check.ok ? "Passed: " : "Failed: ")),
            check.text,
            check.fix && el("span", { class: "sub" }, check.fix),
          ),
        )),
      ),
    );
  } catch (error) {
    host.replaceChildren(notice("danger", inWords(error)));
  }
}

/** @param {Server} server @param {(words: string) => Promise<void>} again */
async function pause(server, again) {
  if (!server.paused) {
    const yes = await ask({
      title: `Pause ${server.name}?`,
      body: [el("p", {}, `This concerns ${counted(server.users, "user")}. Nothing is written for them until you resume; nothing is lost, resuming catches up.`)],
      yes: "Pause",
    });
    if (!yes) return;
  }
  try {
    await post(server.paused ? "resume" : "pause", { level: "server", id: server.id });
    await again(server.paused ? `${server.name} goes on and catches up.` : `${server.name} is paused.`);
  } catch (error) {
    announceTrouble(error);
  }
}

/** @param {Server} server @param {(words: string) => Promise<void>} again */
async function removeServer(server, again) {
  if (server.users > 0) {
    announce(
      "warning",
      el("p", {}, `${server.name} cannot be removed: ${counted(server.users, "user")} ${server.users === 1 ? "is" : "are"} assigned to it. Assign them another server first.`),
      el("p", {}, el("a", { href: `#/users?server=${server.id}` }, "Show these users")),
    );
    return;
  }
  const yes = await ask({
    title: `Remove ${server.name}?`,
    body: [el("p", {}, "No user is assigned to it. Its secret and certificate are erased here; the app registration in Microsoft Entra stays.")],
    yes: "Remove",
    danger: true,
  });
  if (!yes) return;
  try {
    await remove(`exchange-servers/${server.id}`);
    await again(`${server.name} was removed.`);
  } catch (error) {
    announceTrouble(error);
  }
}
