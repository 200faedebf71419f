// The zone of a what-if under the hand: corners are dragged, the service counts, the figures of the page follow.
//
// The page is whole without this: corners stand in a table and are sent with the form. Here they can be moved by mouse,
// touch or keyboard, over the map or, without WebGL, over the drawing of the page. One request is under way at a time;
// what was drawn meanwhile is asked next. What is drawn is kept behind the `#` of the address, which no service is told.
import type { CaseMap } from "./map.ts";
import { Bars, type Months } from "./shared/bars.ts";
import { type At, between, degrees, nearOn, rounded, stepOf } from "./shared/corners.ts";

interface Page {
  zone: string;
  signed: At[][][];
  start: At[];
  ring: At[];
  isMoved: boolean;
  isSimpler: boolean;
  lang: string;
  knownAt: string;
  frame: [west: number, south: number, east: number, north: number, width: number, height: number] | null;
  others: { id: string; name: string; polygons: At[][][] }[];
  places: Place[];
  placesOf: string;
  values: number[];
}
type Place = [lon: number, lat: number, metres: number, n: number];
interface Pair {
  before: number | null;
  after: number | null;
}
interface Columns {
  names: string[];
  surely: { before: number[]; after: number[] };
  possibly: { before: number[]; after: number[] };
}
interface Told {
  observations: number;
  inside: Record<"surely" | "possibly" | "outside", Pair>;
  area_km2: Pair;
  by_month: Columns;
  by_act: Columns;
  by_side: Columns;
  places?: number[];
  places_of?: string;
  spots?: Place[];
}
/** What lies below the hand: degrees to pixels of the figure, and back. */
interface Ground {
  to(at: At): At;
  from(x: number, y: number): At;
}

const SVG = "http://www.w3.org/2000/svg";
const REST_MS = 350;
const PATIENCE_MS = 8000;
const CALM_MS = 120;
/** Outside, undecided, inside: in the colours of the pages. */
const LOOKS: [number, { fill: string; line: string }][] = [
  [-1, { fill: "#6b768308", line: "#6b7683" }],
  [0, { fill: "#d08a0026", line: "#a86d00" }],
  [1, { fill: "#a8430f33", line: "#8a3509" }],
];
const FIELDS = ["from", "until", "ceiling_m", "act"] as const;

function element<K extends keyof SVGElementTagNameMap>(
  name: K,
  given: Record<string, string | number> = {},
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(given)) made.setAttribute(key, String(value));
  return made;
}

function by<T extends Element = HTMLElement>(id: string): T {
  return document.getElementById(id) as unknown as T;
}

class Hand {
  private ring: At[];
  private isMoved: boolean;
  private ground: Ground;
  private readonly figure = by("wi-map");
  private readonly form = by<HTMLFormElement>("wi-form");
  private readonly hand = element("svg", { class: "wi-hand" });
  private readonly spots = document.createElement("canvas");
  private readonly signed = element("path", { class: "signed" });
  private readonly over = element("path", { class: "over" });
  private readonly draft = element("path", { class: "draft" });
  private readonly lit = element("path", { class: "line-lit" });
  private readonly lines = element("g");
  private readonly corners = element("g");
  private readonly bars = new Bars(by<SVGSVGElement>("wi-bars"), (n) => this.number(n));
  private values: number[];
  private held = -1;
  private map: CaseMap | undefined;
  private frameAsked = false;
  private spotsAsked = false;
  private size: At = [1, 1];
  /** The service tells of other places than are drawn here: reports have come in since. */
  private isOther = false;
  /** Where the figure stands in the window, while it does: to ask for it makes the browser lay the page out. */
  private box: DOMRect | undefined;
  private calming: ReturnType<typeof setTimeout> | undefined;
  private told: Told | undefined;
  private resting: ReturnType<typeof setTimeout> | undefined;
  private saying: ReturnType<typeof setTimeout> | undefined;
  private asking = false;
  private wanted: { since: number } | null = null;
  private retry = 0;
  private isLost = false;
  private spoken = "";
  private detail: AbortController | undefined;

