// Light or dark: what Outlook says, else what the system says. High contrast is CSS's own matter.

/** @import { Outlook } from "./outlook.js" */

/** @param {Outlook} outlook */
export function followOutlook(outlook) {
  outlook.followTheme((colors) => {
    const dark = colors ? isDark(colors.bodyBackgroundColor) : null;
    if (dark === null) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = dark ? "dark" : "light";
  });
}

/** Whether a colour of Outlook's theme is a dark one (WCAG relative luminance); null if it is no
 * colour we can read. Outlook does not support isDarkTheme.
 * @param {string | undefined} color `#rrggbb` or `#rgb` */
export function isDark(color) {
  const digits = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(color ?? "")?.[1];
  if (!digits) return null;
  const full = digits.length === 3 ? digits.replace(/./g, "$&$&") : digits;
  const [red, green, blue] = [0, 2, 4].map((at) => linear(parseInt(full.slice(at, at + 2), 16)));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.18;
}

/** @param {number} channel 0–255 */
function linear(channel) {
  const value = channel / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}
