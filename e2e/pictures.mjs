// Renews the pictures of the READMEs and of the manual: AKASHI_BIN=… node pictures.mjs,
// with names of pictures for those alone. They are those of the demonstration company.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ask, browser, imported, start, visit } from "./harness.mjs";

const docs = new URL("../docs/", import.meta.url).pathname;
const only = process.argv.slice(2);
const [app, b] = await Promise.all([start({ fresh: true }), browser()]);
const { base } = app;

// take keeps a picture of what the window shows, in few colours; focused leaves what is
// being typed as it is.
async function take(page, name, focused = false) {
  if (!focused) await page.evaluate(() => document.activeElement?.blur());
  await page.mouse.move(0, 0);
  for (let i = 0; i < 30 && /数えています|調べています|Counting|checking/.test(await page.locator("main").innerText()); i++) {
    await page.waitForTimeout(1000);
    if (new URL(page.url()).pathname === "/") await page.reload();
  }
  await page.waitForTimeout(700);
  const to = join(docs, `${name}.png`);
  await page.screenshot({ path: to });
  execFileSync("convert", [to, "+dither", "-colors", "176", "-strip", `PNG8:${to}`]);
}

// found is the first record of a search.
async function found(q) {
  const { records } = await (await ask(`${base}/api/v1/records?limit=1&q=${encodeURIComponent(q)}`)).json();
  return records[0];
}

const marked = `${base}/people?folder=${encodeURIComponent("E:\\共有\\人事\\特定個人情報")}`;
const pictures = {
  "img/dashboard": { size: [1280, 860], open: (p) => p.goto(base) },
  "img/dashboard-en": { lang: "en", size: [1280, 860], open: (p) => p.goto(base) },
  "img/people": { size: [1280, 860], open: (p) => p.goto(marked) },
  "img/people-en": { lang: "en", size: [1280, 860], open: (p) => p.goto(marked) },
  "img/record": { size: [1280, 900], async open(p) { await p.goto(`${base}/records/${(await found("op:delete confidence:certain")).id}`); } },
  "img/record-panel": { size: [1440, 960], async open(p) {
    await p.goto(`${base}/search?period=30d`);
    await p.locator("#rows .c-op", { hasText: "推定" }).first().locator("xpath=..").locator(".c-time a").click();
    await p.locator("#panel h1, #panel h2").first().waitFor();
    await p.locator("#records").evaluate((e) => e.scrollIntoView());
  } },
  "img/people-complete": { size: [1440, 620], async open(p) {
    await p.goto(`${base}/people`);
    await p.getByLabel("ファイルまたはフォルダー", { exact: true }).first().pressSequentially("会議メモ");
    await p.locator(".paths li, .paths [role=option]").first().waitFor();
  }, keep: true },
  "img/file-life": { size: [1440, 960], async open(p) {
    const r = await found("op:rename confidence:certain result:success") ?? await found("op:rename");
    await p.goto(`${base}/people?file=${encodeURIComponent(r.new_path || r.path)}`);
    await p.locator(".lifeline").first().waitFor();
  } },
  "img/files-damage": { size: [1440, 900], async open(p) {
    await p.goto(`${base}/files?user=${encodeURIComponent("MINATO\\wakui.m")}&period=7d`);
    await p.locator(".s-usual").first().waitFor();
    await p.waitForTimeout(800);
    await p.locator(".dig").evaluate((e) => scrollTo(0, e.getBoundingClientRect().top + scrollY - 64));
  } },
  "img/import": { size: [1280, 720], async open(p) {
    const logs = join(app.dir, "demo-logs");
    const [server] = readdirSync(logs);
    await p.goto(`${base}/settings/import`);
    await p.locator("input[type=file]").first().setInputFiles(join(logs, server, "PrintService.evtx"));
    await p.locator("form[data-upload] button.primary").click();
    await p.getByText("取り込んだもの").waitFor();
  } },
  "img/filters": { size: [1280, 1210], async open(p) {
    await p.goto(`${base}/settings/filters`);
    await p.getByLabel("アドレス", { exact: true }).fill("192.168.20.64");
    await p.getByLabel("プログラム", { exact: true }).fill("notepad.exe\nbackup*");
    await p.getByRole("button", { name: "影響を見る" }).click();
    await p.getByText("この内容にした場合").first().waitFor();
  } },
  "img/calendar": { size: [1280, 860], open: (p) => p.goto(`${base}/settings/calendar`) },
  "img/keys": { size: [1280, 720], open: (p) => p.goto(`${base}/settings/keys`) },
  screen: { size: [1440, 960], async open(p) {
    await p.goto(`${base}/search?period=30d`);
    await p.locator("#sum[data-total]").waitFor();
  } },
};

try {
  await imported(base);
  await ask(`${base}/start/close`, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "" });
  await ask(`${base}/coverage`); // so that the dashboard knows of it
  for (const [name, x] of Object.entries(pictures)) {
    if (only.length > 0 && !only.includes(name.replace("img/", ""))) continue;
    const { page, context } = await visit(b, { lang: x.lang ?? "ja" });
    await page.setViewportSize({ width: x.size[0], height: x.size[1] });
    try {
      await x.open(page);
      await take(page, name, x.keep);
      console.log(name);
    } catch (e) {
      console.error(`${name}: ${e.message.split("\n")[0]}`);
      process.exitCode = 1;
    }
    await context.close();
  }
} finally {
  await b.close();
  await app.stop();
}