  constructor(private readonly page: Page) {
    this.ring = open(page.ring.length ? page.ring : page.start);
    this.isMoved = page.isMoved;
    this.values = page.values;
    this.ground = this.paper();
  }

  begin(): void {
    if (!this.page.frame) return;
    const below = document.createElement("div");
    below.className = "wi-ground";
    below.append(...this.figure.childNodes);
    this.spots.className = "wi-spots";
    this.figure.append(below, this.spots, this.hand);
    this.figure.classList.add("live");
    this.measure();
    below.querySelectorAll(".was, .supposed, .under, .locate").forEach((one) => void one.remove());
    this.hand.append(this.signed, this.over, this.draft, this.lit, this.lines, this.corners);
    by("wi-hint").hidden = false;
    by("wi-link").hidden = false;
    this.listen();
    this.read();
    this.build();
    new ResizeObserver(() => {
      this.measure();
      this.view();
    }).observe(this.figure);
    void this.open(below);
  }

  // -- the ground ------------------------------------------------------------------------------------------------

  /** The drawing of the page as ground: it fits into the figure, in the middle. */
  private paper(): Ground {
    const [west, south, east, north, width, height] = this.page.frame ?? [0, 0, 1, 1, 1, 1];
    const fit = (): [scale: number, x: number, y: number] => {
      const [w, h] = this.size;
      const scale = Math.min(w / width, h / height) || 1;
      return [scale, (w - scale * width) / 2, (h - scale * height) / 2];
    };
    return {
      to: ([lon, lat]) => {
        const [scale, x, y] = fit();
        return [
          x + ((lon - west) / (east - west)) * width * scale,
          y + ((north - lat) / (north - south)) * height * scale,
        ];
      },
      from: (px, py) => {
        const [scale, x, y] = fit();
        return [
          west + ((px - x) / scale / width) * (east - west),
          north - ((py - y) / scale / height) * (north - south),
        ];
      },
    };
  }

  /** The map in the place of the drawing, where the browser can draw one. */
  private async open(below: HTMLElement): Promise<void> {
    try {
      const { openMap } = await import("./map.ts");
      const [west, south, east, north] = this.page.frame!;
      const place = document.createElement("div");
      place.className = "casemap";
      Object.assign(place.dataset, this.figure.dataset);
      const before = [...below.childNodes];
      below.replaceChildren(place);
      try {
        this.map = await openMap(place, {
          bounds: [west, south, east, north],
          lang: this.page.lang,
          knownAt: this.page.knownAt,
          cooperative: true,
        });
      } catch (error) {
        below.replaceChildren(...before);
        throw error;
      }
      const map = this.map;
      map.setZones({
        type: "FeatureCollection",
        features: this.page.others.map((one) => ({
          type: "Feature",
          properties: { id: one.id, name: one.name, look: "other" },
          geometry: { type: "MultiPolygon", coordinates: one.polygons },
        })),
      });
      this.ground = { to: (at) => map.project(at), from: (x, y) => map.unproject(x, y) };
      map.gl.on("move", () => this.view());
      map.gl.on("resize", () => this.view());
      this.view();
      await new Promise<void>((done) => void map.gl.once("idle", () => done()));
    } catch {
      // No WebGL: the drawing of the page stays the ground.
    }
    this.figure.dataset.ready = this.map ? "map" : "drawing";
  }

  // -- drawing ---------------------------------------------------------------------------------------------------

  /** Corners and lines anew: there are more or fewer of them. */
  private build(): void {
    this.corners.replaceChildren(
      ...this.ring.map((_, i) => {
        const made = element("g", { class: "corner", tabindex: 0, role: "button", "data-corner": i });
        made.append(element("circle", { class: "hit", r: 22 }), element("circle", { class: "ring", r: 15 }));
        made.append(element("circle", { class: "dot", r: 8 }));
        const label = element("text", { y: -13 });
        label.textContent = String(i + 1);
        made.append(label);
        return made;
      }),
    );
    this.lines.replaceChildren(...this.ring.map((_, i) => element("path", { class: "line-hit", "data-edge": i })));
    this.view();
  }

