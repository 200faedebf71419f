// Corners of a zone: degrees as somebody reads them, steps of a hand, a place on a line.
export type At = [lon: number, lat: number];

/** To about a metre: five decimals of a degree. */
export function rounded([lon, lat]: At): At {
  return [Math.round(lon * 1e5) / 1e5, Math.round(lat * 1e5) / 1e5];
}

/** Latitude before longitude, as it is typed. */
export function degrees([lon, lat]: At): string {
  return `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
}

/** The middle of a line. */
export function between(a: At, b: At): At {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

/** The place on a line that is nearest to another place. */
export function nearOn(a: At, b: At, at: At): At {
  const across = Math.cos((a[1] * Math.PI) / 180);
  const [x, y] = [(b[0] - a[0]) * across, b[1] - a[1]];
  const length = x * x + y * y;
  const share = length ? ((at[0] - a[0]) * across * x + (at[1] - a[1]) * y) / length : 0;
  const part = Math.min(0.98, Math.max(0.02, share));
  return [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part];
}

/** A round length in metres, no longer than another one, of at least 10 m and at most 10 km. */
export function stepOf(metres: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(metres, 10)));
  const step = [5, 2, 1].map((one) => one * power).find((one) => one <= metres) ?? power;
  return Math.min(10_000, Math.max(10, step));
}
