// On wide screens a record opens beside the list; its address stands behind the #
// of the list's own, which stays. Esc closes it. Elsewhere it is a page.
import { $, html, part, shown } from "./dom";

const wide = window.matchMedia("(min-width: 1200px)");
let asking: AbortController | null = null;
let from: HTMLElement | null = null; // the link that opened it

const hash = (url: string): string => `#${url}`;

export function closePanel(): void {
  const panel = $<HTMLElement>("#panel");
  if (!panel || panel.hidden) return;
  asking?.abort();
  panel.hidden = true;
  panel.replaceChildren();
  document.querySelector("tr.open")?.classList.remove("open");
  history.replaceState(history.state, "", location.pathname + location.search);
  if (from?.isConnected) from.focus();
  from = null;
}

export function panelOpen(): boolean {
  const panel = $<HTMLElement>("#panel");
  return !!panel && !panel.hidden;
}

async function open(url: string, link: HTMLElement | null, focus: boolean): Promise<void> {
  const panel = $<HTMLElement>("#panel");
  if (!panel) return;
  asking?.abort();
  asking = new AbortController();
  let text: string;
  try {
    text = await (await part(url, asking.signal)).text();
  } catch (e) {
    if (e instanceof DOMException && e.name === "AbortError") return;
    location.assign(url); // its page says what is wrong
    return;
  }
  const bar = document.createElement("div");
  bar.className = "s-bar";
  const page = document.createElement("a");
  page.href = url;
  page.textContent = panel.dataset.page ?? "";
  const close = document.createElement("button");
  close.type = "button";
  close.className = "s-small";
  close.textContent = `${panel.dataset.close ?? ""} (Esc)`;
  close.addEventListener("click", closePanel);
  bar.append(page, close);
  panel.replaceChildren(bar, html(text));
  if (panel.hidden) {
    panel.hidden = false;
    panel.closest(".beside")?.scrollIntoView({ block: "start" });
  }
  panel.scrollTop = 0;
  from = link;
  document.querySelector("tr.open")?.classList.remove("open");
  link?.closest("tr")?.classList.add("open");
  history.replaceState(history.state, "", location.pathname + location.search + hash(new URL(url, location.href).pathname));
  if (focus) $<HTMLElement>("h2", panel)?.focus();
  shown();
}

let follow = 0;

export function panel(): void {
  document.addEventListener("click", (e) => {
    if (e.defaultPrevented || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
    const link = (e.target as Element).closest?.<HTMLAnchorElement>("a[data-row]");
    if (!link || !wide.matches || !$("#panel")) return;
    e.preventDefault();
    void open(link.getAttribute("href") ?? "", link, e.detail === 0);
  });
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape" && !e.defaultPrevented && !document.querySelector("dialog[open]")) closePanel();
  });
  // With the panel open, moving through the rows (j, k) shows each record.
  document.addEventListener("focusin", (e) => {
    const link = e.target as HTMLElement;
    if (!link.matches?.("a[data-row]") || !panelOpen() || link === from) return;
    window.clearTimeout(follow);
    follow = window.setTimeout(() => void open(link.getAttribute("href") ?? "", link, false), 200);
  });
  const here = decodeURI(location.hash).slice(1) === "" ? "" : location.hash.slice(1);
  if (here.startsWith("/records/") && wide.matches) void open(here, null, false);
}
