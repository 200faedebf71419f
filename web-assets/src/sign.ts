// Signs a draft in the browser of its party and hands it in. The key is read from a file that the party chooses, is used
// once and forgotten with the page; the service gets the signed entry and nothing else. Without this script the same
// draft is signed at the command line: its lines stand on the page.
import {
  canonical,
  demoSigner,
  type Draft,
  type Line,
  NoKey,
  payloadOf,
  signed,
  type Signer,
  signerOfFile,
} from "./shared/statement.ts";

interface Given extends Draft {
  isDemo: boolean;
}

class Signing {
  private readonly said: HTMLElement;
  private entry: Uint8Array<ArrayBuffer> | undefined;

  constructor(
    private readonly box: HTMLElement,
    private readonly draft: Given,
  ) {
    this.said = box.querySelector<HTMLElement>("[data-said]") as HTMLElement;
  }

  begin(): void {
    this.box.hidden = false;
    const file = this.box.querySelector<HTMLInputElement>("input[type=file]");
    this.box.querySelector("[data-sign]")?.addEventListener("click", () => {
      void this.run(async () => {
        if (this.draft.isDemo) return demoSigner(this.draft.by);
        const key = file?.files?.[0];
        if (!key) throw new NoKey();
        return signerOfFile(await key.text());
      });
    });
  }

  private async run(key: () => Promise<Signer>): Promise<void> {
    const button = this.box.querySelector<HTMLButtonElement>("[data-sign]");
    button?.setAttribute("aria-disabled", "true");
    try {
      const signer = await key();
      if (signer.name !== this.draft.by) throw new NoKey();
      this.tell(await this.hand(signer));
    } catch (error) {
      this.tell(error instanceof NoKey ? "no-key" : error instanceof TypeError ? "away" : "unable");
    } finally {
      button?.removeAttribute("aria-disabled");
    }
  }

  /** Sign and hand in; where something of this party came in between, once more after it. */
  private async hand(signer: Signer): Promise<string> {
    const line = await asked<Line>(`/api/v1/lines/${encodeURIComponent(this.draft.by)}`);
    for (let turn = 0, at = line; turn < 2; turn++) {
      this.entry = await signed(payloadOf(this.draft, at), signer);
      const found = await fetch("/api/v1/statements", {
        method: "POST",
        body: this.entry,
        headers: { "Content-Type": "application/octet-stream", "X-Truceline-CSRF": csrf() },
      });
      const told = (await found.json()) as { entry?: number; detail?: string; expected?: Line; held?: string };
      if (found.status === 409 && told.expected) {
        at = told.expected;
        continue;
      }
      this.detail(told.entry === undefined ? (told.held ?? told.detail ?? "") : `#${told.entry}`);
      if (found.ok) this.box.dispatchEvent(new CustomEvent("signed", { bubbles: true }));
      return found.status === 202 ? "held" : found.ok ? "taken" : "refused";
    }
    return "moved";
  }

  private detail(text: string): void {
    this.box.dataset["detail"] = text;
  }

  private tell(name: string): void {
    const found = this.box.querySelector<HTMLTemplateElement>(`template[data-word="${name}"]`);
    this.said.replaceChildren(found?.content.cloneNode(true) ?? "");
    const place = this.said.querySelector("[data-detail]");
    if (place) place.textContent = this.box.dataset["detail"] ?? "";
    this.said.focus();
  }
}

async function asked<T>(path: string): Promise<T> {
  const found = await fetch(path, { cache: "no-store" });
  if (!found.ok) throw new TypeError("not answered");
  return (await found.json()) as T;
}

function csrf(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
}

for (const box of document.querySelectorAll<HTMLElement>(".tosign-here")) {
  const given = box.querySelector('script[type="application/json"]')?.textContent;
  if (given && window.isSecureContext && crypto.subtle) new Signing(box, JSON.parse(given) as Given).begin();
}

export { canonical, payloadOf, signed };
