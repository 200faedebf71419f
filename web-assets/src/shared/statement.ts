// A statement, written and signed where its party is: the bytes that `truceline submit` would write.
// Source: DSSE v1 (pre-authentication encoding); record/entry.py, of which this is the other half.
import { fromBase64, hex, type Bytes } from "./log.ts";

const SCHEMA = "truceline/statement/1";
const PAYLOAD_TYPE = "application/vnd.truceline.statement.v1+json";
const DEMO = "truceline demo key: published, worth nothing\n";
/** What stands before a seed of 32 bytes in PKCS #8 (RFC 8410). */
const PKCS8 = "302e020100300506032b657004220420";
const LONGEST = 65_535;

/** What is said, and by whom. */
export interface Draft {
  type: string;
  by: string;
  body: unknown;
  /** Whether it speaks of the text in force. */
  isOfText: boolean;
}

/** What the next statement of a party has to say, as `/api/v1/lines/{party}` answers. */
export interface Line {
  next: number;
  previous: string;
  cites: { root: string; size: number };
  log: string;
  under: string;
}

export interface Signer {
  /** How a signature names the key. */
  id: string;
  name: string;
  sign(message: Bytes): Promise<Bytes>;
}

export class NoKey extends Error {}

/** JSON with sorted names and without blanks: one way to write a value. Numbers are whole. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${pairs.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(",")}}`;
}

/** The payload of a statement: what is signed, byte for byte. */
export function payloadOf(draft: Draft, line: Line): Bytes {
  return utf8(
    canonical({
      blobs: [],
      body: draft.body,
      by: draft.by,
      cites: { root: line.cites.root, size: line.cites.size },
      claims: null,
      log: line.log,
      previous: line.previous,
      schema: SCHEMA,
      sealed: null,
      sequence: line.next,
      type: draft.type,
      under: draft.isOfText ? line.under : "",
    }),
  );
}

/** An entry: a payload with the signature of a party. */
export async function signed(payload: Bytes, signer: Signer): Promise<Bytes> {
  const head = utf8(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `);
  const message = new Uint8Array(head.length + payload.length);
  message.set(head);
  message.set(payload, head.length);
  const mark = { keyid: signer.id, sig: base64(await signer.sign(message)) };
  const entry = utf8(JSON.stringify({ payload: base64(payload), payloadType: PAYLOAD_TYPE, signatures: [mark] }));
  if (entry.length > LONGEST) throw new RangeError("too long");
  return entry;
}

/** The key of a file as `truceline keys` keeps it; what it holds is gone with the page. */
export async function signerOfFile(text: string): Promise<Signer> {
  let found: Record<string, unknown>;
  try {
    found = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new NoKey();
  }
  if (found["use"] !== "sign" || typeof found["secret"] !== "string" || typeof found["public"] !== "string")
    throw new NoKey();
  return signerOf(fromBase64(found["secret"]), fromBase64(found["public"]), String(found["name"] ?? ""));
}

/** The key of a party in a demonstration: everybody can compute it. */
export async function demoSigner(party: string): Promise<Signer> {
  const seed = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(`${DEMO}${party}\nsign`)));
  const key = await crypto.subtle.importKey("pkcs8", pkcs8(seed), "Ed25519", true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", key);
  return signerOf(seed, fromBase64(padded(x ?? "")), party);
}

async function signerOf(seed: Bytes, open: Bytes, name: string): Promise<Signer> {
  if (seed.length !== 32 || open.length !== 32) throw new NoKey();
  const key = await crypto.subtle.importKey("pkcs8", pkcs8(seed), "Ed25519", false, ["sign"]);
  const id = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", open))).slice(0, 16);
  return { id, name, sign: async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, message)) };
}

function pkcs8(seed: Bytes): Bytes {
  const head = Uint8Array.from(PKCS8.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const whole = new Uint8Array(head.length + seed.length);
  whole.set(head);
  whole.set(seed, head.length);
  return whole;
}

function padded(text: string): string {
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  return plain + "=".repeat((4 - (plain.length % 4)) % 4);
}

function base64(data: Bytes): string {
  return btoa(Array.from(data, (one) => String.fromCharCode(one)).join(""));
}

function utf8(text: string): Bytes {
  return new TextEncoder().encode(text) as Bytes;
}
