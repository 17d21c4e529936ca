// Controls of GeoJSON: pasted or from a file, and previewed on a map.

import { KINDS, parsed, read } from "./controls.js";
import { asText, fill } from "./filling.js";
import { heldBy, hold } from "./holding.js";
import { isRounded, parse } from "./json.js";

const MOST_TEXT = 100_000;
const form = document.querySelector("form.execution");

KINDS.geojson = {
  read: (control) => heldBy(control) ?? parsed(control.querySelector("textarea")),
  fill(control, value) {
    const text = asText(value);
    const isLarge = text.length > MOST_TEXT;
    control.querySelector("textarea").value = isLarge ? "" : text;
    hold(control, isLarge ? value : undefined, isLarge ? `${text.length.toLocaleString("en")} characters` : "");
  },
};

async function take(control, file) {
  const text = await file.text();
  try {
    fill(control, isRounded(text) ? undefined : parse(text));
    const what = isRounded(text) ? "this browser would round its long integers" : `${file.size.toLocaleString("en")} bytes`;
    hold(control, heldBy(control), `${file.name}: ${what}`);
  } catch (error) {
    hold(control, undefined, `${file.name} is not JSON: ${error.message}`);
  }
}

/** The GeoJSON on a map; while it is none, none. */
async function preview(control) {
  const ground = control.querySelector(".ground");
  let geojson;
  try {
    geojson = read(control);
  } catch {
    geojson = undefined;
  }
  const text = JSON.stringify(geojson);
  if (ground.shown === text) return;
  ground.shown = text;
  ground.hidden = !geojson?.type;
  if (ground.hidden) return;
  try {
    const { showFeatures } = await import("./map.js");
    ground.hidden = !(await showFeatures(ground, geojson));
  } catch {
    ground.textContent = "The map cannot be loaded.";
    ground.shown = undefined;
  }
}

function look({ type, target }) {
  const control = target.closest("[data-kind=geojson]");
  if (!control) return;
  if (!target.files) preview(control);
  else if (type === "change" && target.files[0]) take(control, target.files[0]);
}

form.addEventListener("input", look);
form.addEventListener("change", look);
