// The pages that search: completion, the list that scrolls, the record beside it,
// following live. Everything works without it, with pages instead.
import { $, all } from "./dom";
import { completeAll } from "./complete";
import { list } from "./list";
import { panel } from "./panel";
import { tail } from "./tail";

function ready(): void {
  completeAll();
  list();
  tail();
}

// Folders are links too where there is no script; a click on a link in the line
// of a folder must not open it.
document.addEventListener("toggle", (e) => {
  if (e.target instanceof HTMLDetailsElement && e.target.matches("details.s-drop") && e.target.open) {
    all<HTMLDetailsElement>("details.s-drop[open]").forEach((d) => { if (d !== e.target) d.open = false; });
    $<HTMLElement>("input:not([type=hidden])", e.target)?.focus();
  }
}, true);
document.addEventListener("keydown", (e) => {
  const menu = e.key === "Escape" ? $<HTMLDetailsElement>("details.s-drop[open]") : null;
  if (!menu) return;
  menu.open = false;
  $<HTMLElement>("summary", menu)?.focus();
  e.preventDefault();
});
document.addEventListener("click", (e) => {
  all<HTMLDetailsElement>("details.s-drop[open]").forEach((d) => { if (!d.contains(e.target as Node)) d.open = false; });
});
document.addEventListener("htmx:after:swap", () => {
  ready();
  const said = $<HTMLElement>("#said");
  if (said) said.textContent = said.dataset.loaded ?? "";
});
document.addEventListener("DOMContentLoaded", () => {
  ready();
  panel();
});
