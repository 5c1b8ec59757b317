/** How Office.js methods are called and how they answer: permissions, arguments, AsyncResult. */

/** @import { PermissionName, Problem } from '../protocol.js' */

/** @type {PermissionName[]} */
const LEVELS = ['Restricted', 'ReadItem', 'ReadWriteItem', 'ReadWriteMailbox'];

/** @type {Record<number, string>} */
const ERROR_NAMES = {
  5000: 'OperationNotSupported',
  5001: 'InternalError',
  9002: 'InternalFormatError',
  9017: 'AccessRestricted',
  9018: 'GenericTokenError',
  9021: 'SaveError',
  9023: 'DuplicateNotificationKey',
  9024: 'NotificationKeyNotFound',
  9025: 'NumberOfNotificationsExceeded',
  9028: 'CannotPersistPropertyInUnsavedDraft',
  9032: 'NotSupportedByExtensionPoint',
  9038: 'InsufficientItemPermissions',
  9041: 'NetworkError',
  9042: 'InternalServerError',
  9044: 'InvalidCategory',
  9045: 'DuplicateCategory',
  9046: 'ItemNotSaved',
  9049: 'ItemNotFound',
  9055: 'APINotSupportedForSharedFolders',
  12004: 'InvalidDialogDomain',
  12006: 'DialogClosed',
  12007: 'DialogAlreadyOpened',
  12009: 'DialogBlocked',
};
/** @type {Record<number, string>} */
const ERROR_MESSAGES = {
  5000: 'The operation is not supported.',
  9044: 'Invalid categories were provided.',
  9045: 'One of the categories provided is a duplicate.',
  9046: 'The id cannot be retrieved until the item is saved.',
};

/** @type {PermissionName} */
let granted = 'Restricted';

/** @param {PermissionName} level what the manifest asked for */
export function grant(level) {
  granted = level;
}

/**
 * Throws, as Office.js does, before anything is asked of the host.
 * @param {PermissionName} level
 * @param {string} name
 */
export function demand(level, name) {
  if (LEVELS.indexOf(granted) < LEVELS.indexOf(level)) {
    throw new Error(`Elevated permission is required to call the method: '${name}'.`);
  }
}

/**
 * @param {'Sys.ArgumentException' | 'Sys.ArgumentTypeException' | 'Sys.ArgumentNullException'} name
 * @param {string} parameter
 */
export function argumentError(name, parameter) {
  const words = name.endsWith('NullException')
    ? 'Value cannot be null.'
    : 'Value does not fall within the expected range.';
  const error = new Error(`${name}: ${words}\nParameter name: ${parameter}`);
  error.name = name;
  return error;
}

/** @param {Problem} problem */
export function officeError(problem) {
  const name = ERROR_NAMES[problem.code] ?? 'InternalError';
  return {
    code: problem.code,
    name,
    message: problem.message ?? ERROR_MESSAGES[problem.code] ?? `${name}.`,
  };
}

/**
 * @typedef {object} Shape
 * @property {[string, (value: any) => boolean][]} [takes] positional arguments with their tests
 * @property {boolean} [callbackOptional]
 */

/**
 * A method of the Office.js kind: `(…positional, options?, callback?)`.
 * @param {string} name as Microsoft's messages spell it
 * @param {PermissionName} level
 * @param {(...values: any[]) => Promise<any>} run
 * @param {Shape} [shape]
 * @returns {(...given: any[]) => void}
 */
export function method(name, level, run, { takes = [], callbackOptional = false } = {}) {
  return (...given) => {
    demand(level, name);
    const values = given.slice(0, takes.length);
    takes.forEach(([parameter, fits], place) => {
      if (!fits(values[place])) throw argumentError('Sys.ArgumentTypeException', parameter);
    });
    const { callback, asyncContext } = lastArguments(given.slice(takes.length), callbackOptional);
    settle(run(...values), callback, asyncContext);
  };
}

/**
 * @param {unknown[]} rest
 * @param {boolean} callbackOptional
 */
function lastArguments(rest, callbackOptional) {
  /** @type {((result: any) => void) | undefined} */
  let callback;
  /** @type {unknown} */
  let asyncContext;
  for (const one of rest) {
    if (typeof one === 'function') callback = /** @type {(result: any) => void} */ (one);
    else if (one && typeof one === 'object') {
      asyncContext = /** @type {{ asyncContext?: unknown }} */ (one).asyncContext;
    } else if (one !== undefined && one !== null) {
      throw argumentError('Sys.ArgumentTypeException', 'callback');
    }
  }
  if (!callback && !callbackOptional) throw argumentError('Sys.ArgumentNullException', 'callback');
  return { callback, asyncContext };
}

/**
 * @param {Promise<any>} work
 * @param {((result: any) => void) | undefined} callback
 * @param {unknown} asyncContext
 */
export function settle(work, callback, asyncContext) {
  work.then(
    (value) => callback?.({ asyncContext, diagnostics: undefined, status: 'succeeded', value }),
    (problem) =>
      callback?.({
        asyncContext,
        diagnostics: undefined,
        status: 'failed',
        value: undefined,
        error: officeError(problem),
      }),
  );
}

/**
 * Adds members the way Office.js items have them: there, but not to be listed.
 * @template {object} T
 * @template {object} M
 * @param {T} target
 * @param {M} members
 * @returns {T & M}
 */
export function withHidden(target, members) {
  for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(members))) {
    Object.defineProperty(target, name, { ...member, enumerable: false });
  }
  return /** @type {T & M} */ (target);
}
