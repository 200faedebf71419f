// The brush of the ledger: a stretch of time is chosen on the drawing, by pointer or by keyboard. What it chooses is
// written into the fields of the form, which ask for the same without a script.

interface Paper {
  first: string;
  last: string;
  step: number;
  left: number;
  right: number;
  wide: number;
  high: number;
}

const DAY = 86_400_000;
const SVG = "http://www.w3.org/2000/svg";
const WAIT_MS = 350;

function day(text: string): number {
  return Math.round(Date.parse(`${text.slice(0, 10)}T00:00Z`) / DAY);
}

function text(number: number): string {
  return new Date(number * DAY).toISOString().slice(0, 10);
}

function made(name: string, values: Record<string, string | number>): SVGElement {
  const found = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(values)) found.setAttribute(key, String(value));
  return found;
}

class Brush {
  private readonly first: number;
  private readonly last: number;
  private chosen: [number, number];
  private readonly handles: [SVGElement, SVGElement];
  private readonly shades: [SVGElement, SVGElement];
  private readonly said: HTMLElement;
  private timer = 0;

  constructor(
    private readonly svg: SVGSVGElement,
    private readonly paper: Paper,
    private readonly form: HTMLFormElement,
  ) {
    this.first = day(paper.first);
    this.last = day(paper.last);
    this.chosen = this.asked();
    svg.querySelector(".ledger-window")?.remove();
    svg.removeAttribute("role");
    this.shades = [this.add("rect", "ledger-shade"), this.add("rect", "ledger-shade")];
    for (const one of this.shades) one.style.pointerEvents = "none";
    const area = this.add("rect", "brush-area");
    for (const [key, value] of Object.entries({
      x: paper.left,
      y: 0,
      width: this.room,
      height: paper.high,
    }))
      area.setAttribute(key, String(value));
    this.handles = [this.handle(0), this.handle(1)];
    this.said = document.createElement("p");
    this.said.className = "brush-said";
    this.said.setAttribute("aria-live", "polite");
    this.said.dir = "ltr";
    svg.parentElement?.after(this.said);
    area.addEventListener("pointerdown", (event) => this.drag(event as PointerEvent, -1));
    this.draw();
  }

  private get room(): number {
    return this.paper.wide - this.paper.left - this.paper.right;
  }

  private field(name: string): HTMLInputElement | null {
    return this.form.querySelector(`input[name="${name}"]`);
  }

  private asked(): [number, number] {
    const [since, until] = ["from", "until"].map((name) => this.field(name)?.value ?? "");
    const known = /^\d{4}-\d{2}-\d{2}/;
    return [
      known.test(since ?? "") ? day(since ?? "") : this.first,
      known.test(until ?? "") ? day(until ?? "") : this.last,
    ];
  }

  private add(name: string, look: string): SVGElement {
    const found = made(name, { class: look });
    this.svg.append(found);
    return found;
  }

  private handle(which: 0 | 1): SVGElement {
    const label = this.form.querySelector(`label[for="l-${which ? "until" : "from"}"]`)?.textContent ?? "";
    const group = made("g", { class: "brush-handle", tabindex: 0, role: "slider", "aria-label": label });
    group.append(made("rect", { x: -22, y: 0, width: 44, height: this.paper.high, class: "brush-area" }));
    group.append(
      made("rect", { x: -4, y: this.paper.high / 2 - 16, width: 8, height: 32, rx: 3, class: "brush-grip" }),
    );
    group.append(made("path", { class: "ledger-edge", d: `M0,0V${this.paper.high}` }));
    group.addEventListener("pointerdown", (event) => this.drag(event as PointerEvent, which));
    group.addEventListener("keydown", (event) => this.key(event as KeyboardEvent, which));
    this.svg.append(group);
    return group;
  }

  private x(at: number): number {
    const share = (at - this.first) / Math.max(this.last - this.first, 1);
    return this.paper.left + this.room * Math.min(Math.max(share, 0), 1);
  }

