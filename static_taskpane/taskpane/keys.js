// The one shortcut of the pane: Ctrl and Enter, or Cmd and Enter, opens the form and sends it.

const MAC = /Mac|iP(hone|ad)/.test(navigator.userAgent);

/** How the shortcut is shown, and how it is told to assistive technology. */
export const ENTER = MAC ? { shown: "⌘ Enter", names: "Meta+Enter" } : { shown: "Ctrl+Enter", names: "Control+Enter" };

/** A key that is held down is one wish, not many.
 * @param {KeyboardEvent} key */
export function isEnterShortcut(key) {
  return key.key === "Enter" && (key.ctrlKey || key.metaKey) && !key.isComposing && !key.repeat;
}
