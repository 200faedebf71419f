// The map of a day: drawn by the server at first; who wants to move and enlarge it opens the live one in its place.
import type { Feature, Polygon } from "geojson";
import type { Answer, AreaProps } from "./map.ts";

interface Told {
  features: { id: string; geometry: Feature["geometry"] | null; properties: Record<string, unknown> }[];
}

async function open(page: HTMLElement, button: HTMLButtonElement): Promise<void> {
  const frame = page.querySelector<HTMLElement>(".today-live-frame");
  const sheet = frame?.querySelector<HTMLElement>(".casemap");
  const still = page.querySelector<HTMLElement>(".mapping > figure");
  const said = page.querySelector<HTMLElement>(".today-picked");
  if (!frame || !sheet || !said) return;
  button.disabled = true;
  try {
    const { openMap } = await import("./map.ts");
    const query = page.dataset["query"] ?? "";
    const [reports, zones] = await Promise.all(
      [`/api/v1/assessments.geojson?${query}`, "/api/v1/agreement/zones"].map(async (url) => {
        const answered = await fetch(url);
        if (!answered.ok) throw new Error(String(answered.status));
        return answered.json();
      }),
    );
    frame.hidden = false;
    const map = await openMap(sheet);
    still?.after(frame);
    if (still) still.hidden = true;
    const names = new Map<string, string>();
    const drawn = (reports as Told).features.filter((one) => one.geometry);
    for (const one of drawn) names.set(one.id, String(one.properties["act_text"] ?? one.properties["kind"] ?? one.id));
    map.setZones(zones);
    map.setAreas({
      type: "FeatureCollection",
      features: drawn.map((one): Feature<Polygon, AreaProps> => {
        const value = one.properties["any"] as Answer;
        return {
          type: "Feature",
          geometry: one.geometry as Polygon,
          properties: { id: one.id, value, name: String(one.properties["place"] ?? "") },
        };
      }),
    });
    map.onSelect((picked) => {
      said.replaceChildren();
      if (picked?.layer !== "areas") return;
      const link = document.createElement("a");
      link.href = `/case/${encodeURIComponent(picked.id)}${location.search.includes("lang=") ? `?lang=${document.documentElement.lang}` : ""}`;
      link.textContent = names.get(picked.id) ?? picked.id;
      said.append(link);
    });
    button.remove();
  } catch {
    button.disabled = false;
    frame.hidden = true;
    said.textContent = page.dataset["failed"] ?? "";
  }
}

const page = document.getElementById("today-map");
const button = page?.querySelector<HTMLButtonElement>("button.today-live");
if (page && button) {
  button.hidden = false;
  button.addEventListener("click", () => void open(page, button));
}
