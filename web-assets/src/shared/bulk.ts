// Many reports on a map at once, out of columns: an area for every place, the stronger the more reports tell of it.
//
// What a viewer is shown as a town or a cell is that disc, at its true size and never smaller than can be seen. Reports of
// one place are one disc. Each report has the same ink: where less is known it is spread over more ground.
// So many discs become a ground of ink, with the outline of each while they are few. A brush or a filter counts anew.
import type { CustomLayerInterface, CustomRenderMethodInput, Map as GlMap } from "maplibre-gl";

/** What the columns say of themselves; see `GET /api/v1/assessments.columns`. */
export interface Head {
  count: number;
  epoch: number;
  columns: { name: string; type: "i32" | "u32" | "u16" | "u8"; offset: number }[];
  answers: {
    any: -1 | 0 | 1;
    terms: Record<string, -1 | 0 | 1>;
    supported: number;
    protected: boolean;
    group: string;
  }[];
  acts: string[][];
  actors: string[][];
  units: string[][];
  sights: string[];
  kinds: string[];
  law: string;
}

/** What is to be shown; what is left out is not asked. Seconds since 1970, UTC. */
export interface Wanted {
  from?: number;
  until?: number;
  answer?: (one: Head["answers"][number]) => boolean;
  act?: (ids: string[]) => boolean;
  actor?: (ids: string[]) => boolean;
  unit?: (codes: string[]) => boolean;
}

/** How many are shown, by their answer; `unplaced` of them have no disc, for only their unit is known or shown. */
export interface Told {
  reports: number;
  surely: number;
  undecided: number;
  outside: number;
  unplaced: number;
}

type Column = Int32Array | Uint32Array | Uint16Array | Uint8Array;
const NONE = 0xffffffff;
const EARTH = 40_075_016.7;
const MAGIC = 0x31434c54; // "TLC1"
/** Pixels: no disc is drawn smaller. */
const LEAST = 3;
const PER = 6; // floats of a disc: x, y, radius; then not covered, open, covered
/** Beyond so many their outlines would hide the ground. */
const MOST_OUTLINES = 2_500;
/** Metres: the ink of a report is spread over so much at least. */
const SPREAD_M = 2_000;
/** The ink is worked out on so much coarser a sheet than the map, and laid over it. */
const COARSE = 3;
/** How dense the ink is where it is dense: of a hundred places two are darker. */
const DENSE = 1.7;

export class BulkLayer implements CustomLayerInterface {
  readonly id = "bulk";
  readonly type = "custom";
  readonly renderingMode = "2d";
  readonly head: Head;
  private readonly of: Record<string, Column> = {};
  /** For each row its disc; -1 = none. */
  private readonly disc: Int32Array;
  /** For each disc its place and size in the unit square of the map, and how many reports of each answer it has. */
  private readonly discs: Float32Array;
  private readonly found: Uint32Array;
  private readonly drawn: Float32Array;
  private readonly origin: [number, number] = [0.5, 0.5];
  private many = 0;
  /** Of so many of the drawn nothing is covered or open; they come first. */
  private rings = 0;
  private isNew = true;
  private map: GlMap | undefined;
  /** How much ink a report is, so that the whole is neither too faint nor too dark. */
  private readonly ink: number;
  private made: { ground: Pen; ring: Pen; sheet: Pen; ink: Sheet; buffer: WebGLBuffer } | undefined;
  private shown: Told = { reports: 0, surely: 0, undecided: 0, outside: 0, unplaced: 0 };