  private measure(): void {
    const { clientWidth: wide, clientHeight: high } = this.figure;
    const dense = window.devicePixelRatio || 1;
    this.size = [wide, high];
    this.box = undefined;
    this.spots.width = wide * dense;
    this.spots.height = high * dense;
  }

  /** All of it anew: the ground below has moved. */
  private view(): void {
    this.signed.setAttribute(
      "d",
      this.page.signed
        .flat()
        .map((ring) => `M${ring.map((at) => said(this.ground.to(at))).join("L")}Z`)
        .join(""),
    );
    this.mark();
    this.frame();
  }

  private frame(): void {
    if (this.frameAsked) return;
    this.frameAsked = true;
    requestAnimationFrame(() => {
      this.frameAsked = false;
      this.draw();
    });
  }

  private draw(): void {
    const points = this.ring.map((at) => this.ground.to(at));
    const path = `M${points.map(said).join("L")}Z`;
    put(this.draft, "d", path);
    put(this.over, "d", path);
    points.forEach(([x, y], i) => {
      const corner = this.corners.children[i]!;
      put(corner, "transform", `translate(${x.toFixed(1)},${y.toFixed(1)})`);
      put(corner, "aria-label", `${this.word("corner", i + 1)}: ${degrees(this.ring[i]!)}`);
      corner.classList.toggle("held", i === this.held);
      const next = points[(i + 1) % points.length]!;
      put(this.lines.children[i]!, "d", `M${said([x, y])}L${said(next)}`);
    });
  }

  private mark(): void {
    if (this.spotsAsked || !this.page.places.length) return;
    this.spotsAsked = true;
    requestAnimationFrame(() => {
      this.spotsAsked = false;
      this.spot();
    });
  }

  /** Where reports are shown, as areas of their true size, by how they lie to the draft. */
  private spot(): void {
    const paint = this.spots.getContext("2d");
    if (!paint) return;
    const dense = window.devicePixelRatio || 1;
    paint.setTransform(dense, 0, 0, dense, 0, 0);
    paint.clearRect(0, 0, ...this.size);
    const [lon0, lat0] = this.page.places[0]!;
    const scale = Math.abs(this.ground.to([lon0, lat0 + 0.1])[1] - this.ground.to([lon0, lat0])[1]) / 11_132;
    for (const [value, look] of LOOKS) {
      const path = new Path2D();
      this.page.places.forEach(([lon, lat, metres], i) => {
        if ((this.values[i] ?? -1) !== value) return;
        const [x, y] = this.ground.to([lon, lat]);
        const reach = Math.max(3, metres * scale);
        path.moveTo(x + reach, y);
        path.arc(x, y, reach, 0, 2 * Math.PI);
      });
      paint.fillStyle = look.fill;
      paint.fill(path);
      paint.strokeStyle = look.line;
      paint.lineWidth = value < 0 ? 0.8 : 1.2;
      paint.setLineDash(value > 0 ? [] : value < 0 ? [2, 2] : [4, 3]);
      paint.stroke(path);
    }
  }

  // -- the hand --------------------------------------------------------------------------------------------------

