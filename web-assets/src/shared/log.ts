// The arithmetic of the log, computed where the reader is: signed notes, leaf hashes, inclusion and consistency.
// Source: C2SP signed-note, tlog-checkpoint, tlog-proof; RFC 6962, section 2.1; RFC 9162, sections 2.1.3.2 and 2.1.4.2.

export type Bytes = Uint8Array<ArrayBuffer>;

export interface Key {
  name: string;
  id: Bytes; // four bytes
  public: Bytes; // Ed25519
}

export interface Checkpoint {
  origin: string;
  size: number;
  root: Bytes;
  text: string; // what is signed
  signatures: { name: string; id: Bytes; blob: Bytes }[];
}

export interface Proof {
  index: number;
  path: Bytes[];
  note: string;
}

export class Unreadable extends Error {}

const DASH = "\u2014 ";
const NUMBER = /^(0|[1-9][0-9]{0,15})$/;

export function fromBase64(text: string): Bytes {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4) throw new Unreadable();
  const found = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  if (btoa(String.fromCharCode(...found)) !== text) throw new Unreadable(); // written in a second way
  return found;
}

export function hex(bytes: Bytes): string {
  return [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
}

export function same(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at]);
}

function joined(...parts: Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function sha256(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

export async function leafHash(entry: Bytes): Promise<Bytes> {
  return sha256(joined(Uint8Array.of(0), entry));
}

async function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(joined(Uint8Array.of(1), left, right));
}

function number(text: string | undefined): number {
  if (text === undefined || !NUMBER.test(text) || !Number.isSafeInteger(Number(text))) throw new Unreadable();
  return Number(text);
}

// The number of a key binds it to its name: a key written with another one is refused.
export async function readKey(vkey: string): Promise<Key> {
  const found = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(vkey.trim());
  const packed = fromBase64(found?.[3] ?? "");
  if (!found || packed.length !== 33 || packed[0] !== 1) throw new Unreadable();
  const name = found[1] as string;
  const whole = await sha256(joined(new TextEncoder().encode(`${name}\n`), packed));
  const id = whole.slice(0, 4);
  if (hex(id) !== found[2]) throw new Unreadable();
  return { name, id, public: packed.slice(1) };
}

export function readCheckpoint(note: string): Checkpoint {
  const cut = note.lastIndexOf("\n\n");
  if (cut < 0 || !note.endsWith("\n")) throw new Unreadable();
  const text = note.slice(0, cut + 1);
  const [origin, size, root] = text.split("\n");
  const hash = fromBase64(root ?? "");
  if (!origin || hash.length !== 32) throw new Unreadable();
  const signatures = note
    .slice(cut + 2, -1)
    .split("\n")
    .map((line) => {
      const [name, packed, ...more] = line.slice(DASH.length).split(" ");
      if (!line.startsWith(DASH) || !name || !packed || more.length) throw new Unreadable();
      const all = fromBase64(packed);
      if (all.length < 5) throw new Unreadable();
      return { name, id: all.slice(0, 4), blob: all.slice(4) };
    });
  return { origin, size: number(size), root: hash, text, signatures };
}

export function readProof(data: string): Proof {
  const cut = data.indexOf("\n\n");
  const [head, index, ...path] = data.slice(0, cut).split("\n");
  const named = /^index (\S+)$/.exec(index ?? "");
  if (cut < 0 || head !== "c2sp.org/tlog-proof@v1" || !named) throw new Unreadable();
  const hashes = path.map(fromBase64);
  if (hashes.some((one) => one.length !== 32)) throw new Unreadable();
  return { index: number(named[1]), path: hashes, note: data.slice(cut + 2) };
}

// Whether the log signed this checkpoint: by name and number together, once, with a signature that holds.
export async function isSigned(found: Checkpoint, key: Key): Promise<boolean> {
  const own = found.signatures.filter((one) => one.name === key.name && same(one.id, key.id));
  if (found.origin !== key.name || own.length !== 1 || own[0]?.blob.length !== 64) return false;
  const known = await crypto.subtle.importKey("raw", key.public, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", known, own[0].blob, new TextEncoder().encode(found.text));
}

// Sizes go beyond 2^31: no bit operators, which cut numbers down.
const half = (n: number) => Math.floor(n / 2);
const isOdd = (n: number) => n % 2 === 1;

export async function isIncluded(
  leaf: Bytes,
  index: number,
  size: number,
  path: Bytes[],
  root: Bytes,
): Promise<boolean> {
  if (index >= size) return false;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  for (const step of path) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      hash = await nodeHash(step, hash);
      while (!isOdd(at) && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      hash = await nodeHash(hash, step);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && same(hash, root);
}

export async function isContinued(
  old: number,
  oldRoot: Bytes,
  size: number,
  root: Bytes,
  path: Bytes[],
): Promise<boolean> {
  if (old > size) return false;
  if (old === size) return path.length === 0 && same(oldRoot, root);
  if (old === 0) return path.length === 0;
  const steps = [...path];
  let at = old - 1;
  let last = size - 1;
  while (isOdd(at)) {
    at = half(at);
    last = half(last);
  }
  const first = at === 0 ? oldRoot : steps.shift();
  if (!first) return false;
  let before: Bytes = first;
  let now: Bytes = first;
  for (const step of steps) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      before = await nodeHash(step, before);
      now = await nodeHash(step, now);
      while (!isOdd(at) && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      now = await nodeHash(now, step);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && same(before, oldRoot) && same(now, root);
}
