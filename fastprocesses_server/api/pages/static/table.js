// Rows as a table that can be sorted by each of its columns.

import { count, make, note, shortened, visible } from "./elements.js";
import { digits } from "./json.js";

const MOST_ROWS = 1000;
const MOST_COLUMNS = 50;
const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
const COLLATOR = new Intl.Collator("en", { numeric: true });

/** Columns and rows of objects: one column for each member that any of the first has. */
export function gridOf(objects) {
  const columns = [...new Set(objects.slice(0, MOST_ROWS).flatMap((object) => Object.keys(object)))];
  return [columns, objects.map((object) => columns.map((column) => digits(object[column])))];
}

/** Elements: a note where not everything is shown, and the table. */
export function table(columns, rows, name) {
  const shown = columns.slice(0, MOST_COLUMNS);
  const body = make("tbody");
  const fill = (sorted) => body.replaceChildren(...sorted.slice(0, MOST_ROWS).map((row) => lineOf(row, shown.length)));
  const heads = shown.map((column, number) => headOf(column, () => sort(number)));
  const sort = (number) => {
    const isDescending = heads[number].getAttribute("aria-sort") === "ascending";
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[number].setAttribute("aria-sort", isDescending ? "descending" : "ascending");
    fill(sorted(rows, number, isDescending ? -1 : 1));
  };
  fill(rows);
  const whole = make("table", { class: "data" }, make("thead", {}, make("tr", {}, ...heads)), body);
  const label = `Table of ${visible(name)}`;
  const frame = make("div", { class: "wide tall", tabindex: 0, role: "region", "aria-label": label }, whole);
  const all = make("p", { class: "quiet" }, `${count(rows.length)} rows`);
  const notes = [
    note(Math.min(rows.length, MOST_ROWS), rows.length, "rows") ?? all,
    note(shown.length, columns.length, "columns") ?? "",
  ];
  return [...notes, frame];
}

function headOf(column, onSort) {
  const button = make("button", { type: "button" }, make("bdi", {}, shortened(column)));
  button.addEventListener("click", onSort);
  return make("th", { scope: "col" }, button);
}

function lineOf(row, width) {
  const cells = Array.from({ length: width }, (_, number) => {
    const value = row[number];
    return make("td", isNumber(value) ? { class: "number" } : {}, make("bdi", {}, shortened(textOf(value))));
  });
  return make("tr", {}, ...cells);
}

/** What is not there comes last in either order; numbers come before words. */
function sorted(rows, number, direction) {
  return rows.toSorted((one, other) => {
    const [a, b] = [one[number], other[number]];
    if (isMissing(a) || isMissing(b)) return isMissing(a) - isMissing(b);
    if (isNumber(a) && isNumber(b) && a - b) return (a - b) * direction;
    if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -direction : direction;
    return COLLATOR.compare(wordsOf(a), wordsOf(b)) * direction;
  });
}

/** Objects and arrays have no order among themselves. */
function wordsOf(value) {
  return typeof value === "object" ? "" : String(value);
}

export function isMissing(value) {
  return value === undefined || value === null || value === "";
}

export function isNumber(value) {
  return typeof value === "number" || (typeof value === "string" && NUMBER.test(value));
}

function textOf(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
