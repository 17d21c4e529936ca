// Which colour a feature has on a map, by one of its properties, and the legend that says so.

import { make, visible } from "./elements.js";

const PLAIN = "#2f7ed8";
const WITHOUT = "#8c8c8c";
const KINDS = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#b8a800", "#7d5ba6"];
const STEPS = ["#5a5fb8", "#2a788e", "#22a884", "#7ad151", "#fde725"];

/** `styleOf` a feature, by what is chosen in the `legend`, which is null where there is nothing to choose from. */
export function colouring(features) {
  const scales = scalesOf(features);
  if (!scales.length) return { styleOf: () => look(PLAIN), legend: null };
  let chosen = preferred(scales);
  const key = make("ul", {});
  const choice = make("select", {}, ...scales.map((scale, number) => option(scale, number, scale === chosen)));
  choice.addEventListener("change", () => {
    chosen = scales[choice.value];
    key.replaceChildren(...entries(chosen));
  });
  key.replaceChildren(...entries(chosen));
  const legend = make("div", { class: "legend" }, make("label", {}, "Colour ", choice), key);
  return { styleOf: (feature) => look(chosen.colourOf(feature.properties?.[chosen.name])), legend };
}

function look(colour) {
  return { color: colour, weight: 2, fillColor: colour, fillOpacity: 0.6 };
}

function scalesOf(features) {
  const columns = new Map();
  for (const { properties } of features) {
    for (const [name, value] of Object.entries(properties ?? {})) {
      if (!columns.has(name)) columns.set(name, []);
      if (value !== null && value !== "") columns.get(name).push(value);
    }
  }
  return [...columns].map(([name, values]) => scaleOf(name, values)).filter(Boolean);
}

function scaleOf(name, values) {
  const different = new Set(values);
  if (different.size < 2) return null;
  if (values.every(Number.isFinite)) return different.size > 2 ? numbers(name, values) : kinds(name, different);
  const areWords = values.every((value) => typeof value === "string" || typeof value === "boolean");
  return areWords && different.size <= KINDS.length ? kinds(name, different) : null;
}

function numbers(name, values) {
  const least = values.reduce((a, b) => Math.min(a, b));
  const step = (values.reduce((a, b) => Math.max(a, b)) - least) / STEPS.length;
  const place = (value) => Math.min(Math.floor((value - least) / step), STEPS.length - 1);
  const text = (number) => Number((least + number * step).toPrecision(3)).toString();
  return {
    name,
    rank: values.every(Number.isInteger) ? 0 : 2,
    key: STEPS.map((colour, number) => [colour, `${text(number)} to ${text(number + 1)}`]),
    colourOf: (value) => (Number.isFinite(value) ? STEPS[place(value)] : WITHOUT),
  };
}

function kinds(name, different) {
  const colours = new Map([...different].map((value, number) => [value, KINDS[number]]));
  return {
    name,
    rank: 1,
    key: [...colours].map(([value, colour]) => [colour, String(value)]),
    colourOf: (value) => colours.get(value) ?? WITHOUT,
  };
}

/** Measures tell more than kinds, these more than counts and numbers of things; what a process adds stands last. */
function preferred(scales) {
  return scales.reduce((best, scale) => (scale.rank >= best.rank ? scale : best));
}

function option(scale, number, isChosen) {
  return make("option", { value: number, selected: isChosen }, visible(scale.name));
}

function entries(scale) {
  return scale.key.map(([colour, text]) => {
    const swatch = make("span", { class: "swatch" });
    swatch.style.backgroundColor = colour;
    return make("li", {}, swatch, visible(text));
  });
}
