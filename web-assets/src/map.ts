// The map of a case. It draws what it is given and asks for the ground alone; a page keeps a table that says the same.
//
//   const map = await openMap(element, { bounds: [35, 32, 43, 38] });
//   map.setZones(geojson); map.setAreas(geojson); map.onSelect((picked) => ...);
//
// Uncertainty is an area or a ring, never a pin. Nothing is asked of anybody but our own service.
import type { Feature, FeatureCollection, Geometry, LineString, MultiPolygon, Polygon, Position } from "geojson";
import { type GeoJSONSource, Map as GlMap, type LngLatLike, type MapGeoJSONFeature, setWorkerUrl } from "maplibre-gl";
import { BulkLayer } from "./shared/bulk.ts";
import { BELOW_ZONES, hatch, INK, MAYBE, OPEN, styleOf } from "./shared/look.ts";

export type Bounds = [west: number, south: number, east: number, north: number];
/** Surely, undecided, not covered. */
export type Answer = 1 | 0 | -1;

/** What a zone says of itself, as `/api/v1/agreement/zones` has it; without `name` that of `names` in the page's language;
 * `look`: in force (also when it says nothing), as signed beneath a draft, a draft, another. */
export interface ZoneProps {
  id: string;
  name?: string;
  names?: Record<string, string>;
  look?: "inforce" | "ghost" | "draft" | "other";
}
/** What the area of a report says of itself; without `value` nothing was asked of it. */
export interface AreaProps {
  id: string;
  value?: Answer | null;
  name?: string;
}
/** What a line says of itself. */
export interface LineProps {
  id: string;
  name?: string;
  is_disputed?: boolean;
}
export type Zones = FeatureCollection<Polygon | MultiPolygon | null, ZoneProps>;
export type Areas = FeatureCollection<Polygon | MultiPolygon, AreaProps>;
export type Lines = FeatureCollection<LineString, LineProps>;

export interface Picked {
  layer: "zones" | "areas" | "lines";
  id: string;
}

export interface MapOptions {
  /** What is in view at first; without it the ground of the case is. */
  bounds?: Bounds;
  /** Language of names; without it that of the page. */
  lang?: string;
  /** As known then, for the ground; empty = now. */
  knownAt?: string;
  /** A wheel alone scrolls the page, one finger too; true unless it is said. */
  cooperative?: boolean;
}

export interface CaseMap {
  /** MapLibre itself, for whoever draws more. */
  readonly gl: GlMap;
  setZones(zones: Zones): void;
  setAreas(areas: Areas): void;
  setLines(lines: Lines): void;
  /** Many reports at once, as `/api/v1/assessments.columns` answers; gives what counts and filters them. */
  setPoints(columns: ArrayBuffer): BulkLayer;
  fit(bounds: Bounds, room?: number): void;
  /** Whenever something is picked, by pointer or by `select`; null = nothing is. Gives what ends it. */
  onSelect(told: (picked: Picked | null) => void): () => void;
  select(picked: Picked | null): void;
  /** Degrees to pixels within the element, and back. */
  project(at: Position): [x: number, y: number];
  unproject(x: number, y: number): [lon: number, lat: number];
  close(): void;
}

const WORKER = "map-worker.js";
const PICKABLE = ["areas-small", "areas-fill", "areas-open", "areas-outside", "lines", "zones-fill"];

/**
 * Open a map in an element. The words of its buttons are in the element's `data-` attributes (see `casemap.html.j2`).
 * Rejects where the browser has no WebGL 2: whatever the element held stays, and the page goes on without.
 */
export async function openMap(element: HTMLElement, options: MapOptions = {}): Promise<CaseMap> {
  const lang = options.lang ?? document.documentElement.lang;
  setWorkerUrl(new URL(WORKER, import.meta.url).href);
  const ground = await groundOf(options.knownAt ?? "");
  if (!document.createElement("canvas").getContext("webgl2")) throw new Error("no WebGL 2");
  const countries = ground.features.filter((one) => one.properties?.role === "country");
  const home = options.bounds ?? boundsOf(countries);
  const frame = document.createElement("div");
  frame.className = "casemap-canvas";
  const kept = [...element.childNodes];
  element.replaceChildren(frame);
  element.classList.add("is-open");
  const gl = new GlMap({
    container: frame,
    style: styleOf(lang),
    attributionControl: false,
    cooperativeGestures: options.cooperative ?? true,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    renderWorldCopies: false,
    fadeDuration: 0,
    maxZoom: 15,
    minZoom: 2,
    // What is printed is what is on the screen.
    canvasContextAttributes: { preserveDrawingBuffer: true, antialias: false },
    locale: wordsOf(element),
    ...(home ? { bounds: home, fitBoundsOptions: { padding: 24 } } : {}),
  });
  gl.touchZoomRotate.disableRotation();
  gl.keyboard.disableRotation();
  try {
    await new Promise<void>((done, failed) => {
      gl.once("style.load", () => done());
      gl.once("error", (said) => failed(said.error));
    });
  } catch (error) {
    gl.remove();
    element.classList.remove("is-open");
    element.replaceChildren(...kept);
    throw error;
  }
  gl.addImage(OPEN, hatch(INK.amber, 0.85), { pixelRatio: 2 });
  gl.addImage(MAYBE, hatch(INK.blue, 0.5), { pixelRatio: 2 });
  const made = new Opened(element, gl, {
    home,
    lang,
    countries: countries.map((one) => boundsOf([one])).filter((one) => one !== undefined),
  });
  made.put("ground", ground);
  element.append(buttons(element, made));
  return made;
}

