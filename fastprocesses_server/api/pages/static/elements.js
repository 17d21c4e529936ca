// Elements of a page, made from data that nobody vouches for: it becomes text, never markup.

const DIRECTIONS = /[\u202a-\u202e\u2066-\u2069]/g;

/** The text with the characters that turn its order around written out. */
export function visible(text) {
  return String(text).replace(DIRECTIONS, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`);
}

/** An element with attributes and children; strings among these become text. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(attribute, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** A text of others, whose direction does not reach what stands around it. */
export function quoted(text) {
  return make("bdi", {}, visible(text));
}
