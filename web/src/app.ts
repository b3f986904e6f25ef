// The small part of the pages that needs a script. Everything works without it.
import { dash } from "./dash";
import { frame } from "./frame";
import { settings } from "./settings";

const $ = <T extends Element>(s: string, root: ParentNode = document): T | null => root.querySelector<T>(s);
const all = <T extends Element>(s: string, root: ParentNode = document): T[] => [...root.querySelectorAll<T>(s)];

function typing(e: Event): boolean {
  const t = e.target as HTMLElement | null;
  return !!t && (t.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName));
}

// Keys: "/" search field, j and k records, "?" help.
function keys(e: KeyboardEvent): void {
  if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || typing(e)) return;
  if (e.key === "/") {
    const field = $<HTMLInputElement>("[data-first]") ?? $<HTMLInputElement>("[data-quick]");
    field?.focus();
    field?.select();
  } else if (e.key === "?") {
    $<HTMLDialogElement>("#keys")?.showModal();
  } else if (e.key === "j" || e.key === "k") {
    const links = all<HTMLElement>("a[data-row]");
    const here = links.indexOf(document.activeElement as HTMLElement);
    const next = links[e.key === "j" ? here + 1 : Math.max(here - 1, 0)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  } else {
    return;
  }
  e.preventDefault();
}

// The histogram: one tab stop, arrows move between days, Shift or a drag
// chooses a range. Going to a range means following the address of its days.
function histogram(figure: HTMLElement): void {
  if (figure.dataset.ready) return;
  figure.dataset.ready = "1";
  const bars = all<SVGAElement>("svg a", figure);
  if (bars.length === 0) return;
  let from = -1;
  let to = -1;
  let dragged = false;
  const mark = (): void => {
    const [a, b] = [Math.min(from, to), Math.max(from, to)];
    bars.forEach((bar, i) => bar.classList.toggle("chosen", from >= 0 && i >= a && i <= b));
  };
  const go = (): void => {
    const first = bars[Math.min(from, to)];
    const last = bars[Math.max(from, to)];
    if (!first || !last) return;
    const u = new URL(first.getAttribute("href") ?? "", location.href);
    u.searchParams.set("from", first.dataset.from ?? "");
    u.searchParams.set("to", last.dataset.to ?? "");
    location.assign(u.href);
  };
  const stop = (i: number): void => bars.forEach((bar, j) => bar.setAttribute("tabindex", i === j ? "0" : "-1"));
  stop(bars.length - 1);
  bars.forEach((bar, i) => {
    bar.addEventListener("pointerdown", (e) => {
      if (e.button !== 0 || e.pointerType === "touch") return;
      from = to = i;
      dragged = false;
      e.preventDefault();
    });
    bar.addEventListener("pointerenter", (e) => {
      if (from < 0 || !(e.buttons & 1)) return;
      to = i;
      dragged ||= from !== to;
      mark();
    });
    bar.addEventListener("click", (e) => {
      if (dragged) e.preventDefault();
    });
    bar.addEventListener("keydown", (e) => {
      const step = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
      if (step !== 0) {
        const next = Math.min(Math.max(i + step, 0), bars.length - 1);
        if (e.shiftKey) {
          if (from < 0) from = i;
          to = next;
        } else {
          from = to = -1;
        }
        mark();
        stop(next);
        bars[next]?.focus();
        e.preventDefault();
      } else if (e.key === "Enter" && from >= 0 && from !== to) {
        go();
        e.preventDefault();
      }
    });
  });
  figure.addEventListener("dragstart", (e) => e.preventDefault());
  document.addEventListener("pointerup", () => {
    if (from >= 0 && dragged) go();
    else if (from === to) from = to = -1;
  });
}

// Paths can be copied with one press where the browser allows it.
function copy(el: HTMLElement): void {
  if (el.dataset.ready || !navigator.clipboard) return;
  el.dataset.ready = "1";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = document.body.dataset.copyText ?? "Copy";
  button.addEventListener("click", () => {
    void navigator.clipboard.writeText(el.textContent ?? "").then(() => {
      button.textContent = document.body.dataset.copiedText ?? "Copied";
    });
  });
  el.after(" ", button);
}

function dates(input: HTMLInputElement): void {
  input.addEventListener("input", () => {
    const period = input.form?.elements.namedItem("period");
    if (period instanceof HTMLSelectElement) period.value = "custom";
  });
}

// The other language shows the search that is on the screen now.
function language(e: Event): void {
  const link = e.currentTarget as HTMLAnchorElement;
  const u = new URL(location.href);
  u.searchParams.set("lang", link.hreflang);
  link.href = u.href;
}

function ready(): void {
  all<HTMLElement>("[data-hist]").forEach(histogram);
  all<HTMLElement>("[data-copy]").forEach(copy);
}

frame();
document.addEventListener("keydown", keys);
document.addEventListener("htmx:after:swap", ready);
document.addEventListener("DOMContentLoaded", () => {
  ready();
  all<HTMLInputElement>("[data-date]").forEach(dates);
  dash();
  settings();
  $<HTMLAnchorElement>("a.lang")?.addEventListener("click", language);
});
