// What a map of a case looks like: the same inks as the pages. No red, no green, nobody's colour of guilt.
import type { ExpressionSpecification, FilterSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";

export const INK = {
  ink: "#17212e",
  soft: "#4b5665",
  paper: "#ffffff",
  sea: "#dfe7ee",
  far: "#f4f3f0",
  land: "#f4f3f0",
  own: "#fdfcfa",
  edge: "#d3d3cd",
  border: "#8d96a3",
  blue: "#0b5a94",
  orange: "#a8430f",
  amber: "#d08a00",
  amberDeep: "#8a5a00",
  grey: "#6b7683",
};

/** Names of our own files, drawn with the fonts of the page. */
const FACE = ["Noto Sans", "Noto Sans Arabic", "sans-serif"];
export const OPEN = "hatch-open";
export const MAYBE = "hatch-maybe";

const EMPTY = { type: "FeatureCollection" as const, features: [] };
const is = (role: string): ExpressionSpecification => ["==", ["get", "role"], role];

/** The smaller the scale, the larger a town has to be to be named. */
const LARGE: ExpressionSpecification = ["<=", ["get", "rank"], ["step", ["zoom"], 9, 6, 18, 7, 40, 8, 90, 9, 400]];

/** Where layers of others go: beneath the outlines of zones, so that no event hides a line of the agreement. */
export const BELOW_ZONES = "zones-line-casing";

export function styleOf(lang: string): StyleSpecification {
  const named = ["coalesce", ["get", lang, ["get", "names"]], ["get", "en", ["get", "names"]], ""];
  const halo = { "text-halo-color": "rgba(255,255,255,0.9)", "text-halo-width": 1.4 };
  const layers: LayerSpecification[] = [
    { id: "sea", type: "background", paint: { "background-color": INK.sea } },
    fill("far", INK.far),
    fill("window", INK.sea),
    fill("land", INK.land),
    fill("country", INK.own),
    stroke("edge", { "line-color": INK.edge, "line-width": grows(0.6, 1.4) }),
    {
      ...stroke("border", { "line-color": INK.border, "line-width": grows(1, 2.2) }),
      filter: ["all", is("border"), ["!", ["get", "disputed"]]],
    } as LayerSpecification,
    {
      ...stroke("border", { "line-color": INK.border, "line-width": grows(1, 2.2), "line-dasharray": [3, 2.5] }),
      id: "disputed",
      filter: ["all", is("border"), ["get", "disputed"]],
    } as LayerSpecification,
    // -- zones: their ground
    {
      id: "zones-fill",
      type: "fill",
      source: "zones",
      filter: ["!=", ["get", "look"], "ghost"],
      paint: {
        "fill-color": INK.blue,
        "fill-opacity": ["match", ["get", "look"], "draft", 0.14, "other", 0.05, 0.1],
      },
    },
    // -- areas of reports
    {
      id: "areas-fill",
      type: "fill",
      source: "areas-ground",
      filter: ["all", ["!=", ["coalesce", ["get", "value"], 2], 0], ["!=", ["coalesce", ["get", "value"], 2], -1]],
      paint: { "fill-color": INK.orange, "fill-opacity": 0.24 },
    },
    {
      id: "areas-open",
      type: "fill",
      source: "areas-ground",
      filter: ["==", ["get", "value"], 0],
      paint: { "fill-pattern": OPEN },
    },
    {
      id: "areas-line",
      type: "line",
      source: "areas",
      filter: ["!=", ["coalesce", ["get", "value"], 2], -1],
      paint: {
        "line-color": ["match", ["coalesce", ["get", "value"], 2], 0, INK.amberDeep, INK.orange],
        "line-width": ["case", ["boolean", ["feature-state", "picked"], false], 3.5, 1.4],
      },
    },
    {
      id: "areas-outside",
      type: "line",
      source: "areas",
      filter: ["==", ["get", "value"], -1],
      layout: { "line-cap": "round" },
      paint: {
        "line-color": INK.grey,
        "line-width": ["case", ["boolean", ["feature-state", "picked"], false], 3.5, 1.8],
        "line-dasharray": [0.1, 2.2],
      },
    },
    // An area too small for the scale gets a thin circle about it: it is there, and it is no point.
    {
      id: "areas-small",
      type: "circle",
      source: "areas-middle",
      paint: {
        "circle-color": INK.paper,
        "circle-opacity": 0.01,
        "circle-radius": 5.5,
        "circle-stroke-width": 1.4,
        "circle-stroke-color": ["match", ["coalesce", ["get", "value"], 2], 0, INK.amberDeep, -1, INK.grey, INK.orange],
      },
    },
    // -- zones: their outlines
    {
      id: BELOW_ZONES,
      type: "line",
      source: "zones",
      filter: ["!", ["in", ["get", "look"], ["literal", ["ghost", "other"]]]],
      paint: { "line-color": "#ffffff", "line-width": grows(3.5, 6), "line-opacity": 0.75 },
    },
    {
      id: "zones-line",
      type: "line",
      source: "zones",
      filter: ["!=", ["get", "look"], "ghost"],
      layout: { "line-join": "round" },
      paint: {
        "line-color": INK.blue,
        "line-width": [
          "case",
          ["boolean", ["feature-state", "picked"], false],
          4,
          ["match", ["get", "look"], "draft", 2.6, "other", 1, 2],
        ],
      },
    },
    {
      id: "zones-ghost",
      type: "line",
      source: "zones",
      filter: ["==", ["get", "look"], "ghost"],
      paint: { "line-color": INK.blue, "line-width": 1.6, "line-opacity": 0.75, "line-dasharray": [2, 2] },
    },
    {
      id: "lines",
      type: "line",
      source: "lines",
      filter: ["!", ["boolean", ["get", "is_disputed"], false]],
      layout: { "line-join": "round", "line-cap": "round" },
      paint: { "line-color": INK.blue, "line-width": grows(1.8, 4), "line-opacity": 0.85 },
    },
    {
      id: "lines-disputed",
      type: "line",
      source: "lines",
      filter: ["boolean", ["get", "is_disputed"], false],
      paint: { "line-color": INK.blue, "line-width": grows(1.8, 4), "line-dasharray": [2.5, 2] },
    },
    // -- names
    label("unit-names", "ground", is("unit-name"), {
      layout: { "text-field": named, "text-size": 11, "text-letter-spacing": spaced(lang, 0.06), "text-max-width": 7 },
      paint: { "text-color": "#8a8f97", ...halo },
      maxzoom: 8.5,
      minzoom: 5.6,
    }),
    label("country-names", "ground", is("country-name"), {
      layout: { "text-field": named, "text-size": 13, "text-letter-spacing": spaced(lang, 0.14) },
      paint: { "text-color": "#6f7782", ...halo },
      maxzoom: 7.5,
    }),
    {
      id: "town-dots",
      type: "circle",
      source: "ground",
      filter: ["all", is("town"), LARGE],
      paint: {
        "circle-radius": 1.8,
        "circle-color": INK.paper,
        "circle-stroke-color": "#555d68",
        "circle-stroke-width": 1,
      },
    },
    label("town-names", "ground", ["all", is("town"), LARGE], {
      layout: {
        "text-field": named,
        "text-size": ["interpolate", ["linear"], ["zoom"], 5, 10.5, 9, 13],
        "text-variable-anchor": ["top", "bottom", "left", "right"],
        "text-radial-offset": 0.45,
        "symbol-sort-key": ["get", "rank"],
      },
      paint: { "text-color": INK.soft, ...halo },
    }),
    label("line-names", "lines", ["has", "name"], {
      layout: { "symbol-placement": "line", "text-field": ["get", "name"], "text-size": 12, "symbol-spacing": 400 },
      paint: { "text-color": INK.blue, ...halo },
      minzoom: 9,
    }),
    label("zone-names", "zones-middle", ["has", "name"], {
      layout: { "text-field": ["get", "name"], "text-size": 12.5, "text-max-width": 9, "symbol-sort-key": -1 },
      minzoom: 6.6,
      paint: { "text-color": INK.blue, "text-halo-color": "#ffffff", "text-halo-width": 1.8 },
    }),
  ];
  return {
    version: 8,
    sources: {
      ground: { type: "geojson", data: EMPTY },
      zones: { type: "geojson", data: EMPTY, promoteId: "id" },
      "zones-middle": { type: "geojson", data: EMPTY },
      areas: { type: "geojson", data: EMPTY, promoteId: "id" },
      "areas-ground": { type: "geojson", data: EMPTY, promoteId: "id" },
      "areas-middle": { type: "geojson", data: EMPTY },
      lines: { type: "geojson", data: EMPTY, promoteId: "id" },
    },
    layers,
  };
}

function fill(role: string, color: string): LayerSpecification {
  const paint = { "fill-color": color, "fill-antialias": role !== "window" };
  return { id: `ground-${role}`, type: "fill", source: "ground", filter: is(role), paint };
}

function stroke(role: string, paint: object): LayerSpecification {
  const layout = { "line-join": "round" };
  return {
    id: `ground-${role}`,
    type: "line",
    source: "ground",
    filter: is(role),
    layout,
    paint,
  } as LayerSpecification;
}

function label(id: string, source: string, filter: FilterSpecification, given: object): LayerSpecification {
  const { layout, ...rest } = given as { layout: object };
  return {
    id,
    type: "symbol",
    source,
    filter,
    layout: { "text-font": FACE, "text-padding": 3, ...layout },
    ...rest,
  } as LayerSpecification;
}

/** Arabic letters join: they are never spaced. */
function spaced(lang: string, em: number): number {
  return lang === "ar" ? 0 : em;
}

function grows(from: number, to: number): ExpressionSpecification {
  return ["interpolate", ["linear"], ["zoom"], 5, from, 11, to];
}

/** A hatch as an image of the map: thin slanted lines, the same at every zoom. */
export function hatch(color: string, opacity: number): { width: number; height: number; data: Uint8ClampedArray } {
  const size = 16;
  const data = new Uint8ClampedArray(size * size * 4);
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)) as [number, number, number];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const away = Math.abs(((x + y) % 8) - 3.5);
      const alpha = away < 1 ? 1 : away < 2 ? 0.45 : 0;
      data.set([r, g, b, Math.round(255 * Math.max(alpha * opacity, 0.1))], (y * size + x) * 4);
    }
  }
  return { width: size, height: size, data };
}
