// What every section uses: notices, questions, times, and the four states of something that is read.

import { ApiError } from "../shared/api.js";
import { el } from "../shared/dom.js";

/** @typedef {import("../shared/dom.js").Child} Child */

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** Tells a screen reader what has happened.
 * @param {string} text */
export function say(text) {
  byId("said").textContent = text;
}

/** @param {"good" | "warning" | "danger" | "plain"} tone @param {...Child} children */
export function notice(tone, ...children) {
  return el("div", { class: `notice ${tone}` }, ...children);
}

/** A notice above the section, in place of the one before, until another section is opened.
 * @param {"good" | "warning" | "danger" | "plain"} tone @param {...Child} children */
export function announce(tone, ...children) {
  const box = notice(tone, ...children);
  byId("notices").replaceChildren(box);
  say(box.textContent ?? "");
  box.scrollIntoView({ block: "nearest" });
}

export function clearNotices() {
  byId("notices").replaceChildren();
}

const TROUBLE = {
  offline: "You are offline. What you entered stays here; try again when you are back.",
  unreachable: "The server does not answer. What you entered stays here; try again in a moment.",
  timeout: "This took too long. Try again in a moment.",
  forbidden: "You may not do this. Only administrators may change something.",
  csrf_token_invalid: "Your sign-in has changed. Reload this page.",
};

/** What went wrong, and what to do, in words.
 * @param {unknown} error */
export function inWords(error) {
  if (!(error instanceof ApiError)) throw error;
  const own = /** @type {Record<string, string>} */ (TROUBLE)[error.code];
  if (own) return own;
  if (error.status === 429) return `Too many requests. Try again in ${error.retryAfter ?? 60} seconds.`;
  if (error.status >= 500) return "Something went wrong on the server. Try again in a moment.";
  return error.message;
}

/** @param {unknown} error @param {(() => void) | null} [again] what *Try again* does */
export function troubleNotice(error, again = null) {
  if (error instanceof ApiError && error.status === 401) {
    return notice(
      "warning",
      el("p", {}, "Your sign-in has ended. Sign in again in a new window; what you entered stays here."),
      el(
        "p",
        { class: "actions" },
        el("a", { class: "button", href: "/auth/login?next=/admin/", target: "_blank" }, "Sign in"),
        again && el("button", { type: "button", click: again }, "Try again"),
      ),
    );
  }
  return notice(
    "danger",
    el("p", {}, inWords(error)),
    again && el("p", {}, el("button", { type: "button", click: again }, "Try again")),
  );
}

/** Shows trouble of an act above the section. @param {unknown} error */
export function announceTrouble(error) {
  const box = troubleNotice(error);
  byId("notices").replaceChildren(box);
  say(box.textContent ?? "");
  box.scrollIntoView({ block: "nearest" });
}

/** Reads something into a part of the page: waiting, then what it is, or why not.
 * @template T
 * @param {HTMLElement} host
 * @param {() => Promise<T>} read
 * @param {(found: T) => void} show */
export async function load(host, read, show) {
  host.setAttribute("aria-busy", "true");
  if (!host.hasChildNodes()) host.append(el("div", { class: "bones" }), el("p", { class: "unseen" }, "Loading"));
  try {
    const found = await read();
    host.removeAttribute("aria-busy");
    show(found);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    host.removeAttribute("aria-busy");
    host.replaceChildren(troubleNotice(error, () => {
      host.replaceChildren();
      void load(host, read, show);
    }));
  }
}

/** @param {string | null | undefined} moment RFC 3339 */
export function time(moment) {
  if (!moment) return el("span", { class: "sub" }, "never");
  const at = new Date(moment);
  const text = at.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  return el("time", { class: "time", datetime: moment, title: at.toISOString() }, text);
}

/** @param {string | undefined} date a day as the API writes it, 2026-11-21 */
export function day(date) {
  return date ? new Date(date).toLocaleDateString("en-GB", { dateStyle: "medium", timeZone: "UTC" }) : "";
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
}

/** Asks before something is done.
 * @param {{title: string, body: Child[], yes: string, danger?: boolean}} question
 * @returns {Promise<boolean>} */
export function ask({ title, body, yes, danger = false }) {
  return new Promise((resolve) => {
    const box = el(
      "dialog",
      { "aria-labelledby": "question" },
      el("h2", { id: "question" }, title),
      ...body,
      el(
        "div",
        { class: "actions" },
        el("button", { type: "button", autofocus: true, click: () => box.close("no") }, "Cancel"),
        el(
          "button",
          { type: "button", class: danger ? "danger" : "primary", click: () => box.close("yes") },
          yes,
        ),
      ),
    );
    openDialog(box, () => resolve(box.returnValue === "yes"));
  });
}

/** @param {HTMLDialogElement} box @param {() => void} [closed] */
export function openDialog(box, closed = () => {}) {
  const before = document.activeElement;
  box.addEventListener("close", () => {
    box.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
    closed();
  });
  document.body.append(box);
  box.showModal();
}
