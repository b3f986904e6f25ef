// The list of records scrolls over all that was found: rows of one height, asked for
// a hundred at a time, of which only those on the screen are in the page. On narrow
// screens and without this script there is a button for more.
import { $, html, part } from "./dom";

const size = 100; // rows of one answer
const spare = 12; // rows above and below the screen
const tallest = 8_000_000; // px that browsers scroll well
const keep = 6_000; // rows kept in memory
const settle = 70; // ms without scrolling before rows are asked for

export class List {
  private readonly rows = new Map<number, HTMLTableRowElement>();
  private readonly cursors = new Map<number, string>(); // of the row with that number
  private readonly asked = new Set<number>(); // pages on their way
  private readonly box = document.createElement("div");
  private readonly sheet = document.createElement("div");
  private readonly body: HTMLTableSectionElement;
  private readonly height: number; // of a row
  private head = 0; // of the column titles
  private pos = 0; // row at the top of the screen, with its fraction
  private last = 0; // scrollTop
  private timer = 0;

  constructor(private readonly section: HTMLElement, private readonly table: HTMLTableElement, private total: number) {
    const body = table.tBodies[0];
    if (!body) throw new Error("no rows");
    this.body = body;
    this.height = table.classList.contains("dense") ? 26 : 32;
    [...body.rows].forEach((r, i) => this.rows.set(i, r));
    const more = $<HTMLAnchorElement>("#next a", section);
    const next = more ? new URL(more.href).searchParams.get("cursor") : null;
    if (next) this.cursors.set(body.rows.length, next);
    if (this.total < body.rows.length) this.total = body.rows.length;
    this.box.className = "vlist";
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "region");
    this.box.setAttribute("aria-label", table.caption?.textContent ?? "");
    this.sheet.className = "vsheet";
    table.replaceWith(this.box);
    this.sheet.append(table);
    this.box.append(this.sheet);
    table.classList.add("fixed");
    this.head = table.tHead?.offsetHeight ?? 0;
    $<HTMLElement>("#next", section)?.setAttribute("hidden", "");
    this.box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.box);
    this.resize();
    this.draw();
  }

  get alive(): boolean {
    return this.section.isConnected;
  }

  private get screen(): number {
    return Math.max((this.box.clientHeight - this.head) / this.height, 1);
  }

  private get full(): number {
    return this.total * this.height + this.head;
  }

  private resize(): void {
    this.sheet.style.height = `${Math.min(this.full, tallest)}px`;
    this.table.setAttribute("aria-rowcount", String(this.total + 1));
  }

  // scrolled finds the row at the top. Beyond the height that browsers scroll, a
  // short move is a move by rows, and a long one goes to the same part of the list.
  private scrolled(): void {
    const top = this.box.scrollTop;
    const most = this.sheet.offsetHeight - this.box.clientHeight;
    const end = Math.max(this.total - this.screen, 0);
    if (this.full <= tallest) this.pos = top / this.height;
    else if (top <= 0) this.pos = 0;
    else if (top >= most - 1) this.pos = end;
    else if (Math.abs(top - this.last) < this.box.clientHeight * 2) this.pos += (top - this.last) / this.height;
    else this.pos = (top / most) * end;
    this.pos = Math.min(Math.max(this.pos, 0), end);
    this.last = top;
    this.draw();
  }

  private blank(i: number): HTMLTableRowElement {
    const r = document.createElement("tr");
    r.className = "blank";
    const c = r.insertCell();
    c.colSpan = this.table.tHead?.rows[0]?.cells.length ?? 1;
    c.textContent = "…";
    r.dataset.at = String(i);
    return r;
  }

  private draw(): void {
    const first = Math.max(Math.floor(this.pos) - spare, 0);
    const end = Math.min(Math.ceil(this.pos + this.screen) + spare, this.total);
    const want: HTMLTableRowElement[] = [];
    const gone = new Map<string, HTMLTableRowElement>();
    for (const r of this.body.rows) if (r.dataset.at) gone.set(r.dataset.at, r);
    let missing = -1;
    for (let i = first; i < end; i++) {
      let r = this.rows.get(i);
      if (!r) {
        if (missing < 0) missing = i;
        r = gone.get(String(i)) ?? this.blank(i);
      }
      r.setAttribute("aria-rowindex", String(i + 2));
      want.push(r);
    }
    const keepNow = new Set(want);
    for (const r of [...this.body.rows]) if (!keepNow.has(r)) r.remove();
    want.forEach((r, i) => {
      if (this.body.rows[i] !== r) this.body.insertBefore(r, this.body.rows[i] ?? null);
    });
    this.table.style.top = `${Math.round(this.box.scrollTop - (this.pos - first) * this.height)}px`;
    const where = $<HTMLElement>("#where", this.section);
    if (where) {
      where.hidden = false;
      const n = (x: number): string => x.toLocaleString("en-US");
      where.textContent = `${n(Math.min(Math.floor(this.pos) + 1, this.total))}–${n(Math.min(Math.floor(this.pos + this.screen), this.total))} / ${n(this.total)}`;
    }
    window.clearTimeout(this.timer);
    if (missing >= 0 || (end < this.total && !this.rows.has(end + size - 1))) this.timer = window.setTimeout(() => void this.load(first, Math.min(end + size / 2, this.total)), settle);
  }

  // load asks for what is missing between two rows.
  private async load(first: number, end: number): Promise<void> {
    for (let p = first - (first % size); p < end; p += size) {
      let at = -1;
      for (let i = Math.max(p, 0); i < Math.min(p + size, this.total); i++) {
        if (!this.rows.has(i)) {
          at = i;
          break;
        }
      }
      if (at < 0 || this.asked.has(p)) continue;
      this.asked.add(p);
      try {
        await this.ask(at, p + size - at);
      } catch {
        // scrolling again asks again
      } finally {
        this.asked.delete(p);
      }
      if (!this.alive) return;
      if (p + size < this.pos - spare || p > this.pos + this.screen + size) return; // one scrolled on
    }
  }

  private async ask(at: number, n: number): Promise<void> {
    let url = `${this.section.dataset.list}&at=${at}&n=${n}`;
    const cursor = this.cursors.get(at);
    if (cursor) url += `&cursor=${encodeURIComponent(cursor)}`;
    const shift = this.shift;
    const r = await part(url);
    const next = r.headers.get("Akashi-Next") ?? "";
    const got = [...html(await r.text()).querySelectorAll("tr")];
    at += this.shift - shift; // rows came in at the top meanwhile
    got.forEach((row, i) => this.rows.set(at + i, row));
    if (next) this.cursors.set(at + got.length, next);
    const end = at + got.length;
    if (got.length < n && end < this.total && !next) this.total = end; // fewer than were counted
    else if (next && end >= this.total) this.total = end + size; // what is archived is not counted
    this.resize();
    this.forget();
    this.draw();
  }

  private forget(): void {
    if (this.rows.size <= keep) return;
    const far = [...this.rows.keys()].sort((a, b) => Math.abs(b - this.pos) - Math.abs(a - this.pos));
    for (const i of far.slice(0, this.rows.size - keep)) this.rows.delete(i);
  }

  private shift = 0;

  // prepend puts new rows before all others. Who reads further down keeps the place.
  prepend(fresh: HTMLTableRowElement[]): void {
    const n = fresh.length;
    const move = <V>(m: Map<number, V>): void => {
      const l = [...m];
      m.clear();
      for (const [k, v] of l) m.set(k + n, v);
    };
    move(this.rows);
    move(this.cursors);
    fresh.forEach((r, i) => this.rows.set(i, r));
    this.shift += n;
    this.total += n;
    this.resize();
    if (this.pos >= 1) {
      this.pos += n;
      if (this.full <= tallest) this.box.scrollTop = this.last = this.pos * this.height;
    }
    this.draw();
  }
}

let current: List | null = null;

export function theList(): List | null {
  return current?.alive ? current : null;
}

// list turns the table into the list when its total is known and there is more.
export function list(): void {
  const section = $<HTMLElement>("#records[data-list]");
  const total = Number(section?.dataset.total ?? $<HTMLElement>("#sum")?.dataset.total ?? NaN);
  const table = section && $<HTMLTableElement>("table.grid", section);
  if (!section || !table || !Number.isFinite(total) || !$("#next a", section) || section.dataset.ready) return;
  if (!window.matchMedia("(min-width: 701px)").matches || !location.pathname.startsWith("/search")) return;
  section.dataset.ready = "1";
  current = new List(section, table, total);
}
