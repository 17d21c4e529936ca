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

/** Details whose content is built when they are opened first. */
export function folded(title, build, isOpen = false) {
  const details = make("details", { class: "folded" }, make("summary", {}, title));
  const fill = () => {
    if (details.open && details.children.length === 1) details.append(...[build()].flat());
  };
  details.addEventListener("toggle", fill);
  details.open = isOpen;
  fill();
  return details;
}

/** For example "Showing 5,000 of 180,000 features"; null where nothing is left out. */
export function note(shown, all, what) {
  if (shown === all) return null;
  return make("p", { class: "note", role: "status" }, `Showing ${count(shown)} of ${count(all)} ${what}`);
}

export function count(number) {
  return number.toLocaleString("en");
}