  constructor(data: ArrayBuffer) {
    const view = new DataView(data);
    if (view.getUint32(0, true) !== MAGIC) throw new Error("these are no columns");
    const length = view.getUint32(4, true);
    this.head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 8, length))) as Head;
    const types = { i32: Int32Array, u32: Uint32Array, u16: Uint16Array, u8: Uint8Array };
    for (const { name, type, offset } of this.head.columns) {
      this.of[name] = new types[type](data, 8 + length + offset, this.head.count);
    }
    const made = this.placed();
    this.disc = made.disc;
    this.discs = made.discs;
    this.found = new Uint32Array((made.discs.length / PER) * 3);
    this.drawn = new Float32Array(made.discs.length);
    this.ink = DENSE / (densest(made.discs, this.spread()) || 1);
    this.show({});
  }

  /** What is shown now. */
  get told(): Told {
    return this.shown;
  }

  /** Show what is wanted, and nothing else; drawn with the next frame. */
  show(wanted: Wanted): Told {
    const { epoch, answers, acts, actors, units, count } = this.head;
    const since = Math.max(wanted.from === undefined ? 0 : wanted.from - epoch, 0);
    const before = wanted.until === undefined ? NONE : wanted.until - epoch;
    const start = this.of.from!;
    const end = this.of.until!;
    const answer = this.of.answer!;
    const any = Int8Array.from(answers, (one) => one.any);
    const asked: [Column, Uint8Array][] = [];
    const ask = <T>(column: Column, values: T[], is: ((one: T) => boolean) | undefined): void => {
      if (is) asked.push([column, Uint8Array.from(values, (one) => (is(one) ? 1 : 0))]);
    };
    ask(answer, answers, wanted.answer);
    ask(this.of.act!, acts, wanted.act);
    ask(this.of.actor!, actors, wanted.actor);
    ask(this.of.unit!, units, wanted.unit);
    const hasBounds = wanted.from !== undefined || wanted.until !== undefined;
    const { found, disc } = this;
    found.fill(0);
    const by = [0, 0, 0];
    let unplaced = 0;
    rows: for (let row = 0; row < count; row++) {
      if (hasBounds) {
        if (end[row]! <= since) continue;
        // 0xffffffff as a start is no bound: it can have begun before everything.
        if (start[row]! >= before && start[row]! !== NONE) continue;
      }
      for (const [column, is] of asked) if (!is[column[row]!]) continue rows;
      const value = any[answer[row]!]! + 1;
      by[value]!++;
      const at = disc[row]!;
      if (at < 0) unplaced++;
      else found[at * 3 + value]!++;
    }
    this.gather();
    const [outside, undecided, surely] = by as [number, number, number];
    this.shown = { reports: outside + undecided + surely, surely, undecided, outside, unplaced };
    this.map?.triggerRepaint();
    return this.shown;
  }

  /** How many of the shown reports can have been at a position, by their answer. */
  under(lon: number, lat: number): { surely: number; undecided: number; outside: number } {
    const told = [0, 0, 0];
    const least = this.spread();
    const [x, y] = [across(lon) - this.origin[0], down(lat) - this.origin[1]];
    for (let at = 0; at < this.many; at++) {
      const [cx, cy, r, ...ink] = this.drawn.subarray(at * PER, at * PER + PER);
      if ((cx! - x) ** 2 + (cy! - y) ** 2 > r! ** 2) continue;
      ink.forEach((one, value) => {
        told[value]! += Math.round(one * Math.max(r!, least) ** 2);
      });
    }
    const [outside, undecided, surely] = told as [number, number, number];
    return { surely, undecided, outside };
  }

  onAdd(map: GlMap, gl: WebGL2RenderingContext): void {
    this.map = map;
    gl.getExtension("EXT_color_buffer_float");
    gl.getExtension("EXT_color_buffer_half_float");
    const buffer = gl.createBuffer()!;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, Math.max(this.drawn.byteLength, 4), gl.DYNAMIC_DRAW);
    // One triangle about each disc: in software a second one costs more than the corners that are drawn for nothing.
    const about = new Float32Array([0, 2, -Math.sqrt(3), -1, Math.sqrt(3), -1]);
    const whole = new Float32Array([-1, -1, 3, -1, -1, 3]);
    this.made = {
      ground: pen(gl, [FILL, FILLED], about, buffer),
      ring: pen(gl, [RING, RINGED], dashes(), buffer),
      sheet: pen(gl, [SHEET, SHEETED], whole, buffer),
      ink: { texture: gl.createTexture()!, frame: gl.createFramebuffer()!, wide: 0, high: 0 },
      buffer,
    };
    this.isNew = true;
  }

  onRemove(_map: GlMap, gl: WebGL2RenderingContext): void {
    if (this.made) {
      for (const { program, box, corners } of [this.made.ground, this.made.ring, this.made.sheet]) {
        gl.deleteProgram(program);
        gl.deleteVertexArray(box);
        gl.deleteBuffer(corners);
      }
      gl.deleteBuffer(this.made.buffer);
      gl.deleteTexture(this.made.ink.texture);
      gl.deleteFramebuffer(this.made.ink.frame);
    }
    this.made = undefined;
    this.map = undefined;
  }

  /** Gather the ink of all discs on a sheet of its own: what lies on one another adds up. */
  prerender(context: WebGLRenderingContext | WebGL2RenderingContext, options: CustomRenderMethodInput): void {
    const gl = context as WebGL2RenderingContext;
    if (!this.made || !this.map) return;
    const { ground, buffer, ink } = this.made;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    if (this.isNew) gl.bufferSubData(gl.ARRAY_BUFFER, 0, this.drawn, 0, this.many * PER);
    this.isNew = false;
    sized(gl, ink);
    gl.bindFramebuffer(gl.FRAMEBUFFER, ink.frame);
    gl.viewport(0, 0, ink.wide, ink.high);
    plain(gl);
    gl.colorMask(true, true, true, true);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.blendFunc(gl.ONE, gl.ONE);
    this.set(gl, ground, options);
    gl.drawArraysInstanced(gl.TRIANGLES, 0, ground.vertices, this.many);
    gl.bindVertexArray(null);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  render(context: WebGLRenderingContext | WebGL2RenderingContext, options: CustomRenderMethodInput): void {
    const gl = context as WebGL2RenderingContext;
    if (!this.made || !this.map || !this.many) return;
    const { ring, sheet, ink } = this.made;
    plain(gl);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.set(gl, sheet, options);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, ink.texture);
    gl.drawArraysInstanced(gl.TRIANGLES, 0, sheet.vertices, 1);
    if (this.many <= MOST_OUTLINES) {
      this.set(gl, ring, options);
      gl.drawArraysInstanced(gl.TRIANGLES, 0, DASHED, this.rings);
      instances(gl, ring.program, this.rings);
      gl.drawArraysInstanced(gl.TRIANGLES, 0, ring.vertices, this.many - this.rings);
    }
    gl.bindVertexArray(null);
  }

  private set(gl: WebGL2RenderingContext, one: Pen, options: CustomRenderMethodInput): void {
    gl.useProgram(one.program);
    gl.uniformMatrix4fv(one.at.matrix, false, moved(options.defaultProjectionData.mainMatrix, this.origin));
    gl.uniform1f(one.at.world, 512 * 2 ** this.map!.getZoom());
    gl.uniform1f(one.at.ratio, this.map!.getPixelRatio());
    gl.uniform1f(one.at.ink, this.ink);
    gl.bindVertexArray(one.box);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.made!.buffer);
    instances(gl, one.program, 0);
  }

  /** The radius over which ink is spread at least, in the unit square of the map. */
  private spread(): number {
    const y = Math.PI * (1 - 2 * this.origin[1]);
    return (SPREAD_M * Math.cosh(y)) / EARTH;
  }

  /** Which rows share a disc: the same place and size. */
  private placed(): { disc: Int32Array; discs: Float32Array } {
    const { count, answers } = this.head;
    const lon = this.of.lon_e7!;
    const lat = this.of.lat_e7!;
    const radius = this.of.radius_m!;
    const answer = this.of.answer!;
    const any = Int8Array.from(answers, (one) => one.any);
    const disc = new Int32Array(count).fill(-1);
    const room = 2 ** Math.ceil(Math.log2(Math.max(count, 8) * 2));
    const table = new Int32Array(room).fill(-1);
    const first: number[] = [];
    for (let row = 0; row < count; row++) {
      if (radius[row] === NONE) continue;
      let at =
        Math.imul(lon[row]!, 0x9e3779b1) ^ Math.imul(lat[row]!, 0x85ebca6b) ^ Math.imul(radius[row]!, 0xc2b2ae35);
      at = (at ^ (at >>> 15)) & (room - 1);
      for (; ; at = (at + 1) & (room - 1)) {
        const one = table[at]!;
        if (one < 0) {
          disc[row] = table[at] = first.length;
          first.push(row);
          break;
        }
        const other = first[one]!;
        if (lon[other] === lon[row] && lat[other] === lat[row] && radius[other] === radius[row]) {
          disc[row] = one;
          break;
        }
      }
    }
    const discs = new Float32Array(first.length * PER);
    if (first.length > 0) {
      this.origin[0] = across(lon[first[0]!]! / 1e7);
      this.origin[1] = down(lat[first[0]!]! / 1e7);
    }
    first.forEach((row, at) => {
      const north = lat[row]! / 1e7;
      discs[at * PER] = across(lon[row]! / 1e7) - this.origin[0];
      discs[at * PER + 1] = down(north) - this.origin[1];
      discs[at * PER + 2] = radius[row]! / (EARTH * Math.cos((north * Math.PI) / 180));
    });
    for (let row = 0; row < count; row++) {
      if (disc[row]! >= 0) discs[disc[row]! * PER + 4 + any[answer[row]!]!]!++;
    }
    return { disc, discs };
  }

  /** The discs of which something is shown, side by side: first those of which nothing is covered or open. */
  private gather(): void {
    const { found, discs, drawn } = this;
    const least = this.spread();
    let many = 0;
    for (const isPlain of [true, false]) {
      for (let at = 0; at < found.length / 3; at++) {
        const [outside, open, sure] = [found[at * 3]!, found[at * 3 + 1]!, found[at * 3 + 2]!];
        if ((open + sure === 0) !== isPlain || outside + open + sure === 0) continue;
        const from = at * PER;
        const to = many++ * PER;
        const spread = Math.max(discs[from + 2]!, least) ** 2;
        drawn[to] = discs[from]!;
        drawn[to + 1] = discs[from + 1]!;
        drawn[to + 2] = discs[from + 2]!;
        drawn[to + 3] = outside / spread;
        drawn[to + 4] = open / spread;
        drawn[to + 5] = sure / spread;
      }
      if (isPlain) this.rings = many;
    }
    this.many = many;
    this.isNew = true;
  }
}

