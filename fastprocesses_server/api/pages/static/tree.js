// A JSON value, folded: what lies deeper is built when it is opened.

import { count, folded, make, quoted } from "./elements.js";
import { digits, isNested } from "./json.js";

const AT_ONCE = 100;
const MOST_CHARACTERS = 10_000;

export function tree(value) {
  return isNested(value) ? make("div", { class: "tree" }, members(value)) : scalar(value);
}

function members(value) {
  const names = Array.isArray(value) ? null : Object.keys(value);
  const length = names ? names.length : value.length;
  const list = make("ul");
  const more = (from) => {
    const until = Math.min(from + AT_ONCE, length);
    for (let number = from; number < until; number += 1) {
      const name = names ? names[number] : String(number);
      list.append(make("li", {}, member(name, value[name])));
    }
    if (until < length) list.append(moreButton(length - until, () => more(until)));
  };
  more(0);
  return list;
}

function moreButton(left, onClick) {
  const button = make("button", { type: "button" }, `${count(Math.min(left, AT_ONCE))} more of ${count(left)}`);
  const line = make("li", {}, button);
  button.addEventListener("click", () => {
    line.remove();
    onClick();
  });
  return line;
}

function member(name, value) {
  const label = make("span", { class: "name" }, quoted(name));
  if (!isNested(value)) return make("div", {}, label, " ", scalar(value));
  return folded(make("span", {}, label, " ", make("small", {}, sizeOf(value))), () => members(value));
}

function sizeOf(value) {
  return Array.isArray(value) ? `[${count(value.length)}]` : `{${count(Object.keys(value).length)}}`;
}

function scalar(value) {
  if (typeof value !== "string") return make("code", { class: "scalar" }, String(digits(value)));
  const left = value.length - MOST_CHARACTERS;
  const shown = left > 0 ? `${value.slice(0, MOST_CHARACTERS)}… (${count(left)} more characters)` : value;
  return make("span", { class: "scalar text" }, quoted(shown));
}
