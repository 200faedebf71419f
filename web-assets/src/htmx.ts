// htmx, as a module of our own: parts of a page are replaced where that spares a reload. Without it every page works.
import htmx from "htmx.org";

htmx.config.mode = "same-origin";
htmx.config.history = true;

// A session's writes carry the value that only our own pages know.
document.addEventListener("htmx:config:request", (event) => {
  const csrf = document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content;
  const request = (event as CustomEvent<{ ctx?: { request?: { headers?: Record<string, string> } } }>).detail.ctx
    ?.request;
  if (csrf && request?.headers) request.headers["X-Truceline-CSRF"] = csrf;
});

export default htmx;
