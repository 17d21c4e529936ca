// Controls of objects: one for each member.

import { isObject, KINDS, read, within } from "./controls.js";
import { fill, own } from "./filling.js";

const members = (control) => within(control).map((one) => [one.closest("[data-name]").dataset.name, one]);

KINDS.object = {
  blank: {},
  read(control) {
    const values = members(control).map(([name, one]) => [name, read(one)]);
    const entered = values.filter(([, value]) => value !== undefined);
    return entered.length ? Object.fromEntries(entered) : undefined;
  },
  fill(control, value) {
    for (const [name, one] of members(control)) fill(one, isObject(value) ? own(value, name) : undefined);
  },
};
