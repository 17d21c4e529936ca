// A series of numbers as a line in a plot.

import { count, make, visible } from "./elements.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 260;
const SPACE = { left: 64, right: 16, top: 12, bottom: 40 };

export function plot(numbers, name) {
  const [least, most] = [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))];
  const label = `${visible(name)}: ${count(numbers.length)} numbers from ${least} to ${most}`;
  const figure = make("figure", { class: "plot", role: "img", "aria-label": label });
  // Drawn again for another width, so that the labels keep their size.
  const draw = () => {
    if (figure.clientWidth) figure.replaceChildren(drawing(numbers, least, most, figure.clientWidth));
  };
  new ResizeObserver(draw).observe(figure);
  return figure;
}

function drawing(numbers, least, most, width) {
  const ticks = { x: positions(numbers.length - 1, width / 120), y: levels(least, most, 5) };
  const [low, high] = [Math.min(least, ticks.y[0]), Math.max(most, ticks.y.at(-1))];
  const [wide, tall] = [width - SPACE.left - SPACE.right, HEIGHT - SPACE.top - SPACE.bottom];
  const x = (position) => SPACE.left + (position / (numbers.length - 1)) * wide;
  const y = (value) => SPACE.top + (1 - (value - low) / (high - low)) * tall;
  const points = numbers.map((value, position) => `${x(position).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  return shape(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, "aria-hidden": true },
    ...ticks.y.map((tick) => horizontal(y(tick), width, tick)),
    ...ticks.x.map((tick) => text(x(tick), HEIGHT - SPACE.bottom + 16, "middle", count(tick))),
    text(SPACE.left + wide / 2, HEIGHT - 6, "middle", "Position"),
    text(12, SPACE.top + tall / 2, "middle", "Value", `rotate(-90 12 ${SPACE.top + tall / 2})`),
    shape("polyline", { class: "line", points, fill: "none" }),
  );
}

function horizontal(height, width, tick) {
  const line = shape("line", { class: "axis", x1: SPACE.left, x2: width - SPACE.right, y1: height, y2: height });
  return shape("g", {}, line, text(SPACE.left - 8, height + 4, "end", labelOf(tick)));
}

/** Round numbers around a range, about as many as asked for. */
function levels(from, to, many) {
  const margin = from === to ? Math.abs(from) / 2 || 1 : 0;
  const step = roundStep((to - from + 2 * margin) / many);
  const [first, last] = [Math.floor((from - margin) / step), Math.ceil((to + margin) / step)];
  return Array.from({ length: last - first + 1 }, (_, number) => (first + number) * step);
}

function positions(last, many) {
  const step = Math.max(1, roundStep(last / Math.max(many, 2)));
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, number) => number * step);
}

function roundStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
}

function labelOf(value) {
  const size = Math.abs(value);
  return size && (size >= 1e6 || size < 1e-3) ? value.toExponential(2) : String(Number(value.toPrecision(6)));
}

function text(x, y, anchor, content, transform) {
  return shape("text", { x, y, "text-anchor": anchor, transform }, content);
}

function shape(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(attribute, value);
  }
  element.append(...children);
  return element;
}
