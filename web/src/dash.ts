// The newest records come again while somebody looks at the page, and all of it when the
// import that ran has ended.
const every = 15_000;

function button(): HTMLButtonElement | null {
  return document.querySelector<HTMLButtonElement>("[data-live]");
}

function show(b: HTMLButtonElement, on: boolean): void {
  b.hidden = false;
  b.setAttribute("aria-pressed", String(on));
  b.textContent = (on ? b.dataset.textOn : b.dataset.textOff) ?? "";
}

// renew has the page come again that was made while an import ran, unless somebody writes
// in it.
function renew(): void {
  const part = document.querySelector("[data-imported]");
  if (!part || document.querySelector("#line .run")) return;
  if (!document.activeElement?.matches("main :is(input, textarea, select)")) part.dispatchEvent(new CustomEvent("imported"));
}

export function dash(): void {
  let on = true;
  const first = button();
  if (first) show(first, on);
  document.addEventListener("click", (e) => {
    const b = (e.target as Element).closest<HTMLButtonElement>("[data-live]");
    if (!b) return;
    on = !on;
    show(b, on);
  });
  document.addEventListener("htmx:after:swap", () => {
    const b = button();
    if (b?.hidden) show(b, on);
    renew();
  });
  setInterval(() => {
    renew();
    const part = document.querySelector("#records[hx-trigger=live]");
    if (on && !document.hidden && part && !part.contains(document.activeElement)) part.dispatchEvent(new CustomEvent("live"));
  }, every);
}
