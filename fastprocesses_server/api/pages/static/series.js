// Rows with a column of times, as a plot of one of their columns of numbers.

import { make, shortened } from "./elements.js";
import { isPlottable, plot, roundStep } from "./plot.js";
import { isMissing, isNumber } from "./table.js";

const MOST_POINTS = 10_000;
const MOMENT = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/i;
const ZONE = /(Z|[+-]\d\d:\d\d)$/i;
const DATE_LENGTH = 10;
const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
const STEPS = [
  ...[1, 5, 15, 30].map((count) => count * SECOND),
  ...[1, 5, 15, 30].map((count) => count * MINUTE),
  ...[1, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 28, 91, 182].map((count) => count * DAY),
];

/** Elements: none where there is nothing to plot, else a choice of the column, where there is one, and the plot. */
export function series(columns, rows, name) {
  const time = timeColumn(columns, rows);
  const others = columns.map((_, number) => number).filter((number) => number !== time && areNumbers(rows, number));
  if (time === -1 || !others.length) return [];
  const nameOf = (number) => shortened(columns[number], 40);
  const draw = (number) => {
    const known = rows.filter((row) => !isMissing(row[number]));
    const points = known.map((row) => [momentOf(row[time]), Number(row[number])]).sort(([a], [b]) => a - b);
    return plot(points, `${name}, ${columns[number]}`, { along: axisOf(nameOf(time)), up: nameOf(number) });
  };
  const figure = make("div", {}, draw(others[0]));
  if (others.length === 1) return [figure];
  const choice = make("select", {}, ...others.map((number) => make("option", { value: number }, nameOf(number))));
  choice.addEventListener("change", () => figure.replaceChildren(draw(Number(choice.value))));
  return [make("div", { class: "legend" }, make("label", {}, "Plot ", choice)), figure];
}

function timeColumn(columns, rows) {
  if (rows.length < 2 || rows.length > MOST_POINTS) return -1;
  return columns.findIndex((_, number) => rows.every((row) => Number.isFinite(momentOf(row[number]))));
}

function areNumbers(rows, number) {
  const known = rows.map((row) => row[number]).filter((value) => !isMissing(value));
  return known.length > 1 && known.every((value) => isNumber(value) && isPlottable(Number(value)));
}

/** Milliseconds; what names no zone is taken for UTC. */
function momentOf(value) {
  if (typeof value !== "string" || !MOMENT.test(value)) return NaN;
  return Date.parse(value.replace(" ", "T") + (value.length > DATE_LENGTH && !ZONE.test(value) ? "Z" : ""));
}

/** An axis of times in UTC: years, days, or times of the day in its title and of those at midnight. */
function axisOf(column) {
  return (from, to, many) => {
    const step = STEPS.find((one) => one >= (to - from) / many);
    if (!step) return { title: column, ticks: years(from, to, many) };
    const timeOf = (moment) => textOf(moment).slice(11, step < MINUTE ? 19 : 16);
    const labelOf = (moment) => (step < DAY && moment % DAY ? timeOf(moment) : dayOf(moment));
    const title = step < DAY ? `${column}, UTC, from ${dayOf(from)}` : column;
    return { title, ticks: multiples(step, from, to).map((moment) => [moment, labelOf(moment)]) };
  };
}

function years(from, to, many) {
  const [first, last] = [from, to].map((moment) => new Date(moment).getUTCFullYear());
  const found = multiples(roundStep((last - first) / many), first, last);
  return found.map((year) => [new Date(0).setUTCFullYear(year, 0, 1), year]).filter(([moment]) => moment >= from);
}

function multiples(step, from, to) {
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, number) => (first + number) * step);
}

function textOf(moment) {
  return new Date(moment).toISOString();
}

function dayOf(moment) {
  return textOf(moment).slice(0, 10);
}