  /** The day under a pointer, at the border of a bar. */
  private under(event: PointerEvent): number {
    const box = this.svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.paper.wide;
    const days = ((x - this.paper.left) / this.room) * (this.last - this.first);
    const bars = Math.round(days / this.paper.step) * this.paper.step;
    return Math.min(Math.max(this.first + bars, this.first), this.last);
  }

  private drag(event: PointerEvent, which: -1 | 0 | 1): void {
    if (event.button !== 0) return;
    event.preventDefault();
    const begun = this.under(event);
    const move = (next: PointerEvent) => {
      const at = this.under(next);
      if (which < 0) this.set(Math.min(begun, at), Math.max(begun, at, Math.min(begun, at) + this.paper.step));
      else this.one(which as 0 | 1, at);
    };
    const end = () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
      this.ask(0);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
    if (which >= 0) (this.handles[which as 0 | 1] as unknown as HTMLElement).focus();
  }

  private key(event: KeyboardEvent, which: 0 | 1): void {
    const far = this.paper.step * 10;
    const by: Record<string, number> = {
      ArrowLeft: -this.paper.step,
      ArrowDown: -this.paper.step,
      ArrowRight: this.paper.step,
      ArrowUp: this.paper.step,
      PageDown: -far,
      PageUp: far,
    };
    if (event.key === "Home") this.one(which, this.first);
    else if (event.key === "End") this.one(which, this.last);
    else if (event.key === "Enter") this.ask(0);
    else if (event.key in by) this.one(which, this.chosen[which] + (by[event.key] ?? 0));
    else return;
    event.preventDefault();
    if (event.key !== "Enter") this.ask(WAIT_MS * 3);
  }

  private one(which: 0 | 1, at: number): void {
    const [since, until] = this.chosen;
    if (which) this.set(since, Math.max(at, since + this.paper.step));
    else this.set(Math.min(at, until - this.paper.step), until);
  }

  private set(since: number, until: number): void {
    this.chosen = [Math.max(since, this.first), Math.min(until, this.last)];
    const [from, before] = [this.field("from"), this.field("until")];
    if (from) from.value = this.chosen[0] > this.first ? text(this.chosen[0]) : "";
    if (before) before.value = this.chosen[1] < this.last ? text(this.chosen[1]) : "";
    this.draw();
    this.said.textContent = `${text(this.chosen[0])} – ${text(this.chosen[1])}`;
  }

  /** Ask for what is chosen, unless the next key comes first. */
  private ask(wait: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.form.requestSubmit(), wait);
  }

  private draw(): void {
    const [left, right] = this.chosen.map((at) => this.x(at)) as [number, number];
    const high = this.paper.high;
    const sides: [number, number][] = [
      [this.paper.left, Math.max(left - this.paper.left, 0)],
      [right, Math.max(this.paper.wide - this.paper.right - right, 0)],
    ];
    this.shades.forEach((shade, at) => {
      const [x, width] = sides[at] ?? [0, 0];
      for (const [key, value] of Object.entries({ x, y: 0, width, height: high }))
        shade.setAttribute(key, String(value));
    });
    this.handles.forEach((handle, at) => {
      handle.setAttribute("transform", `translate(${at ? right : left},0)`);
      handle.setAttribute("aria-valuemin", String(this.first));
      handle.setAttribute("aria-valuemax", String(this.last));
      handle.setAttribute("aria-valuenow", String(this.chosen[at]));
      handle.setAttribute("aria-valuetext", text(this.chosen[at] ?? this.first));
    });
  }
}

function begin(): void {
  const svg = document.querySelector<SVGSVGElement>("svg#brush:not([data-live])");
  const data = document.getElementById("brush-data")?.textContent;
  const form = svg?.closest("form");
  if (!svg || !data || !form) return;
  svg.dataset["live"] = "1";
  new Brush(svg, JSON.parse(data) as Paper, form);
}

begin();
document.addEventListener("htmx:after:swap", begin);
document.addEventListener("htmx:after:settle", begin);
