// Sends a report without leaving the page, so that a connection that breaks loses nothing that was written.
// Nothing is stored on the device: what was written lies in the form, for as long as the page is open.
import { Again, answerTo, headOf } from "./shared/away.ts";

function begin(form: HTMLFormElement): void {
  const said = document.getElementById("away");
  const words = document.querySelector<HTMLTemplateElement>("#is-away");
  let isSending = false;

  const send = async (): Promise<void> => {
    again.stop();
    if (isSending || !form.isConnected) return;
    isSending = true;
    const button = form.querySelector("button");
    button?.setAttribute("aria-disabled", "true");
    try {
      const { page } = await answerTo(form, new FormData(form));
      document.title = page.title;
      document.body.replaceWith(page.body); // scripts of a page that was parsed so do not run
      const next = document.querySelector<HTMLFormElement>("form[enctype]");
      if (next) begin(next);
      window.scrollTo(0, 0);
      headOf(document);
    } catch {
      said?.replaceChildren(words?.content.cloneNode(true) ?? "");
      again.wait();
    } finally {
      isSending = false;
      button?.removeAttribute("aria-disabled");
    }
  };
  const again = new Again(() => void send());

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
}

const form = document.querySelector<HTMLFormElement>("form[enctype]");
if (form) begin(form);