interface Places {
  matrix: WebGLUniformLocation | null;
  world: WebGLUniformLocation | null;
  ratio: WebGLUniformLocation | null;
  ink: WebGLUniformLocation | null;
}

/** What ink is gathered on. */
interface Sheet {
  texture: WebGLTexture;
  frame: WebGLFramebuffer;
  wide: number;
  high: number;
}

/** As large as the map, but for `COARSE`. */
function sized(gl: WebGL2RenderingContext, ink: Sheet): void {
  const wide = Math.ceil(gl.drawingBufferWidth / COARSE);
  const high = Math.ceil(gl.drawingBufferHeight / COARSE);
  if (ink.wide === wide && ink.high === high) return;
  Object.assign(ink, { wide, high });
  gl.bindTexture(gl.TEXTURE_2D, ink.texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA16F, wide, high, 0, gl.RGBA, gl.HALF_FLOAT, null);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.LINEAR);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  gl.bindFramebuffer(gl.FRAMEBUFFER, ink.frame);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, ink.texture, 0);
}

function plain(gl: WebGL2RenderingContext): void {
  for (const test of [gl.DEPTH_TEST, gl.STENCIL_TEST, gl.CULL_FACE, gl.SCISSOR_TEST]) gl.disable(test);
  gl.enable(gl.BLEND);
  gl.blendEquation(gl.FUNC_ADD);
}

