// The histogram: a bar is a link, and a range of bars is chosen by dragging (mouse,
// pen or finger) or with Shift and the arrow keys. Going to a range means following
// the address of its times.
import { $, all, words } from "./dom";

export function histogram(figure: HTMLElement): void {
  if (figure.dataset.ready) return;
  figure.dataset.ready = "1";
  const svg = $<SVGSVGElement>("svg", figure);
  const bars = all<SVGAElement>("svg a", figure);
  const range = $<HTMLElement>("[data-range]", figure);
  if (!svg || bars.length === 0) return;
  let from = -1;
  let to = -1;
  let pointer = -1;
  let start = 0;
  let dragged = false;

  const mark = (): void => {
    const [a, b] = [Math.min(from, to), Math.max(from, to)];
    let n = 0;
    bars.forEach((bar, i) => {
      const on = from >= 0 && i >= a && i <= b;
      bar.classList.toggle("chosen", on);
      if (on) n += Number(bar.dataset.n ?? 0);
    });
    if (!range) return;
    const [first, last] = [bars[a], bars[b]];
    range.textContent = from < 0 || !first || !last ? "" : words(range.dataset.range, {
      from: (first.dataset.from ?? "").replace("T", " "), to: (last.dataset.to ?? "").replace("T", " "), n,
    });
  };
  const clear = (): void => {
    from = to = pointer = -1;
    mark();
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
  const at = (x: number): number => {
    const box = svg.getBoundingClientRect();
    return Math.min(Math.max(Math.floor(((x - box.left) / box.width) * bars.length), 0), bars.length - 1);
  };
  const stop = (i: number): void => bars.forEach((bar, j) => bar.setAttribute("tabindex", i === j ? "0" : "-1"));
  stop(bars.length - 1);

  svg.addEventListener("pointerdown", (e) => {
    if (e.button !== 0 || pointer >= 0) return;
    pointer = e.pointerId;
    start = e.clientX;
    dragged = false;
    from = to = at(e.clientX);
    if (e.pointerType === "mouse") e.preventDefault(); // no dragging of links
  });
  // The window hears the end of a drag that left the figure.
  const move = (e: PointerEvent): void => {
    if (e.pointerId !== pointer) return;
    if (!svg.isConnected) {
      pointer = -1;
      return;
    }
    if (Math.abs(e.clientX - start) > 6) dragged = true;
    if (!dragged) return;
    to = at(e.clientX);
    mark();
  };
  const up = (e: PointerEvent): void => {
    if (e.pointerId !== pointer) return;
    pointer = -1;
    if (dragged && svg.isConnected) go();
    else clear();
  };
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", up);
  window.addEventListener("pointercancel", (e) => {
    if (e.pointerId === pointer) clear();
  });
  svg.addEventListener("click", (e) => {
    if (dragged) e.preventDefault();
  }, true);
  figure.addEventListener("dragstart", (e) => e.preventDefault());

  bars.forEach((bar, i) => {
    bar.addEventListener("keydown", (e) => {
      let next = i;
      if (e.key === "ArrowRight") next = i + 1;
      else if (e.key === "ArrowLeft") next = i - 1;
      else if (e.key === "Home") next = 0;
      else if (e.key === "End") next = bars.length - 1;
      else if (e.key === "Escape" && from >= 0) {
        clear();
        e.preventDefault();
        e.stopPropagation();
        return;
      } else if (e.key === "Enter" && from >= 0 && from !== to) {
        go();
        e.preventDefault();
        return;
      } else return;
      next = Math.min(Math.max(next, 0), bars.length - 1);
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
    });
  });
}
