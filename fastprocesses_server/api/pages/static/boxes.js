// Controls of bounding boxes: four numbers and the CRS, or a rectangle that is dragged on a map.

import { KINDS, number, read, within } from "./controls.js";
import { fill, fillNumber } from "./filling.js";

const form = document.querySelector("form.execution");
const maps = new WeakMap();

const inputs = (control) => [...control.querySelectorAll("[type=number]")];

KINDS.bbox = {
  read(control) {
    const numbers = inputs(control).map(number);
    const crs = read(within(control)[0]);
    if (crs === undefined && numbers.every((one) => one === undefined)) return undefined;
    return { bbox: numbers.map((one) => one ?? null), ...(crs === undefined ? {} : { crs }) };
  },
  fill(control, value) {
    inputs(control).forEach((input, place) => fillNumber(input, value?.bbox?.[place]));
    fill(within(control)[0], value?.crs);
  },
};

async function openMap(button) {
  const box = button.closest("[data-kind]");
  const ground = box.querySelector(".ground");
  const crs = button.dataset.map || undefined;
  let shown;
  ground.textContent = "Loading …";
  ground.hidden = false;
  button.hidden = true;
  const { pickBox } = await import("./map.js");
  const picker = await pickBox(ground, (bbox) => {
    shown = String(bbox);
    fill(box, { bbox, crs });
    box.dispatchEvent(new Event("change", { bubbles: true }));
  });
  const draw = () => {
    const bbox = inputs(box).map((input) => input.valueAsNumber);
    const isOnEarth = bbox.every((one, place) => Math.abs(one) <= (place % 2 ? 90 : 180));
    if (!isOnEarth || String(bbox) === shown) return;
    shown = String(bbox);
    picker.set(bbox);
  };
  maps.set(box, draw);
  draw();
  ground.querySelector(".map").focus({ preventScroll: true });
}

function redraw({ target }) {
  for (const box of form.querySelectorAll("[data-kind=bbox]")) {
    if (target.contains(box) || box.contains(target)) maps.get(box)?.();
  }
}

form.addEventListener("input", redraw);
form.addEventListener("change", redraw);
form.addEventListener("click", ({ target }) => {
  if (target.dataset.map === undefined) return;
  openMap(target).catch(() => {
    target.hidden = false;
    target.nextElementSibling.textContent = "The map cannot be loaded. Try again in a moment.";
  });
});
