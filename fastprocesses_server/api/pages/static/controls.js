// The controls of a form: each holds a JSON value, or undefined where nothing is entered.

import { isRounded, parse } from "./json.js";

export class Wrong extends Error {
  constructor(element, message) {
    super(message);
    this.element = element;
  }
}

/** By the `data-kind` of their elements; `blank` is what an empty one may hold. The others are in files of their own. */
export const KINDS = {
  text: { blank: "", read: (control) => control.value || undefined },
  number: { read: number },
  enum: { read: (control) => (control.value ? parse(control.value) : undefined) },
  json: { read: parsed },
  slot: { read: readSlot },
};

/** Those directly within a control. */
export const within = (control) =>
  [...control.querySelectorAll("[data-kind]")].filter((one) => one.parentElement.closest("[data-kind]") === control);

export function read(control) {
  const { kind, empty } = control.dataset;
  return KINDS[kind].read(control) ?? (empty === undefined ? undefined : KINDS[kind].blank);
}

export function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value) && !JSON.isRawJSON?.(value);
}

/** Null, which the server refuses, for what is no number; digits that a float would lose stay. */
export function number(input) {
  const text = input.value;
  if (text === "") return input.validity.badInput ? null : undefined;
  const isExact = !/^-?\d+$/.test(text) || Number.isSafeInteger(Number(text));
  return isExact ? Number(text) : JSON.rawJSON ? JSON.rawJSON(BigInt(text).toString()) : text;
}

export function parsed(area) {
  if (!area.value.trim()) return undefined;
  if (isRounded(area.value)) throw new Wrong(area, "This browser would round integers of so many digits.");
  try {
    return parse(area.value);
  } catch (error) {
    throw new Wrong(area, `This is not JSON: ${error.message}`);
  }
}

/** Shows the part that is chosen, and hides the others. */
export function choose(select) {
  const parts = [...select.parentElement.children].filter((part) => part.matches("[data-option], [data-as]"));
  parts.forEach((part, place) => {
    part.hidden = part.dataset.as ? part.dataset.as !== select.value : place !== select.selectedIndex;
  });
}

/** As the standard wants it: objects but bounding boxes, and what has a media type, within `value`. */
function readSlot(control) {
  const [value, json] = within(control);
  const mode = control.querySelector("[data-mode]").value;
  if (mode === "json") return read(json);
  if (mode === "reference") return readReference(control);
  const plain = read(value);
  if (plain === undefined || hasOwnMember(control, "value")) return plain;
  const chosen = [...value.children].find((part) => !part.hidden && part.dataset.mediaType);
  if (chosen) return { value: plain, mediaType: chosen.dataset.mediaType };
  const isBox = isObject(plain) && "bbox" in plain && Object.keys(plain).every((name) => /^(bbox|crs)$/.test(name));
  return isObject(plain) && !isBox ? { value: plain } : plain;
}

/** Whether `value` or `href` belongs to the value itself. */
export const hasOwnMember = (slot, name) => slot.dataset.own.split(" ").includes(name);

function readReference(control) {
  const [href, type] = ["[data-href]", "[data-type]"].map((part) => control.querySelector(part).value.trim());
  return href ? { href, ...(type && { type }) } : undefined;
}
