// The newest records come again while somebody looks at the page.
const every = 15_000;

function button(): HTMLButtonElement | null {
  return document.querySelector<HTMLButtonElement>("[data-live]");
}

function show(b: HTMLButtonElement, on: boolean): void {
  b.hidden = false;
  b.setAttribute("aria-pressed", String(on));
  b.textContent = (on ? b.dataset.textOn : b.dataset.textOff) ?? "";
}

export function dash(): void {
  let on = true;
  if (!button()) return;
  show(button() as HTMLButtonElement, on);
  document.addEventListener("click", (e) => {
    const b = (e.target as Element).closest<HTMLButtonElement>("[data-live]");
    if (!b) return;
    on = !on;
    show(b, on);
  });
  document.addEventListener("htmx:after:swap", () => {
    const b = button();
    if (b?.hidden) show(b, on);
  });
  setInterval(() => {
    const part = document.querySelector("#records[hx-trigger=live]");
    if (on && !document.hidden && part && !part.contains(document.activeElement)) part.dispatchEvent(new CustomEvent("live"));
  }, every);
}
