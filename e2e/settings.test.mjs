// Settings in the browser: import, filters, calendar, keys, display, every key.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { accessible, app, b, clean as look, company, everyLook, press, shot, visit } from "./harness.mjs";

const words = {
  ja: { start: "取り込みを始める", brought: "取り込んだもの", preview: "影響を見る", save: "保存", saved: /保存し、変更を封印に記録しました/, seal: "いま封印する", sealed: /いまの状態を封印しました/, take: "最後の封印を書き出す", try: "何件変わるか調べる", none: "ログのファイルを選んでください", accounts: "アカウント", addresses: "アドレス", closed: "会社の休業日" },
  en: { start: "Start the import", brought: "What came", preview: "Show the effect", save: "Save", saved: /Saved, and the change is recorded/, seal: "Seal now", sealed: /The state of now is sealed/, take: "Save the last checkpoint", try: "Count what would change", none: "Choose log files", accounts: "Accounts", addresses: "Addresses", closed: "Company holidays" },
};

let log, photo;

company({}, async () => {
  const servers = join(app.dir, "demo-logs");
  const server = readdirSync(servers, { withFileTypes: true }).find((d) => d.isDirectory());
  const dir = join(servers, server.name);
  log = join(dir, readdirSync(dir, { recursive: true }).find((f) => String(f).endsWith(".evtx")));
  photo = join(app.dir, "..", "photo.jpg");
  writeFileSync(photo, "x");
});

// What is saved by one is seen by the next.
for (const [lang, scheme, width] of everyLook) {
  const w = words[lang];
  describe(`${lang} ${scheme} ${width}`, () => {
    const open = (t) => visit(b, { lang, scheme, width, expected: [409, 422] }).then((v) => {
      t.after(() => v.context.close());
      return v;
    });
    const clean = (v, name) => look(v, `${name}-${lang}-${scheme}-${width}`);

    test("import of a file, with its result", async (t) => {
      const v = await open(t);
      const { page } = v;
      await page.goto(`${app.base}/settings`);
      await clean(v, "settings");
      await page.locator("main a[href='/settings/import']").click();
      await clean(v, "import");
      await page.getByRole("button", { name: w.start }).click();
      await page.getByText(w.none).waitFor();
      await page.locator("input[type=file]").first().setInputFiles([log, photo]);
      assert.match(await page.locator("[data-list]").innerText(), /^1 /);
      await page.getByRole("button", { name: w.start }).click();
      await page.waitForURL(/\/settings\/import\/[a-z0-9]{16}/, { timeout: 60_000 });
      await page.getByRole("heading", { name: w.brought }).waitFor({ timeout: 120_000 });
      await clean(v, "import-result");
    });

    test("filters: effect, a mistake beside its field, saved with its author", async (t) => {
      const v = await open(t);
      const { page } = v;
      const account = `MINATO\\svc-${lang}-${scheme}-${width}`;
      await page.goto(`${app.base}/settings/filters`);
      await page.getByLabel(w.accounts).fill(`${account}\nkuroki.h`);
      await page.getByRole("button", { name: w.preview }).click();
      await page.locator("#preview tbody tr").nth(1).waitFor();
      assert.notEqual(await page.locator("#preview tbody tr", { hasText: "kuroki.h" }).locator("td").innerText(), "0");
      assert.deepEqual(await accessible(page), []);
      await page.getByLabel(w.accounts).fill(account);
      await page.getByLabel(w.addresses).fill("192.0.2.300");
      await press(page, page.getByRole("button", { name: w.save, exact: true }));
      await page.locator("#flt-addresses-err").waitFor();
      assert.equal(await page.getByLabel(w.addresses).getAttribute("aria-invalid"), "true");
      assert.deepEqual(await accessible(page), []);
      await shot(page, `filters-wrong-${lang}-${scheme}-${width}`);
      await page.getByLabel(w.addresses).fill("");
      await press(page, page.getByRole("button", { name: w.save, exact: true }));
      await page.getByText(w.saved).waitFor();
      assert.match(await page.locator("table", { hasText: account }).locator("tbody tr").first().innerText(), /demo/);
      assert.ok(readFileSync(join(app.dir, "akashi.toml"), "utf8").includes(account));
      await clean(v, "filters");
      await page.getByRole("button", { name: w.try }).click();
      await page.waitForURL(/\/jobs\//);
      await page.locator("#job .jobstate.done").waitFor({ timeout: 120_000 }); // nothing can be changed meanwhile
    });

    test("calendar: a mistake beside its field, company holidays", async (t) => {
      const v = await open(t);
      const { page } = v;
      await page.goto(`${app.base}/settings/calendar?year=2026`);
      await page.locator("#cal-mon").fill("8-18");
      await press(page, page.getByRole("button", { name: w.save, exact: true }));
      await page.locator("#cal-mon-err").waitFor();
      await shot(page, `calendar-wrong-${lang}-${scheme}-${width}`);
      await page.locator("#cal-mon").fill("09:00-18:00");
      await page.getByLabel(w.closed).fill(`2026-08-13..2026-08-15 夏季休業 ${lang}${scheme}${width}`);
      await press(page, page.getByRole("button", { name: w.save, exact: true }));
      await page.getByText(w.saved).waitFor();
      assert.match(await page.locator(".months g title", { hasText: "2026-08-14" }).textContent(), /夏季休業/);
      assert.match(await page.locator(".months g title", { hasText: "2026-09-22" }).textContent(), lang === "ja" ? /国民の休日/ : /Citizens' holiday/);
      await clean(v, "calendar");
    });

    test("keys, display, retention, every key", async (t) => {
      const v = await open(t);
      const { page } = v;
      await page.goto(`${app.base}/settings/keys`);
      await page.getByRole("button", { name: w.seal }).click();
      await page.getByText(w.sealed).waitFor();
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: w.take }).click()]);
      assert.match(readFileSync(await download.path(), "utf8"), /^akashi\/[\s\S]+\n\u2014 /);
      await clean(v, "keys");
      await page.goto(`${app.base}/settings/display`);
      await press(page, page.getByRole("button", { name: w.save, exact: true }));
      await clean(v, "display");
      await page.goto(`${app.base}/settings/retention`);
      await clean(v, "retention");
      await page.goto(`${app.base}/settings/file`);
      assert.ok(await page.locator("tbody tr").count() > 20);
      await clean(v, "settings-file");
    });
  });
}

