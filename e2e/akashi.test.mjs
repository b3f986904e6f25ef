// The first page, as a person uses it: in both languages, both themes, on a
// wide and a narrow screen, with and without script.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, test } from "node:test";
import { accessible, app, ask, b, clean as look, company, looks, visit, words } from "./harness.mjs";

let file; // a file with many records, from the home page
let person;

company({}, async () => {
  const { page, context } = await visit(b);
  await page.goto(app.base);
  file = await page.locator("main a[href^='/people?file='] bdi").first().getAttribute("title");
  person = await page.locator("main a[href^='/files?user='] bdi").first().getAttribute("title");
  await context.close();
  assert.ok(file && person);
});

for (const lang of ["ja", "en"]) {
  const w = words[lang];
  // Each pair of language, theme and width once.
  for (const [scheme, width] of looks(lang)) {
    describe(`${lang} ${scheme} ${width}`, () => {
      const open = (t) => visit(b, { lang, scheme, width }).then((v) => {
        t.after(() => v.context.close());
        return v;
      });
      const clean = (v, name) => look(v, `${name}-${lang}-${scheme}-${width}`);

      test("who used this file, down to the raw events", async (t) => {
        const v = await open(t);
        const { page } = v;
        await page.goto(app.base);
        assert.equal(await page.locator("html").getAttribute("lang"), lang);
        await clean(v, "home");
        await page.locator("#home-what").fill(file);
        await page.locator("#home-what").press("Enter");
        await page.waitForURL(/\/people\?path=/);
        await page.getByRole("heading", { name: w.used }).waitFor();
        assert.ok(await page.locator("table.people tbody tr").count() > 0, "people");
        assert.ok(await page.locator("figure svg a").count() > 0, "histogram");
        await clean(v, "people");
        // Which record is the newest depends on the day; one that opened the file has rights in its events.
        const row = page.locator("tr", { has: page.locator("a[data-row]") }).filter({ hasText: w.opened }).first().locator("a[data-row]");
        const when = await row.innerText();
        await row.click();
        await page.waitForURL(/\/records\//);
        assert.ok((await page.locator("dl.facts").first().innerText()).includes(when));
        await page.getByRole("heading", { name: w.why }).waitFor();
        await page.getByRole("heading", { name: w.raw }).waitFor();
        await page.getByRole("heading", { name: w.can, exact: true }).waitFor();
        await page.getByRole("heading", { name: w.cannot, exact: true }).waitFor();
        assert.ok(await page.locator("details.event[open] table.kv tr").count() > 10, "raw event with its fields");
        const closed = page.locator("details.event:not([open]) summary");
        while (await closed.count()) await closed.first().click();
        assert.ok(await page.locator("table.kv span", { hasText: w.right }).count() > 0, "a mask or a right in words");
        await clean(v, "record");
      });

      test("what did this person touch", async (t) => {
        const v = await open(t);
        const { page } = v;
        await page.goto(`${app.base}/files`);
        await page.getByRole("searchbox", { name: w.who, exact: true }).or(page.getByRole("combobox", { name: w.who, exact: true })).fill(person);
        await page.getByRole("button", { name: w.search, exact: true }).click();
        await page.locator("#results h2", { hasText: w.records }).first().waitFor();
        assert.match(decodeURIComponent(page.url()), /\/files\?user=/);
        const rows = page.locator("#rows tr");
        const n = await rows.count();
        for (const name of await page.locator("#rows .c-who bdi").evaluateAll((l) => l.map((x) => x.title))) assert.equal(name, person);
        await clean(v, "files");
        if (n === 100) {
          await page.getByRole("link", { name: w.more }).click();
          await page.waitForFunction(() => document.querySelectorAll("#rows tr").length > 100);
          assert.deepEqual(v.faults, []);
        }
      });

      test("a search as text fills the fields, and a mistake is marked", async (t) => {
        const v = await open(t);
        const { page } = v;
        await page.goto(`${app.base}/search`);
        await page.locator("#f-text").fill(`user:"${person}" -op:logon,logoff last:30d`);
        await page.locator("#f-text").press("Enter");
        await page.waitForURL(/period=30d/);
        assert.equal(await page.locator("#f-user").inputValue(), person);
        assert.equal(await page.locator(".chips bdi", { hasText: "-op:logon,logoff" }).count(), 1);
        await clean(v, "text");
        await page.locator("#f-what").fill("xlsx");
        await page.locator("#f-what").press("Enter");
        await page.waitForURL(/path=xlsx/);
        await page.waitForFunction(() => document.querySelector("#f-text").value.startsWith("xlsx user:"));
        assert.ok(decodeURIComponent(page.url()).includes("q=-op:logon,logoff"), "what no field shows stays");
        await page.locator("#f-text").fill("op:delte");
        await page.locator("#f-text").press("Enter");
        await page.locator("mark", { hasText: "delte" }).waitFor();
        await clean(v, "text-wrong");
      });

      test("search of the log, narrowed by a day and an operation", async (t) => {
        const v = await open(t);
        const { page } = v;
        await page.goto(`${app.base}/search?op=logon`);
        assert.equal(await page.locator("#rows", { hasText: w.type3 }).count(), 0, "network log-ons are hidden");
        await page.getByRole("link", { name: w.network }).click();
        await page.waitForURL(/network=1/);
        await page.locator("#rows", { hasText: w.type3 }).waitFor();
        await page.goto(`${app.base}/search`);
        await clean(v, "search");
        await page.locator("aside .facets a[href*='op=']").first().click();
        await page.waitForURL(/op=/);
        await page.locator("figure svg a").last().focus();
        await page.keyboard.press("ArrowLeft");
        await page.keyboard.press("Enter");
        await page.waitForURL(/from=\d{4}-\d\d-\d\d&.*to=|from=.*to=/);
        await page.goto(`${app.base}/search?path=${encodeURIComponent("この名前のファイルはない")}`);
        await page.getByText(w.none).waitFor();
        await clean(v, "nothing");
        await page.goto(`${app.base}/data`);
        await clean(v, "data");
      });
    });
  }
}

test("without script: search, more, language", async (t) => {
  const { page, context, faults } = await visit(b, { lang: "ja", script: false });
  t.after(() => context.close());
  await page.goto(`${app.base}/files`);
  await page.locator("#f-user").fill(person);
  await page.locator("button.primary").click();
  await page.waitForURL(/\/files\?user=/);
  const first = await page.locator("a[data-row]").first().innerText();
  const next = page.locator("#next a");
  if (await next.count()) {
    await next.click();
    await page.waitForURL(/cursor=/);
    assert.notEqual(await page.locator("a[data-row]").first().innerText(), first);
  }
  await page.getByRole("link", { name: "English" }).click();
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  assert.deepEqual(faults, []);
});

test("back returns to the search before, the other language keeps the search", async (t) => {
  const { page, context, faults } = await visit(b, { lang: "ja" });
  t.after(() => context.close());
  await page.goto(`${app.base}/search`);
  for (const what of ["人事", "営業"]) {
    await page.locator("#f-what").fill(what);
    await page.locator("#f-what").press("Enter");
    await page.locator(".chips bdi", { hasText: what }).waitFor();
  }
  await page.goBack();
  await page.locator(".chips bdi", { hasText: "人事" }).waitFor();
  assert.equal(await page.locator("header.top").count(), 1);
  assert.equal(await page.locator("#f-what").inputValue(), "人事");
  await page.locator("#f-what").fill("営業");
  await page.locator("#f-what").press("Enter");
  await page.locator(".chips bdi", { hasText: "営業" }).waitFor();
  await page.getByRole("link", { name: "English" }).click();
  await page.waitForURL(/\/search\?path=/);
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  assert.equal(await page.locator("#f-what").inputValue(), "営業");
  assert.deepEqual(faults, []);
});

test("keys", async (t) => {
  const { page, context, faults } = await visit(b, { lang: "en" });
  t.after(() => context.close());
  await page.goto(`${app.base}/search`);
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "f-what");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  assert.equal(await page.evaluate(() => [...document.querySelectorAll("a[data-row]")].indexOf(document.activeElement)), 1);
  await page.keyboard.press("?");
  assert.ok(await page.locator("#keys").evaluate((d) => d.open));
  assert.deepEqual(await accessible(page), []);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/records\//);
  assert.deepEqual(faults, []);
});