/** How much ink lies where much lies, if every report is one: what two of a hundred squares have more of. */
function densest(discs: Float32Array, least: number): number {
  const many = discs.length / PER;
  if (!many) return 0;
  const side = 96;
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < discs.length; at += PER) {
    box[0] = Math.min(box[0]!, discs[at]! - discs[at + 2]!);
    box[1] = Math.min(box[1]!, discs[at + 1]! - discs[at + 2]!);
    box[2] = Math.max(box[2]!, discs[at]! + discs[at + 2]!);
    box[3] = Math.max(box[3]!, discs[at + 1]! + discs[at + 2]!);
  }
  const step = Math.max(box[2]! - box[0]!, box[3]! - box[1]!) / side || 1;
  const sums = new Float32Array(side * side);
  for (let at = 0; at < discs.length; at += PER) {
    const r = discs[at + 2]!;
    const each = (discs[at + 3]! + discs[at + 4]! + discs[at + 5]!) / Math.max(r, least) ** 2;
    const [x, y, reach] = [(discs[at]! - box[0]!) / step, (discs[at + 1]! - box[1]!) / step, r / step];
    for (let j = Math.max(Math.floor(y - reach), 0); j <= Math.min(Math.floor(y + reach), side - 1); j++) {
      for (let i = Math.max(Math.floor(x - reach), 0); i <= Math.min(Math.floor(x + reach), side - 1); i++) {
        if ((i + 0.5 - x) ** 2 + (j + 0.5 - y) ** 2 <= Math.max(reach, 0.75) ** 2) sums[j * side + i]! += each;
      }
    }
  }
  const some = sums.filter((one) => one > 0).sort();
  return some[Math.floor(some.length * 0.98)] ?? 0;
}

