// Controls of as many values as are added: lists, and objects whose names are free.

import { isObject, KINDS, read, within } from "./controls.js";
import { fill } from "./filling.js";

const MOST_ITEMS = 200;
const form = document.querySelector("form.execution");

const inner = (row) => row.querySelector("[data-kind]");
const rows = (control) => [...control.querySelector("[data-items]").children];

KINDS.array = {
  blank: [],
  read(control) {
    const items = rows(control).map(inner);
    const isAsAtFirst = items.length <= Number(control.dataset.least) && items.every((one) => read(one) === undefined);
    return isAsAtFirst || !items.length ? undefined : items.map(sent);
  },
  fill(control, value) {
    fillRows(control, Array.isArray(value) ? value : [], (row, item) => fill(inner(row), item));
    if (value === undefined) begin(control);
  },
};

KINDS.map = {
  blank: {},
  read(control) {
    const members = rows(control).map((row) => [row.querySelector("[data-key]").value, sent(inner(row))]);
    return members.length ? Object.fromEntries(members) : undefined;
  },
  fill(control, value) {
    fillRows(control, isObject(value) ? Object.entries(value) : [], (row, [name, member]) => {
      row.querySelector("[data-key]").value = name;
      fill(inner(row), member);
    });
  },
};

/** An item that was added and left empty is sent as such. */
function sent(control) {
  const of = control.dataset.kind === "slot" ? within(control)[0] : control;
  return read(control) ?? KINDS[of.dataset.kind].blank ?? null;
}

function fillRows(control, values, put) {
  control.querySelector("[data-items]").replaceChildren();
  if (values.length <= MOST_ITEMS) values.forEach((value) => put(add(control), value));
}

function add(control) {
  const row = control.querySelector(":scope > template").content.firstElementChild.cloneNode(true);
  control.querySelector("[data-items]").append(row);
  row.querySelectorAll("[data-kind=array]").forEach(begin);
  return row;
}

/** The items that a list needs at least. */
function begin(control) {
  while (rows(control).length < Number(control.dataset.least)) add(control);
}

form.addEventListener("click", ({ target }) => {
  const { add: adds, remove } = target.dataset;
  if (adds === undefined && remove === undefined) return;
  const list = target.closest("[data-kind]");
  if (adds !== undefined) {
    add(list).querySelector("input, textarea, select")?.focus();
  } else {
    target.closest("[data-item]").remove();
    list.querySelector(":scope > [data-add]").focus();
  }
  list.dispatchEvent(new Event("change", { bubbles: true }));
});

form.querySelectorAll("[data-kind=array]").forEach(begin);
