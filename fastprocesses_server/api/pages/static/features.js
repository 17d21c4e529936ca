// The properties of a feature on a map: in a popup, where it is clicked, or reached with the buttons below the map.

import { count, make, quoted, shortened } from "./elements.js";

const MOST_PROPERTIES = 50;
const MOST_SAID = 8;

export const hasProperties = ({ properties }) => Object.keys(properties ?? {}).length > 0;

export function bindProperties(layer, feature) {
  return layer.bindPopup(() => propertiesOf(feature), { maxHeight: 240 });
}

function propertiesOf({ properties }) {
  const rows = membersOf(properties, MOST_PROPERTIES).map(([name, text]) =>
    make("tr", {}, make("th", { scope: "row" }, quoted(name)), make("td", {}, make("bdi", {}, shortened(text, 1000)))),
  );
  return rows.length ? make("table", { class: "properties" }, ...rows) : make("p", {}, "No properties.");
}

function membersOf(properties, most) {
  const members = Object.entries(properties ?? {}).slice(0, most);
  return members.map(([name, value]) => [name, value !== null && typeof value === "object" ? JSON.stringify(value) : value]);
}

/** Buttons that go from one feature to the next, and what is said of each to those who do not see the map. */
export function stepper(map, layers, style) {
  let at = -1;
  const place = make("span", {}, `${count(layers.length)} ${layers.length === 1 ? "feature" : "features"}`);
  const said = make("span", { class: "unseen" });
  const go = (by) => layers.at((at < 0 && by < 0 ? by : at + by) % layers.length).openPopup();
  const bar = make(
    "div",
    { class: "steps", role: "group", "aria-label": "Features, one by one" },
    button("←", "Previous feature", () => go(-1)),
    button("→", "Next feature", () => go(1)),
    make("span", { role: "status" }, place, said),
  );
  layers.forEach((layer, number) => {
    layer.on("popupopen", () => {
      at = number;
      layer.setStyle({ weight: 5 });
      place.textContent = `Feature ${count(number + 1)} of ${count(layers.length)}`;
      said.replaceChildren(": ", shortened(wordsOf(layer), 1000));
    });
    layer.on("popupclose", () => layer.setStyle(style));
  });
  bar.addEventListener("keydown", ({ key }) => key === "Escape" && map.closePopup());
  return bar;
}

function button(sign, label, onClick) {
  const made = make("button", { type: "button", "aria-label": label, title: label }, sign);
  made.addEventListener("click", onClick);
  return made;
}

/** Of the feature of a layer, which holds it as what Leaflet made of it. */
function wordsOf(layer) {
  const [{ feature }] = layer.getLayers();
  const members = membersOf(feature.properties, MOST_SAID);
  return members.length ? members.map(([name, text]) => `${name} ${shortened(text, 100)}`).join(", ") : "no properties";
}
