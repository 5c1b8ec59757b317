// A long act that a worker does: its progress, and a way to stop it.

import { el } from "../shared/dom.js";
import { get, remove } from "./client.js";
import { announceTrouble, byId, counted, inWords, notice } from "./page.js";
import { named, OPERATIONS } from "./words.js";

/** @typedef {{id: string, kind: string, state: string, total: number | null, done: number,
 *   failed: number, items: any[], problem: string | null, finished_at: string | null}} Operation */

const PAUSE_MS = 1000;

/** Shows the progress above the section until the operation has ended.
 * @param {Operation} operation @param {AbortSignal} gone the section was left
 * @returns {Promise<Operation | null>} null when the section was left */
export async function follow(operation, gone) {
  const bar = el("progress", { "aria-label": named(OPERATIONS, operation.kind) });
  const words = el("p", { role: "status" });
  const stop = async () => {
    try {
      await remove(`operations/${operation.id}`);
    } catch (error) {
      announceTrouble(error);
    }
  };
  byId("notices").replaceChildren(
    notice("plain", words, bar, el("p", {}, el("button", { type: "button", click: () => void stop() }, "Stop"), el("span", { class: "hint" }, " What is done stays done. It goes on by itself if you leave this page."))),
  );
  let now = operation;
  while (!gone.aborted) {
    show(now, bar, words);
    if (now.finished_at !== null) return now;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (gone.aborted) break;
    try {
      now = await get(`operations/${operation.id}`, {}, gone);
    } catch (error) {
      if (gone.aborted) break;
      // The work goes on without us; so does the asking.
      words.textContent = inWords(error);
    }
  }
  return null;
}

/** @param {Operation} now @param {HTMLProgressElement} bar @param {HTMLElement} words */
function show(now, bar, words) {
  if (now.total) {
    bar.max = now.total;
    bar.value = now.done;
  }
  const of = now.total ? ` of ${now.total.toLocaleString("en-GB")}` : "";
  words.textContent = `${named(OPERATIONS, now.kind)}: ${now.done.toLocaleString("en-GB")}${of} done${now.failed ? `, ${counted(now.failed, "row")} not` : ""}.`;
}
