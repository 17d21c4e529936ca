// Maps: features to look at, and a rectangle to drag. Leaflet is loaded by the first of them.

import { addBackground } from "./background.js";
import { colouring } from "./colours.js";
import { make, visible } from "./elements.js";
import { bindProperties, hasProperties, stepper } from "./features.js";
import { featuresOf, isOnEarth } from "./geojson.js";

const WORLD = [[-60, -170], [75, 170]];

let loading;

/** Draws the first features that have a place on earth into the element, and returns how many. */
export async function showFeatures(element, geojson, { most = 5000, name = "the features" } = {}) {
  const features = featuresOf(geojson).slice(0, most).filter((feature) => isOnEarth(feature?.geometry));
  const L = await leaflet();
  const map = open(L, element, `Map of ${visible(name)}`);
  const { styleOf, legend } = colouring(features);
  const style = (feature) => ({ radius: 6, ...styleOf(feature) });
  const layers = features.map((feature) => layerOf(L, feature, style)).filter(Boolean);
  const drawn = L.featureGroup(layers).addTo(map);
  if (layers.length && features.some(hasProperties)) element.append(stepper(map, layers, style));
  if (legend) {
    legend.addEventListener("change", () => drawn.eachLayer((layer) => layer.setStyle(style)));
    element.append(legend);
  }
  if (layers.length) map.fitBounds(drawn.getBounds(), { padding: [20, 20], maxZoom: 16, animate: false });
  await addBackground(L, map);
  return layers.length;
}

/** Lets people drag a rectangle: `onPick` gets [minx, miny, maxx, maxy], `set` draws one. */
export async function pickBox(element, onPick) {
  const L = await leaflet();
  const map = open(L, element, "Map to drag a rectangle on");
  map.setMaxBounds([[-90, -180], [90, 180]]);
  const box = L.rectangle([[0, 0], [0, 0]], { className: "picked", interactive: false, renderer: L.svg() });
  const draw = (bounds) => box.setBounds(bounds).addTo(map);
  const isDrawing = drawingSwitch(element, map);
  whenDragged(map, isDrawing, (from, to) => draw(L.latLngBounds(from, to)), () => onPick(bboxOf(box.getBounds())));
  await addBackground(L, map);
  return {
    set([minx, miny, maxx, maxy]) {
      draw([[miny, minx], [maxy, maxx]]);
      map.fitBounds(box.getBounds(), { padding: [30, 30], maxZoom: 14, animate: false });
    },
  };
}

/** In the place of an earlier map of the element, which nothing refers to any more. */
function open(L, element, name) {
  const ground = make("div", { class: "map", role: "region", "aria-label": name });
  element.replaceChildren(ground);
  const options = { preferCanvas: true, attributionControl: false, trackResize: false, maxZoom: 19, zoomSnap: 0.5 };
  const map = L.map(ground, options).fitBounds(WORLD);
  new ResizeObserver(() => map.invalidateSize()).observe(ground);
  L.control.scale({ imperial: false }).addTo(map);
  return map;
}

function leaflet() {
  loading ??= Promise.all([loadStyle(), import("./vendor/leaflet/leaflet.js")]).then(() => window.L);
  loading.catch(() => (loading = undefined)); // So that it may be tried again.
  return loading;
}

function loadStyle() {
  const href = new URL("vendor/leaflet/leaflet.css", import.meta.url);
  const style = make("link", { rel: "stylesheet", href });
  return new Promise((loaded, failed) => {
    style.addEventListener("load", loaded);
    style.addEventListener("error", () => failed(new Error(`${href} cannot be loaded`)));
    document.head.prepend(style); // Before our own, which has the last word.
  });
}

/** Null for coordinates that are not nested as the type of their geometry says. */
function layerOf(L, feature, style) {
  try {
    const layer = L.geoJSON(feature, { style, pointToLayer: (_, place) => L.circleMarker(place) });
    return layer.getBounds().isValid() ? bindProperties(layer, feature) : null;
  } catch {
    return null;
  }
}

function drawingSwitch(element, map) {
  const button = make("button", { type: "button", "aria-pressed": "false" }, "Move the map");
  const choose = (moves) => {
    button.setAttribute("aria-pressed", moves);
    map.dragging[moves ? "enable" : "disable"]();
    map.getContainer().classList.toggle("drawing", !moves);
  };
  button.addEventListener("click", () => choose(button.getAttribute("aria-pressed") !== "true"));
  choose(false);
  element.append(button);
  return () => button.getAttribute("aria-pressed") !== "true";
}

function whenDragged(map, isDrawing, onMove, onEnd) {
  const ground = map.getContainer();
  const place = (event) => map.mouseEventToLatLng(event);
  let start = null;
  let moved = false;
  ground.addEventListener("pointerdown", (event) => {
    start = null; // The second of two fingers, which zoom.
    if (!isDrawing() || !event.isPrimary || event.button !== 0 || event.target.closest(".leaflet-control")) return;
    [start, moved] = [place(event), false];
    ground.setPointerCapture(event.pointerId);
  });
  ground.addEventListener("pointermove", (event) => {
    if (start === null) return;
    moved = true;
    onMove(start, place(event));
  });
  ground.addEventListener("pointerup", () => {
    if (start !== null && moved) onEnd();
    start = null;
  });
  ground.addEventListener("pointercancel", () => {
    start = null;
  });
}

function bboxOf(bounds) {
  const within = (value, most) => Number(Math.max(-most, Math.min(most, value)).toFixed(5));
  const [west, east] = [within(bounds.getWest(), 180), within(bounds.getEast(), 180)];
  return [west, within(bounds.getSouth(), 90), east, within(bounds.getNorth(), 90)];
}
