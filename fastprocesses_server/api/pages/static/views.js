// An output for people: a map, a table, a plot, a picture, text, folded JSON, or what it is and where.

import { rowsOf } from "./csv.js";
import { count, folded, make, note, quoted, visible } from "./elements.js";
import { featuresOf, isGeojson } from "./geojson.js";
import { isNested } from "./json.js";
import { addressOf, areBytes, loadJson, loadText } from "./loading.js";
import { isPlottable, plot } from "./plot.js";
import { series } from "./series.js";
import { gridOf, table } from "./table.js";
import { tree } from "./tree.js";

const MEBIBYTE = 1024 ** 2;
const ASKED_FROM = 10 * MEBIBYTE;
const MOST_TEXT = MEBIBYTE / 4;
const MOST_ROWS_TEXT = MEBIBYTE;
const MOST_FEATURES = 5000;
const SERIES = [2, 10_000];
const ROUNDED = "This browser rounds long integers; the download has all their digits.";

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const TABLES = ["text/csv", "application/csv", "text/tab-separated-values"];
const TEXT = /^(text\/.+|image\/svg\+xml|application\/(.+\+)?(xml|yaml|x-yaml|javascript|sql))$/;
const JSON_TYPE = /^(application\/json|.+\+json)$/;
const ENDINGS = {
  "application/geo+json": ".geojson",
  "application/json": ".json",
  "image/gif": ".gif",
  "image/jpeg": ".jpg",
  "image/png": ".png",
  "image/webp": ".webp",
  "text/csv": ".csv",
  "text/html": ".html",
  "text/plain": ".txt",
};

/**
 * Shows one output in a section, below what is there; again for the same section, in place of the former.
 * It comes from `href`, or is the `value`: JSON, a text, base64 where `encoding` says so, or a Blob.
 */
export async function show(section, output) {
  section.querySelector(":scope > .view")?.remove();
  if (!section.querySelector("h2, h3")) section.prepend(...headOf(output));
  const view = make("div", { class: "view" });
  const source = section.querySelector(":scope > .source");
  section.insertBefore(view, source);
  await fill(view, () => viewOf(view, output));
  if (source && view.querySelector(":scope > pre")) source.remove();
  else if (source) source.open = false;
}

async function fill(view, build) {
  view.replaceChildren(make("p", { class: "quiet", role: "status" }, "Loading …"));
  view.setAttribute("aria-busy", "true");
  try {
    view.replaceChildren(...(await build()));
  } catch (error) {
    const text = `This cannot be shown. ${visible(error.message)}`;
    view.replaceChildren(make("p", { class: "error", role: "alert" }, text));
  }
  view.removeAttribute("aria-busy");
}

async function viewOf(view, output) {
  const type = essenceOf(output);
  if (PICTURES.includes(type)) return [picture(output)];
  if (JSON_TYPE.test(type)) return output.size > ASKED_FROM ? [question(view, output)] : jsonView(view, output);
  if (TABLES.includes(type)) return csvView(output);
  if (TEXT.test(type)) return textView(output);
  return [make("p", { class: "quiet" }, "There is nothing to see of this type; it can be downloaded.")];
}

/** Values that are neither text nor bytes are JSON, whatever their type says. */
function essenceOf({ type = "", value, encoding }) {
  const essence = type.split(";")[0].trim().toLowerCase();
  const isJson = value !== undefined && typeof value !== "string" && !areBytes(value, encoding);
  return isJson && !JSON_TYPE.test(essence) ? "application/json" : essence;
}

function question(view, output) {
  const where = essenceOf(output) === "application/geo+json" ? " on a map" : "";
  const button = make("button", { type: "button" }, `Show${where} (${sizeOf(output.size)})`);
  button.addEventListener("click", () => fill(view, () => jsonView(view, output)));
  return button;
}

async function jsonView(view, output) {
  try {
    const { value, wasRounded } = await loadJson(output);
    const shown = await viewOfJson(view, value, output.name);
    return wasRounded ? [make("p", { class: "note" }, ROUNDED), ...shown] : shown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [make("p", { class: "error" }, "This is not JSON."), ...(await textView(output))];
  }
}

