// Bundles every src/NAME.ts into NAME.js, with the files they need. Called by hatch_build.py: node build.mjs OUT
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { feature } from "topojson-client";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
const of = createRequire(import.meta.url);

const islands = readdirSync(join(here, "src")).filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"));
const common = {
    absWorkingDir: here,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none", // all notices stand in licences.txt
    metafile: true,
    logLevel: "warning",
    outdir: out,
};

// The worker of the map is a script of its own: a page's policy lets no worker be made from a string.
const worker = await build({
    ...common,
    entryPoints: { "map-worker": "maplibre-gl/dist/maplibre-gl-worker.mjs" },
});
const made = await build({
    ...common,
    entryPoints: islands.map((name) => join("src", name)),
    splitting: true,
    chunkNames: "chunk-[hash]",
});
const sheets = readdirSync(join(here, "src")).filter((name) => name.endsWith(".css"));
if (sheets.length > 0) {
    await build({ ...common, entryPoints: sheets.map((name) => join("src", name)), metafile: false });
}

// Land about the ground of a case, by Natural Earth: without borders and without names. The service cuts out its part.
const land = JSON.parse(readFileSync(of.resolve("world-atlas/land-50m.json"), "utf8"));
const round = (at) => (typeof at === "number" ? Math.round(at * 1e3) / 1e3 : at.map(round));
const { geometry } = feature(land, land.objects.land).features[0];
writeFileSync(
    join(out, "land.geojson"),
    JSON.stringify({ type: geometry.type, coordinates: round(geometry.coordinates) }),
);

const packages = new Set(["world-atlas"]);
for (const input of [...Object.keys(worker.metafile.inputs), ...Object.keys(made.metafile.inputs)]) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) packages.add(found[1]);
}
writeFileSync(join(out, "licences.txt"), [...packages].sort().map(notice).join("\n"));

function notice(name) {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((one) => /^(licen[cs]e|copying)/i.test(one));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
    return `${name} ${version} (${license})\n\n${text}\n\n${"-".repeat(80)}\n`;
}
