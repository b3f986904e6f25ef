// Following live: while the button is pressed and the page is looked at, new records
// are asked for every two seconds.
import { $, html, part, shown, words } from "./dom";
import { theList } from "./list";

const every = 2_000; // ms
const most = 500; // rows that a plain table keeps

export function tail(): void {
  const button = $<HTMLButtonElement>("#tail");
  if (!button || button.dataset.ready) return;
  button.dataset.ready = "1";
  button.hidden = false;
  const label = button.textContent ?? "";
  let url = new URL(button.dataset.tail ?? "", location.href);
  let timer = 0;
  let came = 0;
  let busy = false;

  const add = (rows: HTMLTableRowElement[]): void => {
    for (const r of rows) r.classList.add("fresh");
    const l = theList();
    if (l) {
      l.prepend(rows);
      return;
    }
    const body = $<HTMLTableSectionElement>("#rows");
    body?.prepend(...rows);
    while (body && body.rows.length > most) body.deleteRow(-1);
  };
  const ask = async (): Promise<void> => {
    if (busy || document.hidden) return;
    if (!button.isConnected) {
      window.clearInterval(timer);
      return;
    }
    busy = true;
    try {
      const r = await part(url.href);
      const after = r.headers.get("Akashi-After");
      if (after) url.searchParams.set("after", after);
      if (r.status !== 204) {
        const rows = [...html(await r.text()).querySelectorAll("tr")];
        came += rows.length;
        add(rows);
        shown();
        button.textContent = `${button.dataset.on ?? ""} · ${words(button.dataset.new, { n: came })}`;
      }
    } catch {
      // the next turn asks again
    } finally {
      busy = false;
    }
  };
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? (button.dataset.on ?? "") : label;
    window.clearInterval(timer);
    if (!on) return;
    came = 0;
    void ask();
    timer = window.setInterval(() => void ask(), every);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && button.isConnected && button.getAttribute("aria-pressed") === "true") void ask();
  });
}
