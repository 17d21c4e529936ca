// What lies under a map: tiles where the server names some, else land and a graticule, drawn here.

import { make, visible } from "./elements.js";

const STEPS = [30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
const LAND_UP_TO_ZOOM = 8; // The outline is coarse: nearer, it would draw the sea over towns.
const MOST_LINES = 7;
const LABEL_WIDTH = 75; // pixels
const EDGE = 85;

let outline;

export async function addBackground(L, map) {
  const { mapTiles, mapAttribution } = document.body.dataset;
  if (mapTiles) {
    addTiles(L, map, mapTiles, mapAttribution);
    return;
  }
  const renderer = L.svg({ pane: "tilePane", padding: 0.5 });
  const graticule = L.layerGroup().addTo(map);
  const draw = () => drawGraticule(L, map, graticule, renderer);
  map.on("moveend", draw);
  map.whenReady(draw);
  await addLand(L, map, renderer);
}

function addTiles(L, map, url, attribution) {
  // Some servers of tiles refuse requests that do not say from which site they come.
  const options = { referrerPolicy: "strict-origin-when-cross-origin", maxZoom: 19 };
  L.tileLayer(url, options).addTo(map);
  if (attribution) {
    const credits = L.control.attribution({ prefix: false }).addTo(map);
    credits.getContainer().textContent = visible(attribution);
  }
}

async function addLand(L, map, renderer) {
  outline ??= fetch(new URL("vendor/land.json", import.meta.url)).then((answer) => answer.json());
  const style = { className: "land", stroke: false, fillOpacity: 1 };
  const land = L.geoJSON(await outline, { renderer, style, interactive: false, pane: "tilePane" });
  if (!map.getContainer().isConnected) return; // Another map has taken its place meanwhile.
  const choose = () => {
    const isNear = map.getZoom() > LAND_UP_TO_ZOOM;
    map.getContainer().classList.toggle("near", isNear);
    if (isNear) land.remove();
    else land.addTo(map).bringToBack();
  };
  map.on("zoomend", choose);
  map.whenReady(choose);
}

function drawGraticule(L, map, graticule, renderer) {
  const view = map.getBounds();
  const step = stepFor(view.getEast() - view.getWest(), Math.min(MOST_LINES, map.getSize().x / LABEL_WIDTH));
  const [south, north] = [Math.max(view.getSouth(), -EDGE), Math.min(view.getNorth(), EDGE)];
  const line = (places) => L.polyline(places, { renderer, className: "graticule", weight: 1, interactive: false });
  graticule.clearLayers();
  for (const longitude of multiples(step, view.getWest(), view.getEast())) {
    graticule.addLayer(line([[-EDGE, longitude], [EDGE, longitude]]));
    graticule.addLayer(label(L, [north, longitude], degrees(longitude, "E", "W"), "top"));
  }
  for (const latitude of multiples(step, south, north)) {
    graticule.addLayer(line([[latitude, view.getWest() - 360], [latitude, view.getEast() + 360]]));
    graticule.addLayer(label(L, [latitude, view.getEast()], degrees(latitude, "N", "S"), "right"));
  }
}

function stepFor(width, most) {
  return STEPS.findLast((step) => width / step <= most) ?? STEPS[0];
}

function* multiples(step, from, to) {
  for (let count = Math.ceil(from / step); count * step <= to; count += 1) yield count * step;
}

function label(L, place, text, edge) {
  const icon = L.divIcon({ className: `degrees ${edge}`, html: make("span", {}, text), iconSize: [60, 16] });
  return L.marker(place, { icon, interactive: false, keyboard: false });
}

function degrees(value, positive, negative) {
  const size = Math.abs(value);
  return `${Number(size.toFixed(3))}°${size < 1e-9 ? "" : ` ${value > 0 ? positive : negative}`}`;
}