class Opened implements CaseMap {
  readonly gl: GlMap;
  private readonly element: HTMLElement;
  private readonly home: Bounds | undefined;
  private readonly told = new Set<(picked: Picked | null) => void>();
  private readonly data: Record<string, FeatureCollection<Geometry | null>> = {};
  private picked: Picked | null = null;
  private middles: Feature[] = [];
  private bulk: BulkLayer | undefined;

  private readonly lang: string;
  private readonly countries: Bounds[];

  constructor(element: HTMLElement, gl: GlMap, given: { home: Bounds | undefined; lang: string; countries: Bounds[] }) {
    this.element = element;
    this.gl = gl;
    this.home = given.home;
    this.lang = given.lang;
    this.countries = given.countries;
    gl.on("click", (event) => this.select(this.at(event.point)));
    gl.on("mousemove", (event) => {
      gl.getCanvas().style.cursor = this.at(event.point) ? "pointer" : "";
    });
    gl.on("zoomend", () => this.circle());
  }

  setZones(zones: Zones): void {
    const shown = drawn(zones).filter((one) => !this.isWhole(one));
    for (const one of shown) one.properties.name ??= one.properties.names?.[this.lang] ?? one.properties.names?.en;
    this.put("zones", collection(shown));
    this.put("zones-middle", collection(shown.filter(isNamed).flatMap(middle)));
  }

  /** A zone that is a whole country is named beside the map; drawn, it would lie on everything. */
  private isWhole(zone: Feature<Geometry, ZoneProps>): boolean {
    if (zone.properties.look === "draft" || zone.properties.look === "ghost") return false;
    const box = boundsOf([zone]);
    return this.countries.some((one) => !!box && box.every((at, side) => Math.abs(at - one[side]!) < 0.02));
  }

  setAreas(areas: Areas): void {
    this.put("areas", areas);
    this.put("areas-ground", collection(distinct(areas.features)));
    this.middles = areas.features.flatMap(middle);
    this.circle();
  }

  setLines(lines: Lines): void {
    this.put("lines", lines);
  }

  setPoints(columns: ArrayBuffer): BulkLayer {
    if (this.bulk) this.gl.removeLayer(this.bulk.id);
    this.bulk = new BulkLayer(columns);
    this.gl.addLayer(this.bulk, BELOW_ZONES);
    return this.bulk;
  }

  fit(bounds: Bounds, room = 40): void {
    this.gl.fitBounds(bounds, { padding: room, maxZoom: 12, duration: 300 });
  }

  /** What was in view at first. */
  back(): void {
    if (this.home) this.fit(this.home, 24);
  }

  onSelect(told: (picked: Picked | null) => void): () => void {
    this.told.add(told);
    return () => this.told.delete(told);
  }

  select(picked: Picked | null): void {
    if (picked?.id === this.picked?.id && picked?.layer === this.picked?.layer) return;
    this.mark(false);
    this.picked = picked;
    this.mark(true);
    for (const told of this.told) told(picked);
  }

  project(at: Position): [number, number] {
    const { x, y } = this.gl.project([at[0]!, at[1]!] as LngLatLike);
    return [x, y];
  }

  unproject(x: number, y: number): [number, number] {
    const { lng, lat } = this.gl.unproject([x, y]);
    return [lng, lat];
  }

  close(): void {
    this.told.clear();
    this.gl.remove();
    this.element.classList.remove("is-open");
    this.element.replaceChildren();
  }

  put(name: string, data: FeatureCollection<Geometry | null>): void {
    this.data[name] = data;
    (this.gl.getSource(name) as GeoJSONSource | undefined)?.setData(data as FeatureCollection);
  }

  private mark(picked: boolean): void {
    if (this.picked) this.gl.setFeatureState({ source: this.picked.layer, id: this.picked.id }, { picked });
  }

