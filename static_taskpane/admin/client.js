// The administration's API: the session cookie, the CSRF token, and the version a change is based on.

import { Api, ApiError } from "../shared/api.js";

/** @param {string} name */
function meta(name) {
  return document.querySelector(`meta[name="${name}"]`)?.getAttribute("content") ?? "";
}

let token = meta("csrf-token");

/** Whether the viewer may change anything; the server judges again at each request (A11). */
export const isAdmin = meta("role") === "admin";

/** Somebody who signed in again in another window has a new session, with a new token.
 * @returns {Promise<boolean>} whether there is a session */
async function renew() {
  const answer = await fetch("/auth/session", { cache: "no-store", redirect: "error" });
  const session = await answer.json();
  token = session.csrf_token ?? "";
  return session.signed_in === true;
}

/** @param {Record<string, string>} [more] headers */
function apiWith(more = {}) {
  return new Api(
    "/api/admin/",
    async (again) => {
      if (again !== null && !(await renew())) throw again;
      return { "X-CSRF-Token": token, ...more };
    },
    "same-origin",
  );
}

const plain = apiWith();

/** @param {Api} api @param {string} method @param {string} path @param {unknown} [body]
 * @param {AbortSignal} [signal] */
async function send(api, method, path, body, signal) {
  try {
    return await api.send(method, path, body, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "csrf_token_invalid") throw error;
    await renew();
    return api.send(method, path, body, signal);
  }
}

/** @param {string} path @param {Record<string, string | number | boolean | null | undefined>} [query]
 *   what is null, undefined or empty is left out
 * @param {AbortSignal} [signal] */
export function get(path, query = {}, signal) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return send(plain, "GET", text ? `${path}?${text}` : path, undefined, signal);
}

/** @param {string} path @param {unknown} [body] @param {AbortSignal} [signal] */
export function post(path, body = {}, signal) {
  return send(plain, "POST", path, body, signal);
}

/** @param {string} path @param {unknown} body */
export function patch(path, body) {
  return send(plain, "PATCH", path, body);
}

/** @param {string} path */
export function remove(path) {
  return send(plain, "DELETE", path);
}

/** @param {string} path @param {unknown} body @param {number} version that was read */
export function put(path, body, version) {
  return send(apiWith({ "If-Match": `"${version}"` }), "PUT", path, body);
}
