// Adding and editing an online server. Secrets are entered, never shown.

import { ApiError } from "../shared/api.js";
import { el } from "../shared/dom.js";
import { patch, post } from "./client.js";
import { inWords, openDialog } from "./page.js";
import { CLOUDS } from "./words.js";

/** @param {import("./servers.js").Server | null} server @param {(words: string) => Promise<void>} saved */
export function editServer(server, saved) {
  const trouble = el("p", { role: "alert", class: "state danger" });
  const kept = server ? " Empty: the present one stays." : "";
  const fields = {
    name: text("name", "Name", server?.name ?? "Exchange Online", "What your administrators call it."),
    tenant_id: text("tenant_id", "Directory (tenant) ID", server?.tenant_id ?? "", "Entra admin center → App registrations → Overview."),
    client_id: text("client_id", "Application (client) ID", server?.client_id ?? "", "The registration with the application permissions Calendars.Read (or Calendars.ReadWrite) and User.Read.All."),
    secret: text("secret", "Client secret", "", `Its value, not its ID. It is kept encrypted and never shown again.${kept}`, "password"),
    expires_at: text("expires_at", "The secret expires on", server?.expires_at?.slice(0, 10) ?? "", "You are warned 30 days before.", "date"),
  };
  const cloud = el("select", { id: "cloud" }, ...Object.entries(CLOUDS).map(([key, label]) => el("option", { value: key, selected: key === (server?.cloud ?? "global") }, label)));
  const file = el("input", { id: "certificate", type: "file", accept: ".pem,.pfx,.p12", "aria-describedby": "certificate-hint" });
  const password = text("certificate_password", "Password of the file", "", "For a PFX that has one. It is not kept.", "password");
  const save = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    trouble.textContent = "";
    try {
      const given = { ...entered(fields, cloud.value, server), ...(await certificate(file, password.input.value)) };
      await (server ? patch(`exchange-servers/${server.id}`, given) : post("exchange-servers", given));
      box.close();
      await saved(server ? "The server was changed. Test it now." : "The server was added. Test it now.");
    } catch (error) {
      trouble.textContent = explain(error);
    }
  };
  const box = el(
    "dialog",
    { "aria-labelledby": "question" },
    el(
      "form",
      { submit: (event) => void save(event), novalidate: true },
      el("h2", { id: "question" }, server ? `Edit ${server.name}` : "Add online server"),
      fields.name.box,
      el("div", { class: "field" }, el("label", { for: "cloud" }, "Cloud"), cloud),
      fields.tenant_id.box,
      fields.client_id.box,
      fields.secret.box,
      el("div", { class: "field" }, el("label", { for: "certificate" }, "or a certificate file with its private key (PEM or PFX)"), file,
        el("span", { class: "hint", id: "certificate-hint" }, `Its end is read from it. It is kept encrypted and never shown again.${kept}`)),
      password.box,
      fields.expires_at.box,
      trouble,
      el("div", { class: "actions" },
        el("button", { type: "button", click: () => box.close() }, "Cancel"),
        el("button", { type: "submit", class: "primary" }, "Save"),
      ),
    ),
  );
  openDialog(box);
}

/** @typedef {{box: HTMLElement, input: HTMLInputElement}} TextField */

/** @param {string} id @param {string} label @param {string} value @param {string} hint @param {string} [type]
 * @returns {TextField} */
function text(id, label, value, hint, type = "text") {
  const input = el("input", { id, type, value, autocomplete: type === "password" ? "new-password" : "off", "aria-describedby": `${id}-hint` });
  return {
    input,
    box: el("div", { class: "field" }, el("label", { for: id }, label), input, el("span", { class: "hint", id: `${id}-hint` }, hint)),
  };
}

/** The file that was chosen, as the API takes it: text of a PEM, any other file as a PFX.
 * @param {HTMLInputElement} input @param {string} password
 * @returns {Promise<Record<string, string>>} */
async function certificate(input, password) {
  const file = input.files?.[0];
  if (!file) return {};
  const bytes = new Uint8Array(await file.arrayBuffer());
  const pem = new TextDecoder().decode(bytes);
  if (pem.includes("-----BEGIN ")) return { certificate_pem: pem };
  const certificate_pfx = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return { certificate_pfx, ...(password && { certificate_password: password }) };
}

/** What was entered; when editing, only what differs.
 * @param {Record<string, TextField>} fields @param {string} cloud
 * @param {import("./servers.js").Server | null} server */
function entered(fields, cloud, server) {
  /** @type {Record<string, string | null>} */
  const given = {};
  for (const name of /** @type {const} */ (["name", "tenant_id", "client_id"])) {
    const value = fields[name].input.value.trim();
    if (server === null || value !== server[name]) given[name] = value;
  }
  if (server === null || cloud !== server.cloud) given.cloud = cloud;
  if (fields.secret.input.value) given.secret = fields.secret.input.value;
  const day = fields.expires_at.input.value;
  if (day && day !== server?.expires_at?.slice(0, 10)) given.expires_at = `${day}T00:00:00Z`;
  return given;
}

/** @param {unknown} error */
function explain(error) {
  if (!(error instanceof ApiError) || error.status !== 422) return inWords(error);
  const errors = /** @type {Record<string, any>} */ (error.problem.errors?.json ?? error.problem.errors ?? {});
  const lines = Object.entries(errors).map(([name, why]) => `${NAMES[name] ?? name}: ${Array.isArray(why) ? why.join(" ") : why}`);
  return lines.join("\n") || inWords(error);
}

/** @type {Record<string, string>} */
const NAMES = {
  name: "Name", cloud: "Cloud", tenant_id: "Tenant ID", client_id: "Client ID",
  secret: "Client secret", certificate_pem: "Certificate", certificate_pfx: "Certificate",
  certificate_password: "Password of the file", expires_at: "Expiry",
};
