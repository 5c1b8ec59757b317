// Access tokens for our API, by the first way this Outlook offers: nested app authentication, then
// Office's own single sign-on. Tokens live in the host and in MSAL's memory; we store none.

/** @import { Outlook } from "./outlook.js" */

const MSAL_URL = "../vendor/msal-browser.min.js";
const AUTHORITY = "https://login.microsoftonline.com/organizations";

/** Office.js codes after which asking the person again is worth it (Office SSO error page). */
const USER_CANCELLED = 13002;

/** Nobody is signed in without asking the person; `code` says why. */
export class SignInError extends Error {
  /** @param {"sign_in_needed" | "sign_in_cancelled" | "sign_in_unavailable"} code */
  constructor(code) {
    super(code);
    this.name = "SignInError";
    this.code = code;
  }
}

/** @typedef {{acquireTokenSilent(request: object): Promise<{accessToken: string}>,
 *   acquireTokenPopup(request: object): Promise<{accessToken: string}>}} Nested */
/** @typedef {{claims?: string | null, interactive?: boolean, fresh?: boolean}} TokenWish
 *   claims: the JSON of a claims challenge; interactive: windows may open, so only on a click;
 *   fresh: a token the API refused must not come back. */

export class Auth {
  /** @type {Outlook} */
  #outlook;
  /** @type {string} */
  #clientId;
  /** @type {Promise<Nested | null> | null} */
  #nested = null;
  /** @type {Promise<unknown>} */
  #queue = Promise.resolve();

  /** @param {Outlook} outlook @param {string} clientId */
  constructor(outlook, clientId) {
    this.#outlook = outlook;
    this.#clientId = clientId;
  }

  /** One question at a time: Office refuses a second while the first is open (code 13008).
   * @param {TokenWish} [wish]
   * @returns {Promise<string>}
   * @throws {SignInError} */
  getToken(wish = {}) {
    const turn = this.#queue.then(() => this.#find(wish));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** @param {TokenWish} wish @returns {Promise<string>} */
  async #find(wish) {
    this.#nested ??= this.#startNested();
    const nested = await this.#nested;
    const ways = [];
    if (nested) ways.push(() => this.#nestedToken(nested, wish));
    if (this.#outlook.hasOfficeSignIn) ways.push(() => this.#officeToken(wish));
    if (ways.length === 0) throw new SignInError("sign_in_unavailable");

    /** @type {unknown} */
    let failure = null;
    for (const way of ways) {
      try {
        return await way();
      } catch (error) {
        failure = error;
      }
    }
    const code = /** @type {{code?: unknown}} */ (failure ?? {}).code;
    const cancelled = wish.interactive && code === USER_CANCELLED;
    throw new SignInError(cancelled ? "sign_in_cancelled" : "sign_in_needed");
  }

  /** @param {Nested} nested @param {TokenWish} wish */
  async #nestedToken(nested, { claims, interactive, fresh }) {
    const request = {
      // One resource for each request: mixing in Graph scopes fails on Windows.
      scopes: [`api://${this.#clientId}/access_as_user`],
      ...(claims ? { claims } : {}),
      ...(fresh ? { forceRefresh: true } : {}),
    };
    try {
      return tokenOf(await nested.acquireTokenSilent(request));
    } catch (error) {
      if (!interactive) throw error;
      return tokenOf(await nested.acquireTokenPopup(request));
    }
  }

  /** @param {TokenWish} wish */
  async #officeToken({ claims, interactive = false }) {
    return this.#outlook.officeToken({
      allowSignInPrompt: interactive,
      allowConsentPrompt: interactive,
      forMSGraphAccess: true,
      ...(claims ? { authChallenge: claims } : {}),
    });
  }

  /** MSAL in its nested form, or null where the host has no broker or the file is not installed. */
  async #startNested() {
    if (!this.#outlook.supports("NestedAppAuth", "1.1")) return null;
    try {
      await loadScript(new URL(MSAL_URL, document.baseURI).href);
      const { msal } = /** @type {{msal?: {createNestablePublicClientApplication(c: object): Promise<Nested>}}} */ (
        /** @type {unknown} */ (globalThis)
      );
      if (!msal) return null;
      return await msal.createNestablePublicClientApplication({
        auth: { clientId: this.#clientId, authority: AUTHORITY, clientCapabilities: ["CP1"] },
        cache: { cacheLocation: "memoryStorage" },
      });
    } catch {
      return null;
    }
  }
}

/**
 * A broker that answers without a token has signed nobody in.
 * @param {{accessToken?: unknown} | undefined} answer
 * @returns {string}
 */
function tokenOf(answer) {
  const token = answer?.accessToken;
  if (typeof token !== "string" || token === "") throw new SignInError("sign_in_needed");
  return token;
}

/** @param {string} url @returns {Promise<void>} */
function loadScript(url) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.addEventListener("load", () => resolve());
    script.addEventListener("error", () => reject(new Error("script not there")));
    document.head.append(script);
  });
}
