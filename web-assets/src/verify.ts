// Verifies in the reader's own browser: the record since the last visit, one entry, or files that somebody holds.
// Words come with the page. What is kept between visits: the key of the log and one checkpoint, under its origin.

import {
  Unreadable,
  fromBase64,
  hex,
  isContinued,
  isIncluded,
  isSigned,
  leafHash,
  readCheckpoint,
  readKey,
  readProof,
  same,
  type Bytes,
} from "./shared/log.ts";

export { fromBase64, hex, isContinued, isIncluded, isSigned, leafHash, readCheckpoint, readKey, readProof };

interface Kept {
  log: string;
  size: number;
  root: string; // hex
}

const STORE = "truceline-record:";

function word(box: HTMLElement, name: string): DocumentFragment {
  const found = box.querySelector<HTMLTemplateElement>(`template[data-word="${name}"]`);
  return found ? (found.content.cloneNode(true) as DocumentFragment) : document.createDocumentFragment();
}

async function asked(path: string): Promise<Response> {
  const found = await fetch(path, { cache: "no-store" });
  if (!found.ok) throw new TypeError("not answered");
  return found;
}

function bytesOf(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

// What went wrong, as one of the words of the page.
function trouble(error: unknown): string {
  if (error instanceof Unreadable) return "unread";
  if (error instanceof TypeError) return "away";
  return "unable"; // DOMException: the browser knows no Ed25519, or the page came without TLS
}

// -- since the last visit ---------------------------------------------------------------------------------------------

async function sinceLastVisit(box: HTMLElement): Promise<void> {
  const said = box.querySelector<HTMLElement>("[data-said]");
  const log = box.dataset["log"] ?? "";
  const place = STORE + (log.split("+", 1)[0] ?? "");
  box.hidden = false;
  box.querySelector("[data-forget]")?.addEventListener("click", () => {
    localStorage.removeItem(place);
    said?.replaceChildren();
  });
  const [name, from] = await lookAgain(log, place).catch((error: unknown) => [trouble(error), 0] as const);
  said?.replaceChildren(word(box, name));
  const where = said?.querySelector("[data-from]");
  if (where) where.textContent = `(${from} \u2192 ${box.dataset["size"]})`;
  box.classList.toggle("trouble", !["first", "same", "grown"].includes(name));
}

async function lookAgain(log: string, place: string): Promise<readonly [string, number]> {
  const found = readCheckpoint(await (await asked("/checkpoint")).text());
  const kept = JSON.parse(localStorage.getItem(place) ?? "null") as Kept | null;
  if (kept && kept.log !== log) return ["rekeyed", kept.size];
  if (!(await isSigned(found, await readKey(log)))) return ["unsigned", 0];
  const now: Kept = { log, size: found.size, root: hex(found.root) };
  if (!kept) {
    localStorage.setItem(place, JSON.stringify(now));
    return ["first", 0];
  }
  if (kept.size === now.size) return [kept.root === now.root ? "same" : "forked", kept.size];
  if (kept.size > now.size) return ["forked", kept.size];
  const answer = await asked(`/api/v1/record/consistency?old=${kept.size}&new=${now.size}`);
  const { path } = (await answer.json()) as { path: string[] };
  const holds = await isContinued(kept.size, bytesOf(kept.root), now.size, found.root, path.map(fromBase64));
  if (holds) localStorage.setItem(place, JSON.stringify(now));
  return [holds ? "grown" : "forked", kept.size];
}

// -- one entry ----------------------------------------------------------------------------------------------------------

async function checks(log: string, entry: Bytes, proof: string, leaf?: string): Promise<string[]> {
  const made = await leafHash(entry);
  const given = readProof(proof);
  const found = readCheckpoint(given.note);
  const key = await readKey(log);
  const steps: [string, boolean][] = leaf === undefined ? [] : [["leaf", same(made, bytesOf(leaf))]];
  steps.push(["path", await isIncluded(made, given.index, found.size, given.path, found.root)]);
  steps.push(["note", await isSigned(found, key)]);
  return steps.map(([name, holds]) => `${name}-${holds ? "yes" : "no"}`);
}

async function tell(box: HTMLElement, found: Promise<string[]>): Promise<void> {
  const names = await found.catch((error: unknown) => [trouble(error)]);
  const list = box.querySelector("[data-said]");
  list?.replaceChildren(
    ...names.map((name) => {
      const line = document.createElement("li");
      line.append(word(box, name));
      line.dataset["found"] = name;
      if (!name.endsWith("-yes")) line.className = "trouble";
      return line;
    }),
  );
}

function ofEntry(box: HTMLElement): void {
  box.hidden = false;
  box.querySelector("[data-run]")?.addEventListener("click", () => {
    const { entry, leaf, log } = box.dataset;
    const run = async () => {
      const base = `/api/v1/record/entries/${entry}`;
      const [bytes, proof] = await Promise.all([asked(`${base}/bytes`), asked(`${base}/proof`)]);
      return checks(log ?? "", new Uint8Array(await bytes.arrayBuffer()), await proof.text(), leaf);
    };
    void tell(box, run());
  });
}

function ofFiles(box: HTMLElement): void {
  box.hidden = false;
  const form = box.querySelector<HTMLFormElement>("[data-verify]");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = new FormData(form);
    const [bytes, proof] = [given.get("bytes"), given.get("proof")];
    if (!(bytes instanceof File) || !(proof instanceof File)) return;
    const run = async () =>
      checks(String(given.get("log")), new Uint8Array(await bytes.arrayBuffer()), await proof.text());
    void tell(box, run());
  });
}

function at(id: string, begin: (box: HTMLElement) => unknown): void {
  const box = document.getElementById(id);
  if (box) void begin(box);
}

at("record-check", sinceLastVisit);
at("entry-check", ofEntry);
at("verify-form", ofFiles);
