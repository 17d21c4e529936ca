// Numbers as a line in a plot.

import { count, make, visible } from "./elements.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 260;
const SPACE = { left: 64, right: 16, top: 12, bottom: 40 };

/** Whether a number is far enough from the largest ones to reckon with it. */
export function isPlottable(number) {
  return typeof number === "number" && Math.abs(number) < 1e150;
}

/** Of points [x, y], x going up. `along` gives title and ticks of the axis of x, for a range and about so many ticks. */
export function plot(points, name, { along = positions, up = "Value" } = {}) {
  const numbers = points.map(([, y]) => y);
  const [least, most] = [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))];
  const label = `${visible(name)}: ${count(numbers.length)} numbers from ${least} to ${most}`;
  const figure = make("figure", { class: "plot", role: "img", "aria-label": label });
  // Drawn again for another width, so that the labels keep their size.
  const draw = () => {
    if (figure.clientWidth) figure.replaceChildren(drawing(points, [least, most], { along, up, width: figure.clientWidth }));
  };
  new ResizeObserver(draw).observe(figure);
  return figure;
}

function drawing(points, [least, most], { along, up, width }) {
  const [first, last] = [points[0][0], points.at(-1)[0]];
  const axis = along(first, last, Math.max(width / 120, 2));
  const heights = levels(least, most, 5);
  const [low, high] = [Math.min(least, heights[0]), Math.max(most, heights.at(-1))];
  const [wide, tall] = [width - SPACE.left - SPACE.right, HEIGHT - SPACE.top - SPACE.bottom];
  const x = (value) => SPACE.left + ((value - first) / (last - first || 1)) * wide;
  const y = (value) => SPACE.top + (1 - (value - low) / (high - low)) * tall;
  const line = points.map((point) => `${x(point[0]).toFixed(1)},${y(point[1]).toFixed(1)}`).join(" ");
  return shape(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, "aria-hidden": true },
    ...heights.map((tick) => horizontal(y(tick), width, tick)),
    ...axis.ticks.map(([tick, label]) => text(x(tick), HEIGHT - SPACE.bottom + 16, "middle", label)),
    text(SPACE.left + wide / 2, HEIGHT - 6, "middle", axis.title),
    text(12, SPACE.top + tall / 2, "middle", up, `rotate(-90 12 ${SPACE.top + tall / 2})`),
    shape("polyline", { class: "line", points: line, fill: "none" }),
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

function positions(_, last, many) {
  const step = Math.max(1, roundStep(last / many));
  const places = Array.from({ length: Math.floor(last / step) + 1 }, (_, number) => number * step);
  return { title: "Position", ticks: places.map((place) => [place, count(place)]) };
}

export function roundStep(rough) {
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
