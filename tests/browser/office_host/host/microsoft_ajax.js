// As much of Microsoft's AJAX library as office.js looks for; our own words.
window.Type = Function;
Type.registerNamespace = (name) => {
  window[name] ??= {};
};
Type.registerClass = () => {};
Type.prototype.registerClass = () => {};
Function._validateParams = () => null;
window.Sys = {
  StringBuilder: class {},
  EventHandlerList: class {},
  Debug: { trace() {} },
  Serialization: {
    JavaScriptSerializer: { serialize: JSON.stringify, deserialize: JSON.parse },
  },
};
