// The frame of the administration: which section is shown, and that nothing entered is lost.

import { el } from "../shared/dom.js";
import { showAudit } from "./audit.js";
import { isAdmin } from "./client.js";
import { showConfiguration } from "./configuration.js";
import { showDashboard } from "./dashboard.js";
import { showExplain } from "./explain.js";
import { showLog } from "./log.js";
import { ask, byId, clearNotices } from "./page.js";
import { showPerson } from "./person.js";
import { showReconciliation } from "./reconciliation.js";
import { showServers } from "./servers.js";
import { showSimulator } from "./simulator.js";
import { showUsers } from "./users.js";

/** @typedef {{leave?: () => void, unsaved?: () => boolean}} Shown */
/** @typedef {(host: HTMLElement, query: URLSearchParams) => Shown} Section */

/** @type {{key: string, name: string, show: Section, adminOnly?: boolean}[]} */
const SECTIONS = [
  { key: "configuration", name: "Configuration", show: showConfiguration },
  { key: "users", name: "Users", show: showUsers },
  { key: "servers", name: "Exchange Server", show: showServers, adminOnly: true },
  { key: "log", name: "Logs & Errors", show: showLog },
  { key: "explain", name: "Explain", show: showExplain },
  { key: "simulator", name: "Simulator", show: showSimulator, adminOnly: true },
  { key: "dashboard", name: "Dashboard", show: showDashboard },
  { key: "reconciliation", name: "Reconciliation", show: showReconciliation },
  { key: "person", name: "Personal data", show: showPerson, adminOnly: true },
  { key: "audit", name: "Audit", show: showAudit, adminOnly: true },
];
const OFFERED = SECTIONS.filter((section) => isAdmin || !section.adminOnly);

/** @type {Shown} */
let shown = {};
let shownHash = "";

function drawNavigation(/** @type {string} */ current) {
  byId("sections").replaceChildren(
    el(
      "ul",
      {},
      ...OFFERED.map(({ key, name }) =>
        el("li", {}, el("a", { href: `#/${key}`, "aria-current": key === current && "page" }, name)),
      ),
    ),
  );
}

async function follow() {
  const hash = location.hash || "#/configuration";
  if (hash === shownHash) return;
  if (shown.unsaved?.()) {
    const target = hash;
    // Back to where the entries are until it is decided.
    location.replace(shownHash);
    const go = await ask({
      title: "Leave without saving?",
      body: [el("p", {}, "What you changed on this page is not saved yet.")],
      yes: "Leave without saving",
      danger: true,
    });
    if (!go) return;
    shown = { leave: shown.leave };
    location.hash = target;
    return;
  }
  const isFirst = shownHash === "";
  shownHash = hash;
  shown.leave?.();
  clearNotices();
  const [path, query] = hash.slice(2).split("?");
  const section = OFFERED.find(({ key }) => key === path) ?? OFFERED[0];
  drawNavigation(section.key);
  document.title = `${section.name} – Calendar Sync administration`;
  const host = el("div", {});
  byId("section").replaceChildren(host);
  shown = section.show(host, new URLSearchParams(query ?? ""));
  const heading = host.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  // The first page speaks for itself; after a click in the navigation its heading is read.
  if (!isFirst) heading?.focus();
  scrollTo(0, 0);
}

addEventListener("hashchange", () => void follow());
addEventListener("beforeunload", (event) => {
  if (shown.unsaved?.()) event.preventDefault();
});
void follow();
