// The controls of a form: each holds a JSON value, or undefined where nothing is entered.

import { isRounded, parse } from "./json.js";

const MOST_ITEMS = 200;
const MOST_TEXT = 100_000;
const BLANK = { text: "", array: [], object: {}, map: {} };

/** What is too large for a text area, or no text: files as base64, and GeoJSON. */
const held = new WeakMap();

export class Wrong extends Error {
  constructor(element, message) {
    super(message);
    this.element = element;
  }
}

const within = (control, selector) =>
  [...control.querySelectorAll(selector)].filter((one) => one.parentElement.closest("[data-kind]") === control);
const inner = (element) => element.querySelector("[data-kind]");
const rows = (control) => [...control.querySelector("[data-items]").children];

export function read(control) {
  const { kind, empty } = control.dataset;
  return KINDS[kind].read(control) ?? (empty === undefined ? undefined : BLANK[kind]);
}

/** Undefined clears it. False where the control cannot hold exactly this value. */
export function fill(control, value) {
  delete control.dataset.empty;
  KINDS[control.dataset.kind].fill(control, value);
  if (same(value, BLANK[control.dataset.kind])) control.dataset.empty = "";
  try {
    return same(read(control), value);
  } catch {
    return false;
  }
}

export function same(one, other) {
  return sorted(one) === sorted(other);
}

function sorted(value) {
  const inOrder = (_, part) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part;
  return JSON.stringify(value, inOrder);
}

export function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value) && !JSON.isRawJSON?.(value);
}

/** The member of this name; what every object inherits, such as `constructor`, is none. */
export const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);

/** An item that was added and left empty is sent as such. */
function sent(control) {
  const of = control.dataset.kind === "slot" ? within(control, "[data-kind]")[0] : control;
  return read(control) ?? BLANK[of.dataset.kind] ?? null;
}

/** Null, which the server refuses, for what is no number; digits that a float would lose stay. */
function number(input) {
  const text = input.value;
  if (text === "") return input.validity.badInput ? null : undefined;
  const isExact = !/^-?\d+$/.test(text) || Number.isSafeInteger(Number(text));
  return isExact ? Number(text) : JSON.rawJSON ? JSON.rawJSON(BigInt(text).toString()) : text;
}

function parsed(area) {
  if (!area.value.trim()) return undefined;
  if (isRounded(area.value)) throw new Wrong(area, "This browser would round integers of so many digits.");
  try {
    return parse(area.value);
  } catch (error) {
    throw new Wrong(area, `This is not JSON: ${error.message}`);
  }
}

function readMembers(entries) {
  const members = entries.filter(([, value]) => value !== undefined);
  return members.length ? Object.fromEntries(members) : undefined;
}

function fillRows(control, values, put) {
  control.querySelector("[data-items]").replaceChildren();
  if (values.length <= MOST_ITEMS) values.forEach((value) => put(add(control), value));
}

export function add(control) {
  const row = control.querySelector(":scope > template").content.firstElementChild.cloneNode(true);
  control.querySelector("[data-items]").append(row);
  row.querySelectorAll("[data-kind=array]").forEach(begin);
  return row;
}

/** The items that a list needs at least. */
export function begin(control) {
  while (rows(control).length < Number(control.dataset.least)) add(control);
}

/** Shows the part that is chosen, and hides the others. */
export function choose(select, index) {
  const control = select.closest("[data-kind]");
  if (index !== undefined) select.selectedIndex = index;
  const parts = [...control.children].filter((part) => part.matches("[data-option], [data-as]"));
  parts.forEach((part, place) => {
    part.hidden = part.dataset.as ? part.dataset.as !== select.value : place !== select.selectedIndex;
  });
}

/** `value` is the text in a text area, or what is held in its place. */
export function hold(control, value, what = "") {
  if (value === undefined) held.delete(control);
  else held.set(control, value);
  control.querySelector("output").value = what;
  const clear = control.querySelector("[data-clear]");
  if (clear) clear.hidden = value === undefined;
  control.dispatchEvent(new Event("held", { bubbles: true }));
}