function across(lon: number): number {
  return lon / 360 + 0.5;
}

function down(lat: number): number {
  return 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);
}

/** A matrix for places that are told from an origin: so near one another floats of 32 bits tell them apart. */
function moved(given: ArrayLike<number>, [x, y]: readonly [number, number]): Float32Array {
  const made = Float64Array.from(given);
  for (let row = 0; row < 4; row++) made[12 + row]! += made[row]! * x + made[4 + row]! * y;
  return new Float32Array(made);
}

/** A program with what it draws with. */
interface Pen {
  program: WebGLProgram;
  box: WebGLVertexArrayObject;
  corners: WebGLBuffer;
  vertices: number;
  at: Places;
}

function pen(
  gl: WebGL2RenderingContext,
  shaders: [vertex: string, fragment: string],
  shape: Float32Array,
  discs: WebGLBuffer,
): Pen {
  const program = linked(gl, shaders);
  const box = gl.createVertexArray()!;
  const corners = gl.createBuffer()!;
  gl.bindVertexArray(box);
  gl.bindBuffer(gl.ARRAY_BUFFER, corners);
  gl.bufferData(gl.ARRAY_BUFFER, shape, gl.STATIC_DRAW);
  attribute(gl, program, "corner", [2, 8, 0, 0]);
  gl.bindBuffer(gl.ARRAY_BUFFER, discs);
  instances(gl, program, 0);
  gl.bindVertexArray(null);
  const at: Places = { matrix: null, world: null, ratio: null, ink: null };
  for (const name of Object.keys(at) as (keyof Places)[]) at[name] = gl.getUniformLocation(program, name);
  return { program, box, corners, vertices: shape.length / 2, at };
}

/** Read the discs from one of them on. */
function instances(gl: WebGL2RenderingContext, program: WebGLProgram, from: number): void {
  attribute(gl, program, "place", [3, PER * 4, from * PER * 4, 1]);
  attribute(gl, program, "many", [3, PER * 4, from * PER * 4 + 12, 1]);
}

/** A ring of triangles, its dashes first: each corner an angle, and whether it is on the outer side. */
function dashes(): Float32Array {
  const made: number[] = [];
  for (const isDash of [true, false]) {
    for (let at = 0; at < SEGMENTS; at++) {
      if ((at % 3 === 0) !== isDash) continue;
      const [a, b] = [(at * 2 * Math.PI) / SEGMENTS, ((at + 1) * 2 * Math.PI) / SEGMENTS];
      made.push(a, 0, a, 1, b, 0, b, 0, a, 1, b, 1);
    }
  }
  return new Float32Array(made);
}