  private at(point: { x: number; y: number }): Picked | null {
    const near: [[number, number], [number, number]] = [
      [point.x - 3, point.y - 3],
      [point.x + 3, point.y + 3],
    ];
    const found: MapGeoJSONFeature | undefined = this.gl.queryRenderedFeatures(near, { layers: PICKABLE })[0];
    if (!found) return null;
    const layer = found.source.split("-")[0] as Picked["layer"];
    return { layer, id: String(found.properties.id) };
  }

  /** Circles about the areas that are too small to be seen at this scale. */
  private circle(): void {
    const metres = (78271.5 * Math.cos((this.gl.getCenter().lat * Math.PI) / 180)) / 2 ** this.gl.getZoom();
    const small = this.middles.filter((one) => (one.properties!.across_m as number) < metres * 8);
    const before = this.data["areas-middle"];
    if (before?.features.length !== small.length || small.some((one, at) => one !== before.features[at])) {
      this.put("areas-middle", collection(small));
    }
  }
}

async function groundOf(knownAt: string): Promise<FeatureCollection> {
  const asked = knownAt ? `?known_at=${encodeURIComponent(knownAt)}` : "";
  const answered = await fetch(`/api/v1/agreement/ground${asked}`);
  if (!answered.ok) throw new Error(`the ground is not there: ${answered.status}`);
  return (await answered.json()) as FeatureCollection;
}

function collection<G extends Geometry | null>(features: Feature<G>[]): FeatureCollection<G> {
  return { type: "FeatureCollection", features };
}

/** Zones whose map was never published are in no drawing. */
function drawn(zones: Zones): Feature<Polygon | MultiPolygon, ZoneProps>[] {
  return zones.features.filter((one): one is Feature<Polygon | MultiPolygon, ZoneProps> => !!one.geometry);
}

function isNamed(one: Feature<Geometry | null, ZoneProps>): boolean {
  return !!one.properties.name && one.properties.look !== "ghost";
}

/** Shapes that are drawn once: hatches on one another would tell of more than one of them does. */
function distinct(areas: Areas["features"]): Areas["features"] {
  const seen = new Map<string, Areas["features"][number]>();
  for (const one of areas) {
    const key = `${one.properties.value} ${JSON.stringify(one.geometry.coordinates)}`;
    if (!seen.has(key)) seen.set(key, one);
  }
  return [...seen.values()];
}

/** The middle of the largest ring of a shape, with what the shape says of itself and how many metres it is across. */
function middle(one: Feature<Geometry | null>): Feature[] {
  if (!one.geometry) return [];
  const box = boundsOf([one as Feature]);
  if (!box) return [];
  const [west, south, east, north] = box;
  const lat = (south + north) / 2;
  const across_m = Math.max((north - south) * 111_320, (east - west) * 111_320 * Math.cos((lat * Math.PI) / 180));
  const geometry = { type: "Point" as const, coordinates: [(west + east) / 2, lat] };
  return [{ type: "Feature", geometry, properties: { ...one.properties, across_m } }];
}

/** The box about some features; undefined = none of them has a place. */
export function boundsOf(features: Feature<Geometry | null>[]): Bounds | undefined {
  const box: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  const walk = (at: unknown): void => {
    if (!Array.isArray(at)) return;
    if (typeof at[0] === "number") {
      const [lon, lat] = at as [number, number];
      box[0] = Math.min(box[0], lon);
      box[1] = Math.min(box[1], lat);
      box[2] = Math.max(box[2], lon);
      box[3] = Math.max(box[3], lat);
    } else at.forEach(walk);
  };
  for (const one of features) if (one.geometry && "coordinates" in one.geometry) walk(one.geometry.coordinates);
  return Number.isFinite(box[0]) ? box : undefined;
}

function wordsOf(element: HTMLElement): Record<string, string> {
  const said = element.dataset;
  return {
    "Map.Title": said.label ?? "",
    "CooperativeGesturesHandler.WindowsHelpText": said.wheel ?? "",
    "CooperativeGesturesHandler.MacHelpText": said.wheel ?? "",
    "CooperativeGesturesHandler.MobileHelpText": said.fingers ?? "",
  };
}

/** Buttons of 44 px, with words for who hears them. */
function buttons(element: HTMLElement, map: Opened): HTMLElement {
  const box = document.createElement("div");
  box.className = "casemap-buttons";
  const made: [string, string, () => void][] = [
    ["+", element.dataset.closer ?? "", () => map.gl.zoomIn()],
    ["−", element.dataset.farther ?? "", () => map.gl.zoomOut()],
    ["⌂", element.dataset.whole ?? "", () => map.back()],
  ];
  for (const [sign, word, press] of made) {
    const one = document.createElement("button");
    one.type = "button";
    one.title = word;
    one.setAttribute("aria-label", word);
    one.textContent = sign;
    one.addEventListener("click", press);
    box.append(one);
  }
  return box;
}