async function viewOfJson(view, value, name) {
  if (isGeojson(value)) return mapView(view, value, name);
  const asJson = folded("As JSON", () => tree(value));
  if (isSeries(value)) return [plot([...value.entries()], name), asJson];
  if (areObjects(value)) return [...rowsView(...gridOf(value), name), asJson];
  return [tree(value)];
}

function rowsView(columns, rows, name) {
  return [...series(columns, rows, name), ...table(columns, rows, name)];
}

async function mapView(view, geojson, name) {
  const features = featuresOf(geojson);
  const ground = make("div", { class: "ground" });
  view.replaceChildren(ground); // A map takes its size from the page.
  // Imported here, so that pages without maps load nothing of it.
  const { showFeatures } = await import("./map.js");
  const shown = await showFeatures(ground, geojson, { most: MOST_FEATURES, name });
  const properties = () => table(...gridOf(features.map((feature) => feature?.properties ?? {})), name);
  const map = [note(shown, features.length, "features") ?? "", ground];
  return [
    ...(shown || !features.length ? map : [elsewhere()]),
    ...(geojson.type.startsWith("Feature") ? [shown ? hint() : "", folded("Properties as a table", properties)] : []),
    folded("As JSON", () => tree(geojson)),
  ];
}

function hint() {
  return make("p", { class: "quiet" }, "Click a feature for its properties, or go from one to the next with the arrows. A table lists them too.");
}

function elsewhere() {
  return make("p", { class: "note" }, "This is GeoJSON, but its coordinates are not longitudes and latitudes.");
}

async function csvView(output) {
  const { text, isWhole } = await loadText(output, MOST_ROWS_TEXT);
  const [columns, ...rows] = rowsOf(text, isWhole);
  if (!columns) return [make("p", { class: "quiet" }, "There are no rows.")];
  return [partNote(isWhole, MOST_ROWS_TEXT, output), ...rowsView(columns, rows, output.name)];
}

async function textView(output) {
  const { text, isWhole } = await loadText(output, MOST_TEXT);
  return [partNote(isWhole, MOST_TEXT, output), make("pre", { tabindex: 0 }, quoted(text))];
}

function partNote(isWhole, shown, { size }) {
  if (isWhole) return "";
  const whole = size ? ` of ${sizeOf(size)}` : "";
  return make("p", { class: "note", role: "status" }, `Showing the first ${sizeOf(shown)}${whole}`);
}

function picture(output) {
  const image = make("img", { src: addressOf(output, true), alt: visible(output.title ?? output.name) });
  image.addEventListener("error", () => image.replaceWith(make("p", { class: "error" }, "This is not a picture.")));
  return image;
}

function headOf(output) {
  const { name, type, size, filename } = output;
  const file = visible(filename ?? `${name}${ENDINGS[essenceOf(output)] ?? ""}`);
  const link = make("a", { href: addressOf(output), download: file }, `Download ${file}`);
  const facts = [type, size === undefined ? "" : sizeOf(size)].filter(Boolean);
  const line = make("p", { class: "facts" }, ...facts.map((fact) => make("span", {}, visible(fact))), link);
  return [make("h3", {}, quoted(name)), line];
}

function isSeries(value) {
  if (!Array.isArray(value) || value.length < SERIES[0] || value.length > SERIES[1]) return false;
  return value.every(isPlottable);
}

function areObjects(value) {
  const isObject = (item) => isNested(item) && !Array.isArray(item);
  return Array.isArray(value) && value.length > 0 && value.every(isObject);
}

function sizeOf(bytes) {
  if (bytes < 1024) return `${count(bytes)} Bytes`;
  const [size, unit] = bytes < MEBIBYTE ? [bytes / 1024, "KiB"] : [bytes / MEBIBYTE, "MiB"];
  return `${count(Number(size.toFixed(1)))} ${unit}`;
}