const KINDS = {
  text: {
    read: (control) => control.value || undefined,
    fill: (control, value) => (control.value = value ?? ""),
  },
  number: { read: number, fill: (control, value) => (control.value = value ?? "") },
  enum: {
    read: (control) => (control.value ? parse(control.value) : undefined),
    fill(control, value) {
      const found = [...control.options].find((option) => option.value && same(parse(option.value), value));
      control.value = found?.value ?? "";
    },
  },
  moment: {
    read(control) {
      const [{ value }, zone] = control.querySelectorAll("input");
      return value ? value.replace(/(^|T)(\d\d:\d\d)$/, "$1$2:00") + zone.value : undefined;
    },
    fill(control, value) {
      const [moment, zone] = control.querySelectorAll("input");
      const [, time, offset = ""] = /^(.*?)(Z|[+-]\d\d:\d\d)?$/s.exec(String(value ?? ""));
      moment.value = time;
      zone.value = value === undefined ? zone.defaultValue : offset;
    },
  },
  json: { read: parsed, fill: (control, value) => (control.value = asText(value)) },
  array: {
    read(control) {
      const items = rows(control).map((row) => inner(row));
      const isAsAtFirst = items.length <= Number(control.dataset.least) && items.every((one) => read(one) === undefined);
      return isAsAtFirst || !items.length ? undefined : items.map(sent);
    },
    fill(control, value) {
      fillRows(control, Array.isArray(value) ? value : [], (row, item) => fill(inner(row), item));
      if (value === undefined) begin(control);
    },
  },
  map: {
    read: (control) =>
      readMembers(rows(control).map((row) => [row.querySelector("[data-key]").value, sent(inner(row))])),
    fill(control, value) {
      fillRows(control, isObject(value) ? Object.entries(value) : [], (row, [name, member]) => {
        row.querySelector("[data-key]").value = name;
        fill(inner(row), member);
      });
    },
  },
  object: {
    read: (control) =>
      readMembers(within(control, "[data-kind]").map((one) => [one.closest("[data-name]").dataset.name, read(one)])),
    fill(control, value) {
      const members = isObject(value) ? value : {};
      for (const one of within(control, "[data-kind]")) fill(one, own(members, one.closest("[data-name]").dataset.name));
    },
  },
  choice: {
    read: (control) => read(within(control, "[data-kind]")[control.querySelector("select").selectedIndex]),
    fill(control, value) {
      const found = within(control, "[data-kind]").findIndex((option) => fill(option, value));
      within(control, "[data-kind]").forEach((option, place) => place !== found && fill(option, undefined));
      choose(control.querySelector("select"), Math.max(found, 0));
    },
  },
  bbox: {
    read(control) {
      const numbers = [...control.querySelectorAll("[type=number]")].map(number);
      const crs = read(inner(control));
      if (crs === undefined && numbers.every((one) => one === undefined)) return undefined;
      return { bbox: numbers.map((one) => one ?? null), ...(crs === undefined ? {} : { crs }) };
    },
    fill(control, value) {
      control.querySelectorAll("[type=number]").forEach((input, place) => (input.value = value?.bbox?.[place] ?? ""));
      fill(inner(control), value?.crs);
    },
  },
  geojson: {
    read: (control) => held.get(control) ?? parsed(control.querySelector("textarea")),
    fill(control, value) {
      const text = asText(value);
      const isLarge = text.length > MOST_TEXT;
      control.querySelector("textarea").value = isLarge ? "" : text;
      hold(control, isLarge ? value : undefined, isLarge ? `${text.length.toLocaleString("en")} characters` : "");
    },
  },
  binary: {
    read: (control) => held.get(control),
    fill(control, value) {
      control.querySelector("input").value = "";
      const text = typeof value === "string" ? value : undefined;
      hold(control, text, text ? `${Math.floor(text.length * 0.75).toLocaleString("en")} bytes` : "");
    },
  },
  slot: { read: readSlot, fill: fillSlot },
};

function asText(value) {
  return value === undefined ? "" : JSON.stringify(value, null, 1);
}

/** As the standard wants it: objects but bounding boxes, and what has a media type, within `value`. */
function readSlot(control) {
  const [value, json] = within(control, "[data-kind]");
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
function hasOwnMember(slot, name) {
  return slot.dataset.own.split(" ").includes(name);
}

function readReference(control) {
  const href = control.querySelector("[data-href]").value.trim();
  const type = control.querySelector("[data-type]").value.trim();
  return href ? { href, ...(type ? { type } : {}) } : undefined;
}

function fillSlot(control, value) {
  const [itself, json] = within(control, "[data-kind]");
  const mode = control.querySelector("[data-mode]");
  const isReference = isObject(value) && typeof value.href === "string" && !hasOwnMember(control, "href");
  const isQualified = isObject(value) && !isReference && "value" in value && !hasOwnMember(control, "value");
  control.querySelector("[data-href]").value = isReference ? value.href : "";
  control.querySelector("[data-type]").value = (isReference && (value.type ?? value.mediaType)) || "";
  fill(json, undefined);
  const fits = isReference || fillValue(itself, isQualified ? value.value : value, isQualified ? value.mediaType : "");
  if (isReference) fill(itself, undefined);
  else if (!fits) fill(json, value);
  mode.value = isReference ? "reference" : fits ? "value" : "json";
  choose(mode);
}

/** Of a choice, the part of the media type that the value came with. */
function fillValue(control, value, mediaType) {
  const place = [...control.children]
    .filter((part) => "option" in part.dataset)
    .findIndex((part) => mediaType && part.dataset.mediaType === mediaType);
  if (place < 0) return fill(control, value);
  fill(control, undefined);
  choose(control.querySelector("select"), place);
  return fill(within(control, "[data-kind]")[place], value);
}

/** Where the value of an element is in the request, as the server says it: `$.inputs.numbers[1]`. */
export function pathOf(element) {
  let path = "";
  for (let one = element; one; one = one.parentElement) {
    if (one.dataset.at !== undefined) path = one.dataset.at + path;
    else if (one.dataset.item !== undefined) path = stepTo(one) + path;
  }
  return path;
}

function stepTo(row) {
  const key = row.querySelector("[data-key]");
  if (key?.closest("[data-item]") !== row) return `[${[...row.parentElement.children].indexOf(row)}]`;
  const isPlain = /^[\p{L}\p{N}_-]+$/u.test(key.value);
  return isPlain ? `.${key.value}` : `['${key.value.replace(/[\\']/g, "\\$&")}']`;
}
