// What is GeoJSON, and where its features are (RFC 7946).

const GEOMETRIES = ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"];

export function isGeojson(value) {
  if (value === null || typeof value !== "object") return false;
  switch (value.type) {
    case "FeatureCollection":
      return Array.isArray(value.features);
    case "Feature":
      return "geometry" in value;
    case "GeometryCollection":
      return Array.isArray(value.geometries);
    default:
      return GEOMETRIES.includes(value.type) && Array.isArray(value.coordinates);
  }
}

export function featuresOf(geojson) {
  if (geojson.type === "FeatureCollection") return geojson.features;
  return [geojson.type === "Feature" ? geojson : { type: "Feature", geometry: geojson, properties: null }];
}

/** Whether a geometry can be drawn: it has places, in degrees. */
export function isOnEarth(geometry) {
  if (!isGeojson(geometry)) return false;
  const { geometries, coordinates } = geometry;
  return geometries ? geometries.length > 0 && geometries.every(isOnEarth) : hasPlaces(coordinates);
}

function hasPlaces(coordinates) {
  if (!Array.isArray(coordinates) || !coordinates.length) return false;
  const [first, second] = coordinates;
  if (typeof first !== "number") return coordinates.every(hasPlaces);
  return Number.isFinite(second) && Math.abs(first) <= 360 && Math.abs(second) <= 90;
}
