// The box of a path completes from the catalogue while one types: an ARIA combobox
// with a list box. Without this script it is a plain search field.
import { all, html, part } from "./dom";

const wait = 90; // ms after the last key

export function complete(input: HTMLInputElement): void {
  if (input.dataset.ready) return;
  input.dataset.ready = "1";
  const form = input.form;
  const row = input.closest<HTMLElement>(".pick");
  const how = form?.elements.namedItem("how");
  if (!form || !row || !(how instanceof HTMLSelectElement)) return;

  const list = document.createElement("ul");
  list.id = `${input.id}-paths`;
  list.className = "paths";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.labels?.[0]?.textContent ?? "");
  list.hidden = true;
  row.append(list);
  const say = document.createElement("span");
  say.className = "sr";
  say.setAttribute("role", "status");
  row.append(say);
  for (const [k, v] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id], ["aria-haspopup", "listbox"]] as const) input.setAttribute(k, v);

  const first = how.value === "part" ? null : { path: input.value, how: how.value };
  let chosen = -1;
  let timer = 0;
  let asking: AbortController | null = null;

  const options = (): HTMLElement[] => all<HTMLElement>("[role=option]", list);
  const close = (): void => {
    window.clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (i: number): void => {
    const l = options();
    chosen = l.length === 0 ? -1 : (i + l.length) % l.length;
    l.forEach((o, j) => o.setAttribute("aria-selected", String(j === chosen)));
    const o = l[chosen];
    if (!o) return;
    input.setAttribute("aria-activedescendant", o.id);
    o.scrollIntoView({ block: "nearest" });
  };
  // take puts a path into the form: instead of what is there, or beside it.
  const take = (o: HTMLElement, beside: boolean): void => {
    if (o.dataset.url) { // a name that a field cannot show
      location.assign(o.dataset.url);
      return;
    }
    const path = o.dataset.path ?? "";
    if (beside && first && first.path !== path) {
      const also = document.createElement("input");
      also.type = "hidden";
      also.name = "also";
      also.value = path;
      form.append(also);
      input.value = first.path;
      how.value = first.how;
    } else {
      input.value = path;
      how.value = o.dataset.how ?? "part";
    }
    close();
    form.requestSubmit();
  };
  const ask = async (): Promise<void> => {
    const typed = input.value.trim();
    asking?.abort();
    if (typed === "" || (first && typed === first.path)) return close();
    asking = new AbortController();
    try {
      const r = await part(`${input.dataset.complete}?typed=${encodeURIComponent(typed)}`, asking.signal);
      const text = r.status === 204 ? "" : await r.text();
      list.replaceChildren(html(text));
      const l = options();
      for (const o of l) {
        o.id = `${list.id}-${o.id}`;
        if (!first) continue;
        const add = document.createElement("button"); // for pointers; keys have Shift+Enter
        add.type = "button";
        add.tabIndex = -1;
        add.className = "s-small";
        add.setAttribute("aria-hidden", "true");
        add.textContent = `＋ ${input.dataset.add ?? ""}`;
        o.append(add);
      }
      chosen = -1;
      input.removeAttribute("aria-activedescendant");
      list.hidden = l.length === 0;
      input.setAttribute("aria-expanded", String(l.length > 0));
      say.textContent = (l.length > 0 ? input.dataset.found : input.dataset.none) ?? "";
    } catch {
      // the next key asks again; the plain search works all the same
    }
  };
  input.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), wait);
    if (first && input.value !== first.path && how.value !== "part") how.value = "part";
  });
  input.addEventListener("keydown", (e) => {
    if (e.isComposing) return;
    const o = options()[chosen];
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      if (list.hidden) return void ask();
      choose(e.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? -1 : chosen - 1);
    } else if (e.key === "Enter" && !list.hidden && o) {
      take(o, e.shiftKey);
    } else if (e.key === "Escape" && !list.hidden) {
      close();
    } else if (e.key === "Enter") {
      return close();
    } else return;
    e.preventDefault();
    e.stopPropagation();
  });
  input.addEventListener("blur", () => window.setTimeout(close, 120));
  list.addEventListener("pointerdown", (e) => e.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (e) => {
    const t = e.target as Element;
    const o = t.closest<HTMLElement>("[role=option]");
    if (o) take(o, t.closest("button") !== null);
  });
}

export function completeAll(): void {
  all<HTMLInputElement>("input[data-complete]").forEach(complete);
}
