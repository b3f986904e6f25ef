// Import: files and folders that are dropped, and how far sending is. Without
// this the form sends the same files.

type Named = { file: File; name: string };

const log = /\.(evtx|xml|jsonl?|ndjson)(\.gz)?$/i;

function size(n: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let i = 0;
  while (n >= 1024 && i < units.length - 1) {
    n /= 1024;
    i++;
  }
  return `${i === 0 ? n : n.toFixed(1)} ${units[i]}`;
}

// walk lists the files below what was dropped.
async function walk(entry: FileSystemEntry, out: Named[]): Promise<void> {
  if (out.length > 10_000) return;
  if (entry.isFile) {
    const file = await new Promise<File>((ok, no) => (entry as FileSystemFileEntry).file(ok, no));
    out.push({ file, name: entry.name });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((ok, no) => reader.readEntries(ok, no));
    if (part.length === 0) return;
    for (const e of part) await walk(e, out);
  }
}

export function settings(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-upload]");
  if (!form) return;
  const drop = form.querySelector<HTMLElement>("[data-drop]") as HTMLElement;
  const list = form.querySelector<HTMLElement>("[data-list]") as HTMLElement;
  const bar = form.querySelector<HTMLElement>("[data-up]") as HTMLElement;
  const err = form.querySelector<HTMLElement>("[data-up-err]") as HTMLElement;
  const stop = form.querySelector<HTMLButtonElement>("[data-stop]") as HTMLButtonElement;
  const start = form.querySelector<HTMLButtonElement>("button.primary") as HTMLButtonElement;
  let dropped: Named[] = [];
  drop.classList.add("own"); // the buttons and what is chosen speak the page's language, not the browser's

  const chosen = (): Named[] => {
    const l = [...dropped];
    form.querySelectorAll<HTMLInputElement>("input[type=file]").forEach((i) => [...(i.files ?? [])].forEach((file) => l.push({ file, name: file.name })));
    return l.filter((x) => log.test(x.name));
  };
  const show = (): void => {
    const l = chosen();
    err.hidden = true;
    list.textContent = l.length === 0 ? "" : (form.dataset.chosen ?? "").replace("{files}", String(l.length)).replace("{size}", size(l.reduce((n, x) => n + x.file.size, 0)));
  };
  const fail = (text: string | undefined): void => {
    err.textContent = text ?? "";
    err.hidden = false;
  };
  form.addEventListener("change", show);
  for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (e) => { e.preventDefault(); drop.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (e) => {
    e.preventDefault();
    const entries = [...(e.dataTransfer?.items ?? [])].map((i) => i.webkitGetAsEntry()).filter((x) => x !== null);
    void (async () => {
      dropped = [];
      for (const x of entries) await walk(x, dropped);
      show();
    })();
  });
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    const l = chosen();
    if (l.length === 0) return fail(form.dataset.none);
    if (l.reduce((n, x) => n + x.file.size, 0) > Number(form.dataset.limit)) return fail(form.dataset.big);
    const data = new FormData();
    if (form.querySelector<HTMLInputElement>("[name=keep]")?.checked) data.append("keep", "1");
    for (const x of l) data.append("files", x.file, x.name);
    const r = new XMLHttpRequest();
    const busy = (on: boolean): void => {
      bar.hidden = stop.hidden = !on;
      start.disabled = on;
    };
    r.upload.addEventListener("progress", (p) => {
      const progress = bar.querySelector("progress") as HTMLProgressElement;
      progress.value = p.total > 0 ? (p.loaded * 100) / p.total : 0;
      (bar.querySelector("[data-up-text]") as HTMLElement).textContent = `${size(p.loaded)} / ${size(p.total)}`;
    });
    r.addEventListener("load", () => {
      busy(false);
      if (r.status < 300) return location.assign(r.responseURL);
      const page = new DOMParser().parseFromString(r.responseText, "text/html");
      fail(page.querySelector("main [role=alert]")?.textContent?.trim() || page.querySelector("main .empty p")?.textContent || form.dataset.cut);
    });
    r.addEventListener("error", () => { busy(false); fail(form.dataset.cut); });
    r.addEventListener("abort", () => busy(false));
    stop.onclick = () => r.abort();
    err.hidden = true;
    busy(true);
    r.open("POST", form.action);
    r.send(data);
  });
}
