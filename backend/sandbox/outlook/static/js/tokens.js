/** What the host answers when the pane asks for a token: Office single sign-on and nested app auth. */

/** @import { Problem } from '../../protocol.js' */

import * as api from './api.js';

const GRAPH = 'https://graph.microsoft.com/';
const OIDC = new Set(['openid', 'profile', 'email', 'offline_access']);

/**
 * @typedef {object} SignIn
 * @property {{ id: string, name: string, address: string, tenantId: string }} person
 * @property {() => string} sso code that getAccessToken answers with; '0' for a token
 * @property {() => string} naa 'on' or 'click'
 * @property {() => Promise<boolean>} confirm asks the person whether to go on
 */

/**
 * Office.auth.getAccessToken.
 * @param {SignIn} signIn
 * @param {Office.AuthOptions} options
 * @returns {Promise<string>}
 */
export async function officeToken(signIn, options) {
  const code = Number(signIn.sso());
  if (code === 13001 && options.allowSignInPrompt) {
    if (!(await signIn.confirm())) throw problem(13002, 'The person cancelled signing in.');
  } else if (code) {
    throw problem(code, `Office answers ${code}, as chosen in the settings of this page.`);
  }
  try {
    const { access_token: token } = await api.token({
      user: signIn.person.address,
      audience: 'api',
      client: 'office',
      ...(options.authChallenge ? { claims: options.authChallenge } : {}),
    });
    return token;
  } catch (error) {
    throw problem(13007, /** @type {Error} */ (error).message);
  }
}

/**
 * @param {number} code
 * @param {string} message
 * @returns {Problem}
 */
function problem(code, message) {
  return { code, message };
}

/** Answers one message of MSAL.js to `nestedAppAuthBridge`. */
export class NestedAppAuth {
  /** @param {SignIn} signIn */
  constructor(signIn) {
    this.signIn = signIn;
    this.clicked = false;
  }

  /** @param {any} request a NestedAppAuthRequest */
  async answer(request) {
    const base = { messageType: 'NestedAppAuthResponse', requestId: request.requestId };
    if (request.method === 'GetInitContext') {
      return { ...base, success: true, initContext: this.initContext() };
    }
    const isPopup = request.method === 'GetTokenPopup';
    if (this.signIn.naa() === 'click' && !this.clicked) {
      if (!isPopup) return refusal(base, 'USER_INTERACTION_REQUIRED', 'interaction_required');
      if (!(await this.signIn.confirm())) return refusal(base, 'USER_CANCEL', 'user_cancelled');
      this.clicked = true;
    }
    return this.token(base, request.tokenParams);
  }

  initContext() {
    return {
      sdkName: 'calendar-sync-sandbox',
      sdkVersion: '1.0.0',
      accountContext: this.accountContext(),
      capabilities: { queryAccount: true },
    };
  }

  accountContext() {
    const { id, tenantId } = this.signIn.person;
    return { homeAccountId: `${id}.${tenantId}`, environment: 'login.microsoftonline.com', tenantId };
  }

  /**
   * @param {object} base
   * @param {any} wanted MSAL's token parameters
   */
  async token(base, wanted) {
    const { id, name, address } = this.signIn.person;
    const scopes = String(wanted.scope).split(' ').filter((scope) => !OIDC.has(scope));
    const audience = scopes[0]?.startsWith(GRAPH) ? 'graph' : 'api';
    const wish = {
      user: address,
      audience,
      client: 'addin',
      id_token: true,
      ...(wanted.claims ? { claims: wanted.claims } : {}),
      ...(audience === 'graph' ? { scopes: scopes.map((scope) => scope.slice(GRAPH.length)) } : {}),
    };
    try {
      const given = await api.token(wish);
      return {
        ...base,
        success: true,
        token: {
          access_token: given.access_token,
          id_token: given.id_token,
          expires_in: given.expires_in,
          scope: wanted.scope,
        },
        account: { ...this.accountContext(), username: address, localAccountId: id, name },
      };
    } catch (error) {
      const { status, message } = /** @type {api.ControlError} */ (error);
      return status >= 500
        ? refusal(base, 'TRANSIENT_ERROR', 'server_error', message)
        : refusal(base, 'USER_INTERACTION_REQUIRED', 'consent_required', message);
    }
  }
}

/**
 * @param {object} base
 * @param {string} status
 * @param {string} code
 * @param {string} description
 */
function refusal(base, status, code, description = code) {
  return { ...base, success: false, error: { status, code, subError: '', description } };
}
