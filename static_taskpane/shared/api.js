// One way to call our HTTP API from a page: JSON in and out, a time limit, and every failure as an
// ApiError with the stable code of its problem+json answer. It knows no page and no sign-in.

const LIMIT_MS = 30_000;

/** @typedef {{title?: string, status?: number, detail?: string, code?: string,
 *   consent_url?: string, checks?: unknown[], errors?: Record<string, unknown>}} Problem */

/** A call that brought no answer we can use. `status` 0: it never reached the server; then `code`
 * is `offline`, `unreachable` or `timeout`. */
export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {Problem} [problem] @param {Headers | null} [headers] */
  constructor(status, code, problem = {}, headers = null) {
    super(problem.detail || problem.title || code);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.problem = problem;
    this.retryAfter = seconds(headers?.get("Retry-After") ?? null);
    this.claims = claimsOf(headers?.get("WWW-Authenticate") ?? null);
    /** What our log calls this request; support finds it by that. */
    this.requestId = headers?.get("X-Request-ID") ?? null;
  }
}

/** @typedef {(again: ApiError | null) => Promise<Record<string, string>>} Identify
 *   headers that say who asks; `again` is the 401 that made us ask once more */

export class Api {
  /** @type {URL} */
  #base;
  /** @type {Identify} */
  #identify;
  /** @type {RequestCredentials} */
  #credentials;

  /** @param {string} base where the API lives, relative to the page, with a slash at the end
   * @param {Identify} identify
   * @param {RequestCredentials} [credentials] `omit` with bearer tokens, `same-origin` for pages
   *   with a session cookie */
  constructor(base, identify, credentials = "omit") {
    this.#base = new URL(base, document.baseURI);
    this.#identify = identify;
    this.#credentials = credentials;
  }

  /** @param {string} path @param {AbortSignal} [signal] */
  get(path, signal) {
    return this.send("GET", path, undefined, signal);
  }

  /** Sends one request, and once more with a new identity after a 401.
   * @param {string} method @param {string} path relative to the base
   * @param {unknown} [body] sent as JSON when given
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>} the answer's JSON
   * @throws {ApiError} */
  async send(method, path, body, signal) {
    const first = await this.#once(method, path, body, signal, null);
    if (!(first instanceof ApiError)) return first;
    if (first.status !== 401) throw first;
    const second = await this.#once(method, path, body, signal, first);
    if (second instanceof ApiError) throw second;
    return second;
  }

  /** @param {string} method @param {string} path @param {unknown} body
   * @param {AbortSignal | undefined} signal @param {ApiError | null} again */
  async #once(method, path, body, signal, again) {
    const headers = { Accept: "application/json", ...(await this.#identify(again)) };
    const limit = AbortSignal.timeout(LIMIT_MS);
    let response;
    try {
      response = await fetch(new URL(path, this.#base), {
        method,
        headers: body === undefined ? headers : { ...headers, "Content-Type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
        credentials: this.#credentials,
        cache: "no-store",
        redirect: "error",
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      return await read(response);
    } catch (error) {
      if (signal?.aborted) throw error;
      return new ApiError(0, limit.aborted ? "timeout" : lost());
    }
  }
}

/** @param {Response} response */
async function read(response) {
  const text = await response.text();
  let data = null;
  try {
    data = text === "" ? null : JSON.parse(text);
  } catch {
    return new ApiError(response.status, "bad_answer", {}, response.headers);
  }
  if (response.ok) return data;
  const problem = /** @type {Problem} */ (data !== null && typeof data === "object" ? data : {});
  return new ApiError(response.status, problem.code ?? "", problem, response.headers);
}

function lost() {
  return navigator.onLine ? "unreachable" : "offline";
}

/** @param {string | null} value of Retry-After, in seconds or as a date */
function seconds(value) {
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}

/** The claims JSON of an insufficient_claims challenge.
 * @param {string | null} challenge */
function claimsOf(challenge) {
  const encoded = challenge?.match(/claims="([^"]+)"/)?.[1];
  if (!encoded) return null;
  try {
    const bytes = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
    return new TextDecoder().decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
  } catch {
    return null;
  }
}