test("CSV of a search", async (t) => {
  const { page, context } = await visit(b, { lang: "ja" });
  t.after(() => context.close());
  await page.goto(`${app.base}/files?user=${encodeURIComponent(person)}`);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "CSV", exact: true }).click()]);
  const text = readFileSync(await download.path(), "utf8");
  assert.match(text, /^\ufeff番号,日時,/);
  assert.ok(text.split("\r\n").length > 2);
});

test("budget: at most 60 KB of script, 15 KB of style, 100 rows in 40 KB", async () => {
  const html = await (await ask(`${app.base}/search`)).text();
  assert.ok(gzipSync(html).length <= 40 * 1024, `page ${gzipSync(html).length} bytes`);
  const size = async (path) => Number((await ask(app.base + path, { headers: { "Accept-Encoding": "gzip" } })).headers.get("content-length"));
  let js = 0;
  for (const [, src] of html.matchAll(/<script src="([^"]+)"/g)) js += await size(src);
  assert.ok(js > 0 && js <= 60 * 1024, `script ${js} bytes`);
  let css = 0;
  for (const [, href] of html.matchAll(/<link rel="stylesheet" href="([^"]+)"/g)) css += await size(href);
  assert.ok(css > 0 && css <= 15 * 1024, `style ${css} bytes`);
});

test("other names and other sites get nothing", async () => {
  const { request } = await import("node:http");
  const ask = (options, body) => new Promise((resolve, reject) => {
    const u = new URL(app.base);
    const r = request({ host: u.hostname, port: u.port, ...options }, (res) => { res.resume(); resolve(res.statusCode); });
    r.on("error", reject);
    r.end(body);
  });
  assert.equal(await ask({ path: "/", headers: { Host: "evil.example" } }), 421);
  assert.equal(await ask({ path: "/healthz" }), 200);
  assert.equal(await ask({ path: "/api/v1/imports", method: "POST", headers: { "Content-Type": "application/json" } }, '{"paths":["/tmp"]}'), 401);
  assert.equal(await ask({ path: "/api/v1/imports", method: "POST", headers: { Origin: "http://evil.example", "Sec-Fetch-Site": "cross-site" } }, "{}"), 403);
});
