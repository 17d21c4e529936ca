// What is wrong with a request, beside the fields of the form that it is about.

import { make, visible } from "./elements.js";

const form = document.querySelector("form.execution");
const trouble = document.querySelector("#trouble");
let number = 0;

export function clearErrors() {
  form.querySelectorAll(".error").forEach((one) => one.remove());
  for (const one of form.querySelectorAll("[aria-invalid]")) {
    one.removeAttribute("aria-invalid");
    one.setAttribute("aria-describedby", one.dataset.described);
    if (!one.dataset.described) one.removeAttribute("aria-describedby");
  }
}

/** A problem document of the server. Answers how many things of the request are wrong. */
export function showProblem({ title, detail, errors = [] }) {
  if (errors.length) return showErrors(errors);
  trouble.replaceChildren(make("strong", {}, visible(title)), detail ? `: ${visible(detail)}` : "");
  showTrouble();
  return 0;
}

/** What a control finds itself, of an element of the form. */
export const showWrong = ({ element, message }) => showErrors([{ path: pathOf(element), message }], element);

function showErrors(errors, element) {
  const shown = [...form.querySelectorAll("[data-at], [data-item]")].filter((place) => place.checkVisibility());
  const places = shown.map((place) => [pathOf(place), place]).filter(([at]) => at);
  const marked = errors.map(({ path, message }) => {
    const above = places.filter(([at]) => path.startsWith(at) && /^($|[.[])/.test(path.slice(at.length)));
    if (!above.length) return tell(`${path}: ${message}`);
    const [at, place] = above.reduce((best, one) => (one[0].length > best[0].length ? one : best));
    return mark(place, `${path.slice(at.length)} ${message}`.trim(), element);
  });
  const first = marked.find(Boolean);
  if (first) first.focus();
  else showTrouble();
  return errors.length;
}

/** What is about no field. */
function tell(text) {
  trouble.append(make("div", {}, visible(text)));
  trouble.hidden = false;
}

function showTrouble() {
  trouble.hidden = false;
  trouble.focus();
}

/** Puts the message beside the place, and gives back what can be focused there. */
function mark(place, message, element) {
  const label = place.closest("label"); // Of a part of a bounding box: the only places that have one.
  const name = label ? `${label.firstChild.data.trim()}: ` : "";
  const entry = element ?? [place, ...place.querySelectorAll("input, textarea, select")].find(
    (one) => one.matches("input, textarea, select:not([data-mode], [data-choose])") && one.checkVisibility(),
  );
  const isEmpty = entry?.value === "" && !entry.validity.badInput && message.startsWith("null ");
  const said = name + (isEmpty ? "nothing is entered" : visible(message));
  const text = make("p", { class: "error", id: `error-${++number}`, tabindex: -1 }, said);
  const [around, after] = label ? [label.closest("fieldset"), ".row ~ :not(.error)"] : [place, "details"];
  around.insertBefore(text, around.querySelector(`:scope > ${after}`));
  if (!entry) return text;
  entry.dataset.described ??= entry.getAttribute("aria-describedby") ?? "";
  entry.setAttribute("aria-invalid", "true");
  entry.setAttribute("aria-describedby", `${entry.getAttribute("aria-describedby") ?? ""} ${text.id}`.trim());
  return entry;
}

/** Where the value of an element is in the request, as the server says it: `$.inputs.numbers[1]`. */
function pathOf(element) {
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
