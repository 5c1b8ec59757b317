// Turns one Office.js call into a promise that always settles. Office.js reports wrong permissions
// and arguments by throwing at once, failures in the result, and sometimes never answers at all.

const CALL_LIMIT_MS = 8_000;

/** A failure of Outlook or of Office.js; `code` is ours, `number` Office.js's own. */
export class OutlookError extends Error {
  /** @param {string} code @param {number | null} [number] @param {string} [message] */
  constructor(code, number = null, message = code) {
    super(message);
    this.name = "OutlookError";
    this.code = code;
    this.number = number;
  }
}

/** @template T
 * @param {number} limit milliseconds
 * @param {string} code of the error when the limit passes
 * @param {(resolve: (value: T) => void, reject: (error: unknown) => void) => void} start
 * @returns {Promise<T>} */
export function guarded(limit, code, start) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new OutlookError(code)), limit);
    const settle = (/** @type {() => void} */ then) => {
      clearTimeout(timer);
      then();
    };
    try {
      start(
        (value) => settle(() => resolve(value)),
        (error) => settle(() => reject(error)),
      );
    } catch (error) {
      settle(() => reject(asOutlookError(error)));
    }
  });
}

/** One callback-style call of Office.js.
 * @template T
 * @param {(done: (result: Office.AsyncResult<T>) => void) => void} start
 * @param {number} [limit] milliseconds
 * @returns {Promise<T>}
 * @throws {OutlookError} */
export function call(start, limit = CALL_LIMIT_MS) {
  return guarded(limit, "office_js_silent", (resolve, reject) => {
    start((result) => {
      if (result.status === Office.AsyncResultStatus.Failed) reject(asOutlookError(result.error));
      else resolve(result.value);
    });
  });
}

/** The same for what the pane can do without: any failure, also a member the client does not have,
 * is null.
 * @template T
 * @param {() => Promise<T>} start
 * @returns {Promise<T | null>} */
export async function optional(start) {
  try {
    return await start();
  } catch {
    return null;
  }
}

/** @param {unknown} error */
function asOutlookError(error) {
  if (error instanceof OutlookError) return error;
  const { code, message } = /** @type {{code?: unknown, message?: unknown}} */ (error ?? {});
  return new OutlookError(
    "office_js_failed",
    typeof code === "number" ? code : null,
    typeof message === "string" ? message : "Office.js failed",
  );
}