function attribute(
  gl: WebGL2RenderingContext,
  program: WebGLProgram,
  name: string,
  [size, stride, offset, each]: [number, number, number, number],
): void {
  const at = gl.getAttribLocation(program, name);
  if (at < 0) return;
  gl.enableVertexAttribArray(at);
  gl.vertexAttribPointer(at, size, gl.FLOAT, false, stride, offset);
  gl.vertexAttribDivisor(at, each);
}

function linked(gl: WebGL2RenderingContext, [vertex, fragment]: [string, string]): WebGLProgram {
  const program = gl.createProgram()!;
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) ?? "shader");
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "program");
  return program;
}

const SEGMENTS = 36;
const DASHED = (SEGMENTS / 3) * 6;

// The ink of each disc, by its answer: red for what is covered, green for what is open, blue for what is not.
const FILL = `#version 300 es
precision highp float;
in vec2 corner;
in vec3 place;  // x, y and radius in the unit square of the map
in vec3 many;   // how much ink of each answer
uniform mat4 matrix;
uniform float world;  // pixels of the whole map
uniform float ink;
out vec2 at;
flat out vec4 color;
void main() {
  float radius = max(place.z * world, ${LEAST.toFixed(1)});
  color = vec4(many.zyx * ink, 0.0);
  at = corner;
  gl_Position = matrix * vec4(place.xy + corner * radius / world, 0.0, 1.0);
}`;

const FILLED = `#version 300 es
precision highp float;
in vec2 at;
flat in vec4 color;
out vec4 made;
void main() {
  if (dot(at, at) > 1.0) discard;
  made = color;
}`;

// The gathered ink on the map: covered is burnt orange, open an amber hatch, not covered a pale grey.
const SHEET = `#version 300 es
precision highp float;
in vec2 corner;
out vec2 at;
void main() {
  at = corner * 0.5 + 0.5;
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

const SHEETED = `#version 300 es
precision highp float;
in vec2 at;
uniform sampler2D gathered;
uniform float ratio;
out vec4 color;
const vec3 ORANGE = vec3(0.659, 0.263, 0.059);
const vec3 AMBER = vec3(0.78, 0.50, 0.0);
const vec3 GREY = vec3(0.42, 0.463, 0.514);
void main() {
  vec3 ink = texture(gathered, at).rgb;
  if (ink.r + ink.g + ink.b < 0.002) discard;
  vec3 a = 1.0 - exp(-ink);
  float stripe = fract((gl_FragCoord.x + gl_FragCoord.y) / (7.0 * ratio));
  a *= vec3(0.8, stripe < 0.32 ? 0.9 : 0.1, 0.34);
  color = vec4(GREY, 1.0) * a.b;
  color = vec4(ORANGE, 1.0) * a.r + color * (1.0 - a.r);
  color = vec4(AMBER, 1.0) * a.g + color * (1.0 - a.g);
}`;

// The outline of each disc while they are few; what no term covers has a dashed one.
const RING = `#version 300 es
precision highp float;
in vec2 corner;  // angle, and 0 within or 1 without
in vec3 place;
in vec3 many;
uniform mat4 matrix;
uniform float world;
flat out vec4 ink;
void main() {
  float radius = max(place.z * world, ${LEAST.toFixed(1)}) - 1.4 * (1.0 - corner.y);
  vec3 of = many.z > 0.0 ? vec3(0.659, 0.263, 0.059) : many.y > 0.0 ? vec3(0.56, 0.36, 0.0) : vec3(0.42, 0.463, 0.514);
  ink = vec4(of, 1.0) * 0.62;
  gl_Position = matrix * vec4(place.xy + vec2(cos(corner.x), sin(corner.x)) * radius / world, 0.0, 1.0);
}`;

const RINGED = `#version 300 es
precision mediump float;
flat in vec4 ink;
out vec4 color;
void main() {
  color = ink;
}`;