  private listen(): void {
    this.hand.addEventListener("pointerdown", (event) => this.take(event));
    // Whoever puts a finger on a corner wants it, and not the page, to move.
    this.hand.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    // Where a browser tells of a move before the next frame is due, its answer is asked for as much sooner.
    for (const moved of ["pointerrawupdate", "pointermove"] as const) {
      this.hand.addEventListener(moved, (event) => this.drag(event as PointerEvent));
    }
    window.addEventListener("scroll", () => (this.box = undefined), { capture: true, passive: true });
    for (const end of ["pointerup", "pointercancel"] as const) {
      this.hand.addEventListener(end, () => this.let());
    }
    this.hand.addEventListener("keydown", (event) => this.key(event));
    this.hand.addEventListener("focusin", (event) => this.say(this.cornerOf(event.target)));
    const detail = by("wi-detail");
    detail.addEventListener("pointerover", (event) => this.light(lineOf(event.target)));
    detail.addEventListener("pointerleave", () => this.light(-1));
    document.addEventListener("change", (event) => {
      const input = event.target as HTMLInputElement;
      if (input.form === this.form) this.typed(input);
    });
    this.form.addEventListener("submit", (event) => this.sent(event));
    by("wi-link").addEventListener("click", () => void this.link());
    window.addEventListener("online", () => this.ask(performance.now()));
    window.addEventListener("hashchange", () => this.read());
  }

  private take(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.box = undefined;
    let i = this.cornerOf(event.target);
    const edge = Number((event.target as Element).closest?.("[data-edge]")?.getAttribute("data-edge") ?? -1);
    if (i < 0 && edge >= 0) {
      const at = this.at(event);
      this.ring.splice(edge + 1, 0, rounded(nearOn(this.ring[edge]!, this.ring[(edge + 1) % this.ring.length]!, at)));
      this.build();
      i = edge + 1;
    }
    if (i < 0) return;
    event.preventDefault();
    event.stopPropagation();
    this.held = i;
    this.hand.setPointerCapture(event.pointerId);
    (this.corners.children[i] as SVGElement).focus({ preventScroll: true });
    this.frame();
  }

  private drag(event: PointerEvent): void {
    if (this.held < 0) return;
    event.preventDefault();
    const at = rounded(this.at(event));
    const [lon, lat] = this.ring[this.held]!;
    if (at[0] === lon && at[1] === lat) return;
    this.ring[this.held] = at;
    this.changed(event.timeStamp);
  }

  private let(): void {
    if (this.held < 0) return;
    this.say(this.held);
    this.held = -1;
    this.frame();
    this.rest();
  }

  private at(event: PointerEvent): At {
    const box = (this.box ??= this.hand.getBoundingClientRect());
    return this.ground.from(event.clientX - box.left, event.clientY - box.top);
  }

  private cornerOf(target: EventTarget | null): number {
    return Number((target as Element | null)?.closest?.("[data-corner]")?.getAttribute("data-corner") ?? -1);
  }

  private key(event: KeyboardEvent): void {
    const i = this.cornerOf(event.target);
    if (i < 0) return;
    const turns: Record<string, At> = {
      ArrowUp: [0, 1],
      ArrowDown: [0, -1],
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
    };
    const turn = turns[event.key];
    if (turn) {
      const metres = this.step() * (event.shiftKey ? 10 : 1);
      const [lon, lat] = this.ring[i]!;
      const across = 111_320 * Math.cos((lat * Math.PI) / 180);
      this.ring[i] = rounded([lon + (turn[0] * metres) / across, lat + (turn[1] * metres) / 111_320]);
      this.say(i);
    } else if (event.key === "Enter") {
      this.ring.splice(i + 1, 0, rounded(between(this.ring[i]!, this.ring[(i + 1) % this.ring.length]!)));
      this.build();
      (this.corners.children[i + 1] as SVGElement).focus();
      this.tell(this.word("added", i + 2));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      if (this.ring.length <= 3) {
        this.tell(this.word("three"));
        event.preventDefault();
        return;
      }
      this.ring.splice(i, 1);
      this.build();
      (this.corners.children[Math.min(i, this.ring.length - 1)] as SVGElement).focus();
      this.tell(this.word("removed", i + 1));
    } else return;
    event.preventDefault();
    event.stopPropagation();
    this.changed(event.timeStamp);
  }

