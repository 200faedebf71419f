// Sends what a form holds without leaving the page, and once more when there is a connection again.
// Nothing is stored on the device: what waits lies in the memory of the page, for as long as the page is open.

const AGAIN_MS = 5_000;

/** The page that a service answers to a form; rejects where there is no connection, and where a gateway alone answers. */
export async function answerTo(form: HTMLFormElement, body: FormData | URLSearchParams): Promise<Answered> {
  const found = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await found.text(), "text/html");
  return { status: found.status, url: found.url, page };
}

export interface Answered {
  status: number;
  /** Where the answer stands, after what redirected to it. */
  url: string;
  page: Document;
}

/** Calls again after a while, and at once when the browser says that it has a connection. */
export class Again {
  private later: number | undefined;

  constructor(private readonly call: () => void) {
    window.addEventListener("online", () => {
      if (this.later !== undefined) this.now();
    });
  }

  wait(): void {
    this.stop();
    this.later = window.setTimeout(() => this.now(), AGAIN_MS);
  }

  stop(): void {
    window.clearTimeout(this.later);
    this.later = undefined;
  }

  private now(): void {
    this.stop();
    this.call();
  }
}

/** Brings whoever listens to the head of what is new. */
export function headOf(within: ParentNode): void {
  const head = within.querySelector<HTMLElement>("h1");
  if (!head) return;
  head.tabIndex = -1;
  head.focus();
}
