// The broker that Outlook puts beside a pane for nested app authentication; MSAL.js talks to it.
(() => {
  if (!location.pathname.startsWith("/taskpane/") || !window.__broker) return;
  const listeners = new Set();
  const asked = (window.brokerAsked = []);
  const part = (value) => btoa(JSON.stringify(value)).replace(/=+$/, "");
  const ids = { homeAccountId: "oid.tid", environment: "login.microsoftonline.com", tenantId: "tid" };
  const account = { ...ids, username: "jane@calder.test", localAccountId: "oid", name: "Jane Doe" };
  const claims = { aud: "client", oid: "oid", tid: "tid", name: "Jane Doe", exp: 4e9 };

  function outcome({ method, tokenParams }) {
    if (method === "GetInitContext") {
      const capabilities = { queryAccount: true };
      return { initContext: { sdkName: "host", sdkVersion: "1", accountContext: ids, capabilities } };
    }
    if (window.__broker.asksFirst && method === "GetToken") {
      const error = { status: "USER_INTERACTION_REQUIRED", code: "interaction_required" };
      return { success: false, error: { ...error, subError: "", description: "a click is needed" } };
    }
    const token = {
      access_token: `${method}-token`,
      id_token: [part({ alg: "none" }), part(claims), ""].join("."),
      expires_in: 3600,
      scope: tokenParams.scope,
    };
    return { token, account };
  }

  window.nestedAppAuthBridge = {
    addEventListener: (_type, listener) => listeners.add(listener),
    removeEventListener: (_type, listener) => listeners.delete(listener),
    postMessage(text) {
      const question = JSON.parse(text);
      asked.push([question.method, question.tokenParams?.scope ?? null]);
      const { requestId } = question;
      const base = { messageType: "NestedAppAuthResponse", requestId, success: true };
      const answer = JSON.stringify({ ...base, ...outcome(question) });
      setTimeout(() => listeners.forEach((listener) => listener(answer)), 1);
    },
  };
})();