  /** How far an arrow moves a corner, in metres: about two pixels. */
  private step(): number {
    const [, a] = this.ground.from(0, 0);
    const [, b] = this.ground.from(0, 2);
    return stepOf(Math.abs(a - b) * 111_320);
  }

  private light(line: number): void {
    const path = line > 0 ? this.lines.children[line - 1]?.getAttribute("d") : "";
    this.lit.setAttribute("d", path ?? "");
  }

  // -- what changes ----------------------------------------------------------------------------------------------

  private changed(since: number, isMoved = true): void {
    this.isMoved = isMoved;
    this.frame();
    this.ask(since);
    this.rest();
  }

  /** Something was typed: a corner, a time, a ceiling, an act. */
  private typed(input: HTMLInputElement): void {
    if (input.name === "corner") void this.settle("count", true);
    else if ((FIELDS as readonly string[]).includes(input.name)) {
      this.ask(performance.now());
      this.rest();
    }
  }

  private body(): string {
    const made: Record<string, unknown> = { zone: this.page.zone };
    for (const name of FIELDS) {
      const value = this.field(name).value.trim();
      if (value) made[name] = name === "ceiling_m" ? Number(value) : value;
    }
    if (this.isMoved || !this.page.zone) {
      made.geometry = { type: "Polygon", coordinates: [[...this.ring, this.ring[0]]] };
    }
    if (this.isOther) made.spots = true;
    return JSON.stringify(made);
  }

  private field(name: string): HTMLInputElement | HTMLSelectElement {
    return this.form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
  }

  // -- asking ----------------------------------------------------------------------------------------------------

  private ask(since: number): void {
    this.wanted = { since };
    if (!this.asking) void this.answer();
  }

  /** One request at a time, and after it the newest drawing, until nothing is left to ask or to show.
   *
   * An answer is shown once the next is asked for: the service counts meanwhile.
   */
  private async answer(): Promise<void> {
    this.asking = true;
    let come: { told: Told; since: number } | undefined;
    while (this.wanted || come) {
      const since = this.wanted?.since;
      this.wanted = null;
      const asked = since === undefined ? undefined : this.moved();
      if (come) this.counted(come.told, come.since);
      come = undefined;
      if (since === undefined || !asked) continue;
      let wait = 0;
      try {
        const got = await asked;
        if (got.ok) {
          come = { told: (await got.json()) as Told, since };
          continue;
        }
        wait = await this.refused(got);
      } catch {
        this.isLost = true;
        this.state(this.word("lost"), "trouble");
        wait = Math.min(4000, 500 * 2 ** this.retry++);
      }
      if (wait) {
        this.wanted ??= { since };
        await new Promise((done) => setTimeout(done, wait));
      }
    }
    this.asking = false;
  }

