// Fills the controls of a form with values: of an example, of a job, of a file, or from a map.

import { choose, hasOwnMember, isObject, KINDS, read, within } from "./controls.js";
import { digits, parse } from "./json.js";

KINDS.text.fill = (control, value) => (control.value = typeof value === "string" ? value : "");
KINDS.number.fill = fillNumber;
KINDS.enum.fill = fillEnum;
KINDS.json.fill = (control, value) => (control.value = asText(value));
KINDS.slot.fill = fillSlot;

/** Undefined clears it. False where the control cannot hold exactly this value. */
export function fill(control, value, mediaType) {
  const kind = KINDS[control.dataset.kind];
  delete control.dataset.empty;
  kind.fill(control, value, mediaType);
  if (same(value, kind.blank)) control.dataset.empty = "";
  try {
    return same(read(control), value);
  } catch {
    return false;
  }
}

const same = (one, other) => sorted(one) === sorted(other);

function sorted(value) {
  const inOrder = (_, part) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part;
  return JSON.stringify(value, inOrder);
}

/** The member of this name; what every object inherits, such as `constructor`, is none. */
export const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);

export function fillNumber(input, value) {
  const plain = digits(value);
  input.value = ["number", "string"].includes(typeof plain) ? plain : "";
}

function fillEnum(control, value) {
  const found = [...control.options].find((option) => option.value && same(parse(option.value), value));
  control.value = found?.value ?? "";
}

export function asText(value) {
  return value === undefined ? "" : JSON.stringify(value, null, 1);
}

function fillSlot(control, value) {
  const [itself, json] = within(control);
  const mode = control.querySelector("[data-mode]");
  const isReference = isObject(value) && typeof value.href === "string" && !hasOwnMember(control, "href");
  const isQualified = isObject(value) && !isReference && "value" in value && !hasOwnMember(control, "value");
  control.querySelector("[data-href]").value = isReference ? value.href : "";
  control.querySelector("[data-type]").value = (isReference && (value.type ?? value.mediaType)) || "";
  const [plain, type] = isQualified ? [value.value, value.mediaType] : [isReference ? undefined : value];
  const fits = fill(itself, plain, type);
  fill(json, fits ? undefined : value);
  mode.value = isReference ? "reference" : fits ? "value" : "json";
  choose(mode);
}