test("an upload that is stopped leaves nothing", async (t) => {
  const { page, context, faults } = await visit(b, { lang: "ja", own: true });
  t.after(() => context.close());
  const jobs = () => { try { return readdirSync(join(app.dir, "jobs")).length; } catch { return 0; } };
  const before = jobs();
  await page.goto(`${app.base}/settings/import`);
  const cdp = await context.newCDPSession(page);
  await cdp.send("Network.enable");
  await cdp.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 200_000 });
  await page.locator("input[type=file]").first().setInputFiles({ name: "a.evtx", mimeType: "application/octet-stream", buffer: Buffer.alloc(8 << 20) });
  await page.getByRole("button", { name: words.ja.start }).click();
  const stop = page.locator("[data-stop]");
  await stop.waitFor();
  await page.waitForTimeout(500);
  await stop.click();
  await page.waitForFunction(() => document.querySelector("[data-up]").hidden);
  for (let i = 0; i < 40 && jobs() > before; i++) await page.waitForTimeout(100);
  assert.equal(jobs(), before, "folders of jobs");
  assert.deepEqual(faults, []);
});

test("without script: import, theme of the browser", async (t) => {
  const { page, context, faults } = await visit(b, { lang: "ja", script: false });
  t.after(() => context.close());
  await page.goto(`${app.base}/settings/import`);
  await page.locator("input[type=file]").first().setInputFiles(log);
  await page.getByRole("button", { name: words.ja.start }).click();
  await page.waitForURL(/\/settings\/import\/[a-z0-9]{16}/);
  assert.equal(await page.locator("#job").count(), 1);
  assert.deepEqual(faults, []);
});
