// Reports by month as bars: as drawn, filled; as signed, marks across. As `report/whatif.py` draws them.
export interface Months {
  names: string[];
  surely: { before: number[]; after: number[] };
  possibly: { before: number[]; after: number[] };
}

const [WIDE, BASE, LEFT, RIGHT, TOP] = [640, 160, 40, 4, 8];
const MOST_BINS = 36;
const STEPS = [1, 3, 12, 60, 120, 600, 1200, 12000];

export class Bars {
  private before = "";

  constructor(
    private readonly svg: SVGSVGElement,
    private readonly number: (n: number) => string,
  ) {}

  draw(told: Months): void {
    const counts = new Map<number, [number, number, number, number]>();
    told.names.forEach((name, i) => {
      const four: [number, number, number, number] = [
        told.surely.before[i]!,
        told.surely.after[i]!,
        told.possibly.before[i]!,
        told.possibly.after[i]!,
      ];
      if (four.some((n) => n > 0)) counts.set(Number(name.slice(0, -3)) * 12 + Number(name.slice(-2)) - 1, four);
    });
    const made = counts.size ? this.drawn(counts) : `<path class="base" d="M${LEFT},${BASE}H${WIDE - RIGHT}"/>`;
    if (made === this.before) return;
    this.before = made;
    this.svg.querySelector("g")!.innerHTML = made;
  }

  private drawn(counts: Map<number, [number, number, number, number]>): string {
    const months = [...counts.keys()];
    const last = Math.max(...months);
    let first = Math.min(...months);
    const fits = (step: number): boolean => Math.floor(last / step) - Math.floor(first / step) < MOST_BINS;
    const step = STEPS.find(fits) ?? last - first + 1;
    first -= first % step;
    const bins = Array.from({ length: Math.floor((last - first) / step) + 1 }, () => [0, 0, 0, 0]);
    for (const [month, four] of counts) {
      const bin = bins[Math.floor((month - first) / step)]!;
      four.forEach((n, at) => {
        bin[at]! += n;
      });
    }
    const most = Math.max(1, ...bins.map((bin) => Math.max(bin[0]! + bin[2]!, bin[1]! + bin[3]!)));
    const slot = (WIDE - LEFT - RIGHT) / bins.length;
    const wide = Math.max(slot - 1.5, 1).toFixed(1);
    const y = (n: number): string => (BASE - (n * (BASE - TOP)) / most).toFixed(1);
    const high = (n: number): string => ((n * (BASE - TOP)) / most).toFixed(1);
    const made: string[] = [];
    for (const n of levels(most)) {
      made.push(`<path class="level" d="M${LEFT},${y(n)}H${WIDE - RIGHT}"/>`);
      made.push(`<text class="level" x="${LEFT - 5}" y="${y(n)}" dy="0.35em">${this.number(n)}</text>`);
    }
    bins.forEach(([sureWas, sure, openWas, open], i) => {
      const x = (LEFT + slot * i).toFixed(1);
      made.push(
        `<rect class="count open" fill="url(#wi-open)" x="${x}" y="${y(sure! + open!)}" width="${wide}" height="${high(open!)}"/>`,
        `<rect class="count yes" x="${x}" y="${y(sure!)}" width="${wide}" height="${high(sure!)}"/>`,
        `<path class="ghost" d="M${x},${y(sureWas!)}h${wide}"/>`,
        `<path class="ghost open" d="M${x},${y(sureWas! + openWas!)}h${wide}"/>`,
      );
    });
    made.push(`<path class="base" d="M${LEFT},${BASE}H${WIDE - RIGHT}"/>`);
    const every = Math.ceil(bins.length / 6);
    for (let i = 0; i < bins.length; i += every) {
      const x = LEFT + slot * i;
      made.push(`<path class="rule" d="M${x.toFixed(1)},${BASE}v5"/>`);
      const place = x > 570 ? 'x="638" text-anchor="end"' : `x="${(x + 1).toFixed(1)}"`;
      made.push(`<text class="tick" ${place} y="178">${label(first + i * step, step)}</text>`);
    }
    return made.join("");
  }
}

/** Three or four round numbers up to the largest. */
function levels(most: number): number[] {
  for (let power = 1; ; power *= 10) {
    for (const one of [1, 2, 5]) {
      const step = one * power;
      if (most < 4 * step) return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
    }
  }
}

function label(month: number, step: number): string {
  const said = (one: number): string => `${Math.floor(one / 12)}-${String((one % 12) + 1).padStart(2, "0")}`;
  const [start, end] = [said(month), said(month + step - 1)];
  if (step < 12) return step === 1 ? start : `${start}–${end.slice(5)}`;
  return step === 12 ? start.slice(0, -3) : `${start.slice(0, -3)}–${end.slice(0, -3)}`;
}
