// The small part of the pages that needs a script. Everything works without it.
import { dash } from "./dash";
import { frame } from "./frame";
import { settings } from "./settings";

import { histogram } from "./brush";
import { $, all } from "./dom";

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
document.addEventListener("akashi:shown", ready);
document.addEventListener("DOMContentLoaded", () => {
  ready();
  all<HTMLInputElement>("[data-date]").forEach(dates);
  dash();
  settings();
  $<HTMLAnchorElement>("a.lang")?.addEventListener("click", language);
});
