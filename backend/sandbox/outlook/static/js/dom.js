/** Builds elements; text is always set as text, never as markup. */

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [props] attributes; `on…` listeners; `.name` sets a property
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    const isWord = name.startsWith('data-') || name.startsWith('aria-');
    if (value === undefined || value === null || (value === false && !isWord)) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (name.startsWith('.')) Object.assign(element, { [name.slice(1)]: value });
    else element.setAttribute(name, value === true && !isWord ? '' : String(value));
  }
  put(element, ...children);
  return element;
}

/**
 * Appends children to an element.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function put(element, ...children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Replaces everything inside an element.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function refill(element, ...children) {
  element.replaceChildren();
  put(element, ...children);
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element #${id}.`);
  return element;
}

const SHAPES = {
  accept: 'M4 10.5l4 4 8-9',
  back: 'M12 4l-6 6 6 6',
  bell: 'M10 3a5 5 0 0 0-5 5v3l-1.5 3h13L15 11V8a5 5 0 0 0-5-5zM8 16a2 2 0 0 0 4 0',
  calendar: 'M4 5h12v11H4zM4 8.5h12M7 3v3M13 3v3',
  chevron: 'M6 8l4 4 4-4',
  close: 'M5 5l10 10M15 5L5 15',
  columns: 'M3 4h6v12H3zM11 4h6v12h-6z',
  forward: 'M8 4l6 6-6 6',
  gear: 'M3 6h7M14 6h3M10 6a2 2 0 1 0 4 0 2 2 0 1 0-4 0M3 14h3M10 14h7M6 14a2 2 0 1 0 4 0 2 2 0 1 0-4 0',
  list: 'M4 6h12M4 10h12M4 14h12',
  lock: 'M6 9V7a4 4 0 0 1 8 0v2M5 9h10v7H5z',
  mail: 'M3 5h14v10H3zM3 6l7 5 7-5',
  moon: 'M16 12A6.5 6.5 0 0 1 8 4a6.5 6.5 0 1 0 8 8z',
  people: 'M10 4a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM4 16.5c0-3 2.7-4.5 6-4.5s6 1.5 6 4.5',
  pin: 'M10 17s5-4.6 5-9A5 5 0 0 0 5 8c0 4.400 5 9 5 9zM10 6.200a1.800 1.800 0 1 0 0 3.600 1.800 1.800 0 0 0 0-3.600z',
  plus: 'M10 4v12M4 10h12',
  pulse: 'M3 10.500h3.500L9 4.500l3 11 2-5h3',
  puzzle: 'M4 7h4V5.500a1.500 1.500 0 0 1 3 0V7h4v4h1a1.500 1.500 0 0 1 0 3h-1v3H4z',
  repeat: 'M5 8h9l-2.500-2.500M15 12H6l2.500 2.500',
  save: 'M4 4h10l2 2v10H4zM7 4v4h5V4M7 16v-5h6v5',
  send: 'M3 4l14 6-14 6 2.500-6zM5.500 10H17',
  sun: 'M10 6.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM10 2v2M10 16v2M2 10h2M16 10h2M4.300 4.300l1.400 1.400M14.300 14.300l1.400 1.400M4.300 15.700l1.400-1.400M14.300 5.700l1.400-1.400',
  tag: 'M4 4h6l6.500 6.500-6 6L4 10zM7.500 6.500v2',
  text: 'M4 6h12M4 10h12M4 14h7',
  trash: 'M4 6h12M8 6V4h4v2M6 6l.700 10.500h6.600L14 6',
  video: 'M3 6h10v8H3zM13 9l4-2v6l-4-2',
};

/**
 * A decorative icon.
 * @param {keyof typeof SHAPES} name
 */
export function icon(name) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  const path = document.createElementNS(space, 'path');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', SHAPES[name]);
  svg.append(path);
  return svg;
}
