// The few helpers that the scripts of the pages share.

export const $ = <T extends Element>(s: string, root: ParentNode = document): T | null => root.querySelector<T>(s);
export const all = <T extends Element>(s: string, root: ParentNode = document): T[] => [...root.querySelectorAll<T>(s)];

// words fills {name} in a text of the page.
export function words(text: string | undefined, values: Record<string, string | number>): string {
  return (text ?? "").replace(/\{(\w+)\}/g, (whole, k: string) => {
    const v = values[k];
    return v === undefined ? whole : typeof v === "number" ? v.toLocaleString("en-US") : v;
  });
}

// part asks the server for a part of a page.
export async function part(url: string, signal?: AbortSignal): Promise<Response> {
  const r = await fetch(url, { headers: { "HX-Request": "true" }, signal: signal ?? null, credentials: "same-origin" });
  if (!r.ok) throw new Error(`status ${r.status}`);
  return r;
}

// shown tells the other scripts that new elements are on the page.
export function shown(): void {
  document.dispatchEvent(new CustomEvent("akashi:shown"));
}

// html makes elements of a part that the server wrote, table rows too.
export function html(text: string): DocumentFragment {
  const t = document.createElement("template");
  t.innerHTML = text;
  return t.content;
}