  private moved(): Promise<Response> {
    return fetch(this.address("/api/v1/what-if/moved"), {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Truceline-CSRF": csrf() },
      body: this.body(),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  }

  private counted(told: Told, since: number): void {
    this.paint(told);
    this.well();
    document.dispatchEvent(new CustomEvent("whatif:counted", { detail: { since } }));
  }

  /** Why an answer was none; milliseconds after which it is asked again, 0 = not before something changes. */
  private async refused(got: Response): Promise<number> {
    if (got.status === 429) {
      this.state(this.word("limit"), "trouble");
      return 1000 * Number(got.headers.get("Retry-After") ?? 1);
    }
    if ([401, 403, 404].includes(got.status)) {
      this.state(this.word("signedOut"), "trouble");
      return 0;
    }
    if (got.status >= 500) {
      this.isLost = true;
      this.state(this.word("lost"), "trouble");
      return Math.min(4000, 500 * 2 ** this.retry++);
    }
    const told = (await got.json().catch(() => ({}))) as { detail?: string };
    this.hand.classList.add("crossed");
    document.body.classList.add("wi-stale");
    this.state(this.why(told.detail ?? ""), "trouble");
    return 0;
  }

  private why(detail: string): string {
    if (detail.includes("crosses itself")) return this.word("crossed");
    return this.word("refused").replace("{why}", `\u2068${detail}\u2069`);
  }

  private well(): void {
    this.retry = 0;
    this.hand.classList.remove("crossed");
    document.body.classList.remove("wi-stale");
    if (this.isLost) {
      this.isLost = false;
      this.state(this.word("back"), "well");
      this.rest();
    } else if (by("wi-state").firstElementChild?.classList.contains("trouble")) this.state("");
  }

  private state(text: string, look = ""): void {
    const place = by("wi-state");
    if (place.textContent === text) return;
    place.replaceChildren();
    if (!text) return;
    const made = document.createElement("span");
    made.className = look;
    made.textContent = text;
    place.append(made);
  }

  // -- figures ---------------------------------------------------------------------------------------------------

  private paint(told: Told): void {
    const tiles: Record<string, Pair> = { ...told.inside, area: told.area_km2 };
    for (const one of by("wi-tiles").querySelectorAll<HTMLElement>("[data-key]")) {
      const pair = tiles[one.dataset.key ?? ""];
      if (pair) this.put(one, pair, one.dataset.key === "area");
    }
    this.told = told;
    this.calming ??= setTimeout(() => this.calm(), CALM_MS);
    const said = ["surely", "possibly", "outside"] as const;
    this.spoken = said.map((key) => `${this.word(key)} ${told.inside[key].after}`).join(", ");
  }

  /** What is longer follows a little later, and once for several moves. */
  private calm(): void {
    this.calming = undefined;
    const told = this.told;
    if (!told) return;
    this.bars.draw(told.by_month as Months);
    this.rows(by("wi-sides"), told.by_side);
    this.rows(by("wi-acts"), told.by_act);
    this.lie(told);
  }

  /** How places lie to the draft; where reports have come in since, which places there are is asked for first. */
  private lie(told: Told): void {
    if (told.spots) {
      this.page.places = told.spots;
      this.page.placesOf = told.places_of ?? "";
      this.values = [];
    }
    const isOther = (told.places_of ?? "") !== this.page.placesOf && told.places !== undefined;
    const isNews = isOther && !this.isOther;
    this.isOther = isOther;
    if (isNews) this.ask(performance.now());
    if (isOther || !told.places?.some((value, i) => value !== this.values[i])) return;
    this.values = told.places;
    this.mark();
  }

  private rows(table: HTMLElement, told: Columns): void {
    const rows = new Map(
      [...table.querySelectorAll<HTMLElement>("tbody tr")].map((row) => [row.dataset.key ?? "", row]),
    );
    told.names.forEach((name, i) => {
      const row = rows.get(name);
      if (!row) return;
      const four = [told.surely.before, told.surely.after, told.possibly.before, told.possibly.after];
      row.classList.toggle("idle", "hides" in table.dataset && !four.some((one) => one[i]));
      for (const [first, of] of [
        [0, told.surely],
        [3, told.possibly],
      ] as const) {
        const before = of.before[i]!;
        const after = of.after[i]!;
        const cells = row.querySelectorAll<HTMLElement>("td");
        this.write(cells[first]!, this.number(before));
        this.write(cells[first + 1]!, this.number(after));
        this.write(cells[first + 2]!, this.signedNumber(after - before));
      }
    });
  }

  private put(where: HTMLElement, pair: Pair, isArea: boolean): void {
    const texts: Record<string, string> = {
      before: this.number(pair.before, isArea),
      after: this.number(pair.after, isArea),
      by: pair.before === null || pair.after === null ? "–" : this.signedNumber(pair.after - pair.before, isArea),
    };
    for (const one of where.querySelectorAll<HTMLElement>("[data-at]")) this.write(one, texts[one.dataset.at ?? ""]!);
  }

  /** A number in a place, kept apart from the text around it whatever the direction of the page. */
  private write(where: HTMLElement, text: string): void {
    if (where.textContent?.trim() === text) return;
    let kept = where.querySelector("bdi");
    if (!kept) {
      kept = document.createElement("bdi");
      kept.dir = "ltr";
      kept.className = "k";
      where.replaceChildren(kept);
    }
    kept.textContent = text;
  }

  private number(n: number | null, isArea = false): string {
    if (n === null) return "–";
    const digits = isArea && Math.abs(n) < 100 ? 1 : 0;
    return n.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))/g, this.page.lang === "ru" ? "\u00a0" : ",");
  }

  private signedNumber(n: number, isArea = false): string {
    const size = Math.abs(n);
    const text = isArea ? this.number(size, size < 100) : this.number(size);
    return `${n > 0 ? "+" : n < 0 ? "−" : "±"}${text}`;
  }

  // -- at rest ---------------------------------------------------------------------------------------------------

  private rest(): void {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      if (this.held >= 0) return this.rest();
      this.keep();
      void this.settle("count", false);
    }, REST_MS);
  }

  /** The corners into the table, so that the form and what is seen are one. */
  private fill(): void {
    const rows = this.form.querySelector("tbody")!;
    const need = this.ring.length + 3;
    while (rows.children.length < need) rows.append(rows.lastElementChild!.cloneNode(true));
    while (rows.children.length > need) rows.lastElementChild!.remove();
    [...rows.children].forEach((row, i) => {
      const input = row.querySelector("input")!;
      row.querySelector("th")!.innerHTML = `<bdi dir="ltr" class="k">${i + 1}</bdi>`;
      input.setAttribute("aria-label", this.word("corner", i + 1));
      input.value = this.ring[i] ? degrees(this.ring[i]!) : "";
      input.removeAttribute("aria-invalid");
      row.classList.remove("fault");
    });
  }

  /** What follows a drawing at rest comes from the service as the page itself shows it. */
  private async settle(what: string, isTyped: boolean): Promise<boolean> {
    if (!isTyped) this.fill();
    this.detail?.abort();
    this.detail = new AbortController();
    const sent = new URLSearchParams();
    for (const [name, value] of new FormData(this.form)) sent.append(name, String(value));
    sent.set("do", what);
    sent.set("part", "true");
    try {
      const got = await fetch(this.address("/what-if"), {
        method: "POST",
        headers: { "X-Truceline-CSRF": csrf(), Accept: "text/html" },
        body: sent,
        signal: this.detail.signal,
      });
      if (!got.ok) return false;
      const made = new DOMParser().parseFromString(await got.text(), "text/html");
      by("wi-detail").replaceChildren(...made.body.childNodes);
    } catch {
      return false; // asked again when something changes, or when the connection is back
    }
    const read = by("wi-read");
    const squares = [...read.querySelectorAll("span")];
    const cells = [...this.form.querySelectorAll<HTMLElement>("td.mgrs")];
    cells.forEach((cell, i) => {
      this.write(cell, squares[i]?.textContent ?? "");
    });
    if (read.dataset.trouble) this.state(this.why(read.dataset.trouble), "trouble");
    else if (isTyped) {
      this.ring = squares.map((one) => parsed(one.dataset.place ?? "")).filter((at) => at !== null);
      this.isMoved = true;
      this.build();
      this.fill();
      this.keep();
      this.ask(performance.now());
    }
    return true;
  }

  private sent(event: SubmitEvent): void {
    const what = (event.submitter as HTMLButtonElement | null)?.value ?? "count";
    if (what === "geojson") return; // a file: the browser takes it
    event.preventDefault();
    if (what === "reset") {
      for (const name of FIELDS) this.field(name).value = "";
      this.ring = open(this.page.start);
      this.build();
      this.changed(performance.now(), !this.page.zone);
      return;
    }
    clearTimeout(this.resting);
    void this.settle(what, what === "count").then((isDone) => {
      const shown = what === "proposal" ? by("wi-proposal") : what === "terms" ? by("wi-terms") : null;
      if (!isDone) this.state(this.word("lost"), "trouble");
      if (!shown) return;
      shown.tabIndex = -1;
      shown.focus({ preventScroll: true });
      shown.scrollIntoView({ block: "start" });
    });
  }

  // -- the address -----------------------------------------------------------------------------------------------

  /** What is drawn goes behind the `#`: whoever has the link sees it, and no service is told. */
  private keep(): void {
    const kept = new URLSearchParams();
    if (this.isMoved) {
      kept.set("c", this.ring.map(([lon, lat]) => `${Math.round(lat * 1e5)}_${Math.round(lon * 1e5)}`).join("."));
    }
    for (const name of FIELDS) if (this.field(name).value.trim()) kept.set(name, this.field(name).value.trim());
    const text = kept.toString();
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  }

  /** Take what the address holds, if it holds a drawing. */
  private read(): void {
    const kept = new URLSearchParams(location.hash.slice(1));
    const ring = (kept.get("c") ?? "").split(".").map((one) => one.split("_").map((n) => Number(n) / 1e5));
    const isRing = ring.length >= 3 && ring.every((at) => at.length === 2 && at.every(Number.isFinite));
    if (isRing) {
      this.ring = ring.map(([lat, lon]) => [lon!, lat!]);
      this.isMoved = true;
      this.build();
    }
    for (const name of FIELDS) if (kept.has(name)) this.field(name).value = kept.get(name)!;
    const isHeld = isRing || FIELDS.some((name) => kept.has(name));
    if (isHeld) {
      this.ask(performance.now());
      this.rest();
    }
  }

  private async link(): Promise<void> {
    this.keep();
    try {
      await navigator.clipboard.writeText(location.href);
      this.state(this.word("copied"), "well");
    } catch {
      this.state(location.href, "well");
    }
  }

  private address(path: string): string {
    const asked = new URLSearchParams();
    if (path === "/what-if") asked.set("lang", this.page.lang);
    if (this.page.knownAt) asked.set("known_at", this.page.knownAt);
    return asked.size ? `${path}?${asked}` : path;
  }

  // -- words -----------------------------------------------------------------------------------------------------

  private word(name: string, n?: number): string {
    const text = by("wi-words").querySelector(`[data-w="${name}"]`)?.textContent ?? "";
    return n === undefined ? text : text.replace("{n}", String(n));
  }

  /** Say a corner aloud, once the hand is still: where it is, and what is counted. */
  private say(i: number): void {
    if (i < 0) return;
    clearTimeout(this.saying);
    this.saying = setTimeout(() => {
      const at = this.ring[i];
      if (at) this.tell(`${this.word("corner", i + 1)}: ${degrees(at)}. ${this.spoken}`);
    }, 600);
  }

  private tell(text: string): void {
    by("wi-live").textContent = text;
  }
}

function csrf(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
}

function open(ring: At[]): At[] {
  const [first, last] = [ring[0], ring[ring.length - 1]];
  const isClosed = ring.length > 1 && first && last && first[0] === last[0] && first[1] === last[1];
  return (isClosed ? ring.slice(0, -1) : [...ring]).map((at) => [at[0], at[1]]);
}

/** An attribute, written only where it changes: what is written is laid out and painted anew. */
function put(where: Element, name: string, value: string): void {
  if (where.getAttribute(name) !== value) where.setAttribute(name, value);
}

function said([x, y]: At): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}

function lineOf(target: EventTarget | null): number {
  return Number((target as Element | null)?.closest?.("[data-line]")?.getAttribute("data-line") ?? -1);
}

function parsed(text: string): At | null {
  const [lat, lon] = text.split(",").map(Number);
  return Number.isFinite(lat) && Number.isFinite(lon) ? [lon!, lat!] : null;
}

const data = document.getElementById("wi-data");
if (data) new Hand(JSON.parse(data.textContent ?? "{}") as Page).begin();
