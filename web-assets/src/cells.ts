// The map of cells under the hand: arrows go from cell to cell, Enter or a tap changes what is said of it in the form.
// The page is whole without this: every cell stands in the table, and further ones are written into a field.

interface Spot {
  element: SVGGElement;
  x: number;
  y: number;
  cell: string;
}

const STEPS: Record<string, [x: number, y: number]> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
};

class Cells {
  private readonly spots: Spot[];
  private readonly said: HTMLElement | null;
  private readonly more: HTMLTextAreaElement | null;
  private at = 0;

  constructor(private readonly sheet: SVGSVGElement) {
    this.spots = [...sheet.querySelectorAll<SVGGElement>("[data-cell]")].map((element) => ({
      element,
      x: Number(element.dataset["x"]),
      y: Number(element.dataset["y"]),
      cell: element.dataset["cell"] ?? "",
    }));
    this.said = document.getElementById("exch-said");
    this.more = document.querySelector<HTMLTextAreaElement>("#exch-more");
  }

  begin(): void {
    if (!this.spots.length) return;
    this.sheet.setAttribute("role", "group");
    document.querySelector<HTMLElement>(".exch-hand")?.removeAttribute("hidden");
    this.spots.forEach((one, n) => {
      one.element.setAttribute("role", "button");
      one.element.tabIndex = n === 0 ? 0 : -1;
      one.element.addEventListener("click", () => {
        this.go(n);
        this.turn(one);
      });
      one.element.addEventListener("focus", () => {
        this.seat(n);
        this.tell(one);
      });
    });
    this.sheet.addEventListener("keydown", (event) => this.key(event));
    this.more?.addEventListener("input", () => this.show());
    for (const field of this.fields()) field.addEventListener("change", () => this.show());
    this.show();
  }

  private fields(): HTMLSelectElement[] {
    return [...document.querySelectorAll<HTMLSelectElement>("select[data-of]")];
  }

  private fieldOf(cell: string): HTMLSelectElement | null {
    return document.querySelector<HTMLSelectElement>(`select[data-of="${CSS.escape(cell)}"]`);
  }

  private key(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    const here = this.spots[this.at];
    if (!here) return;
    if (step) {
      const next = this.toward(here, step);
      if (next >= 0) this.go(next);
    } else if (event.key === "Home") this.go(0);
    else if (event.key === "End") this.go(this.spots.length - 1);
    else if (event.key === "Enter" || event.key === " ") this.turn(here);
    else return;
    event.preventDefault();
  }

  /** The nearest cell in a direction; what lies aside counts more than what lies ahead. */
  private toward(here: Spot, [dx, dy]: [number, number]): number {
    let best = -1;
    let least = Infinity;
    this.spots.forEach((one, n) => {
      const ahead = (one.x - here.x) * dx + (one.y - here.y) * dy;
      const aside = Math.abs((one.x - here.x) * dy) + Math.abs((one.y - here.y) * dx);
      if (ahead <= 1 || aside > ahead * 1.8) return;
      const far = ahead + 2 * aside;
      if (far < least) [best, least] = [n, far];
    });
    return best;
  }

  private go(n: number): void {
    this.seat(n);
    this.spots[n]?.element.focus();
  }

  /** The one of them that the keyboard comes to. */
  private seat(n: number): void {
    const [before, next] = [this.spots[this.at], this.spots[n]];
    if (before) before.element.tabIndex = -1;
    if (next) next.element.tabIndex = 0;
    this.at = n;
  }

  /** The next thing that can be said of a cell: in its row, or by naming it in the field of further cells. */
  private turn(one: Spot): void {
    const field = this.fieldOf(one.cell);
    if (field) {
      field.selectedIndex = (field.selectedIndex + 1) % field.options.length;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (this.more) {
      const cells = this.named();
      if (!cells.delete(one.cell)) cells.add(one.cell);
      this.more.value = [...cells].sort().join("\n");
      this.show();
    }
    this.tell(one);
  }

  private named(): Set<string> {
    return new Set((this.more?.value ?? "").split(/[\s,;]+/).filter(Boolean));
  }

  private show(): void {
    const named = this.named();
    for (const one of this.spots) {
      const said = this.fieldOf(one.cell)?.value ?? (named.has(one.cell) ? "more" : "");
      if (said) one.element.dataset["said"] = said;
      else delete one.element.dataset["said"];
      one.element.setAttribute("aria-label", this.labelOf(one));
    }
  }

  private labelOf(one: Spot): string {
    const field = this.fieldOf(one.cell);
    const word = field?.value
      ? field.selectedOptions[0]?.textContent
      : this.named().has(one.cell)
        ? this.sheet.dataset["more"]
        : "";
    return [one.element.querySelector("title")?.textContent ?? one.cell, word].filter(Boolean).join(". ");
  }

  private tell(one: Spot): void {
    if (this.said) this.said.textContent = this.labelOf(one);
  }
}

const sheet = document.querySelector<SVGSVGElement>("svg.exch-sheet");
if (sheet) new Cells(sheet).begin();
