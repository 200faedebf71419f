// A queue for the notification desk: what is written without a connection waits in the page and is sent when there is one.
// Nothing is stored on the device: what waits lies in the memory of the page, for as long as the page is open.
import { Again, answerTo, type Answered } from "./shared/away.ts";

type State = "waiting" | "sending" | "sent" | "refused" | "outside";

interface Item {
  label: string;
  body: URLSearchParams;
  state: State;
  /** Where it stands, once it was taken. */
  url: string;
  /** What the service says of it, in the language of the page. */
  said: string;
  /** The same as it stands on the page that answered: what was found, line by line. */
  fault: Element | null;
}

const TAKEN = /^\/notify\/[a-p]{16}$/;

class Queue {
  private readonly items: Item[] = [];
  private readonly list: HTMLOListElement;
  private readonly said: HTMLElement;
  private readonly again = new Again(() => void this.run());
  private isRunning = false;

  constructor(
    private readonly form: HTMLFormElement,
    private readonly box: HTMLElement,
  ) {
    this.list = box.querySelector<HTMLOListElement>("ol") as HTMLOListElement;
    this.said = box.querySelector<HTMLElement>("[role=status]") as HTMLElement;
  }

  begin(): void {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.take();
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.open().length) event.preventDefault();
    });
  }

  private open(): Item[] {
    return this.items.filter((one) => one.state !== "sent");
  }

  private take(): void {
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(this.form)) if (typeof value === "string") body.append(name, value);
    body.set("sent", crypto.randomUUID()); // what arrived, and whose answer was lost, is no second notice
    const kind = this.form.querySelector<HTMLSelectElement>("select[name=kind]")?.selectedOptions[0]?.textContent ?? "";
    const label = [kind, body.get("what")].filter(Boolean).join(": ");
    this.items.push({ label, body, state: "waiting", url: "", said: "", fault: null });
    this.clear();
    void this.run();
  }

  /** An empty form for the next one, at its first field; what one owner lets others see says nothing of the next. */
  private clear(): void {
    const kind = this.form.querySelector<HTMLSelectElement>("select[name=kind]");
    const kept = kind?.value;
    this.form.reset();
    document.getElementById("fault")?.remove();
    if (kind && kept) kind.value = kept;
    this.form.querySelector<HTMLElement>("[name=what]")?.focus();
  }

  private async run(): Promise<void> {
    this.again.stop();
    if (this.isRunning) return;
    this.isRunning = true;
    try {
      for (let one = this.next(); one; one = this.next()) {
        one.state = "sending";
        this.show();
        try {
          this.settle(one, await answerTo(this.form, one.body));
        } catch {
          one.state = "waiting";
          this.tell("away");
          this.again.wait();
          return;
        }
      }
    } finally {
      this.isRunning = false;
      this.show();
    }
  }

  private next(): Item | undefined {
    return this.items.find((one) => one.state === "waiting");
  }

  private settle(one: Item, { status, url, page }: Answered): void {
    const path = new URL(url).pathname;
    if (status < 300 && TAKEN.test(path)) {
      one.state = "sent";
      one.url = url;
      one.said = page.querySelector("[data-short]")?.textContent?.trim() ?? "";
      if (this.items.length === 1) window.location.assign(url);
      else this.tell("sent");
      return;
    }
    one.fault = page.querySelector("[role=alert]");
    one.said = (one.fault ?? page.querySelector("main p:not(:has(a))"))?.textContent?.trim() ?? "";
    one.state = status === 401 || status === 403 || status === 404 ? "outside" : status >= 500 ? "waiting" : "refused";
    this.tell(one.state);
    if (one.state === "waiting") {
      this.again.wait();
      throw new TypeError("not answered");
    }
    if (this.items.length === 1 && one.state === "refused") this.back(one);
  }

  /** What was written goes back into the form, with what is wrong with it. */
  private back(one: Item): void {
    this.items.splice(this.items.indexOf(one), 1);
    for (const field of this.form.querySelectorAll<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>(
      "[name]",
    )) {
      if (field.type === "hidden") continue;
      const value = one.body.get(field.name);
      if (field instanceof HTMLInputElement && ["checkbox", "radio"].includes(field.type))
        field.checked = one.body.getAll(field.name).includes(field.value);
      else if (value !== null) field.value = value;
    }
    const alert = one.fault ? document.importNode(one.fault, true) : document.createElement("p");
    alert.id = "fault";
    if (!one.fault) alert.textContent = one.said;
    document.getElementById("fault")?.remove();
    this.form.before(alert);
    if (alert instanceof HTMLElement) {
      alert.tabIndex = -1;
      alert.focus();
    }
    this.show();
  }

  private show(): void {
    this.box.hidden = this.items.length === 0;
    this.list.replaceChildren(
      ...this.items.map((one) => {
        const row = document.createElement("li");
        row.dataset["state"] = one.state;
        const label = document.createElement("bdi");
        label.textContent = one.label;
        row.append(label, " ", this.word(one.state));
        if (one.said) {
          const said = document.createElement("span");
          said.className = "block";
          said.dir = "auto";
          said.textContent = one.said;
          row.append(said);
        }
        if (one.url) {
          const link = row.querySelector("a") ?? document.createElement("a");
          link.href = one.url;
        }
        row.querySelector("[data-back]")?.addEventListener("click", () => this.back(one));
        row.querySelector("[data-again]")?.addEventListener("click", () => {
          one.state = "waiting";
          void this.run();
        });
        return row;
      }),
    );
  }

  private tell(name: string): void {
    this.said.replaceChildren(this.word(`said-${name}`));
  }

  private word(name: string): DocumentFragment {
    const found = this.box.querySelector<HTMLTemplateElement>(`template[data-word="${name}"]`);
    return (found?.content.cloneNode(true) as DocumentFragment | undefined) ?? document.createDocumentFragment();
  }
}

const form = document.querySelector<HTMLFormElement>("form.notify-form");
const box = document.querySelector<HTMLElement>("#notify-queue");
if (form && box) new Queue(form, box).begin();
