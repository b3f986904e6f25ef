// Days that only the archive has: a search says so, and the page of the data restores
// and releases them.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { accessible, browser, enter, shot, visit } from "./harness.mjs";

const bin = process.env.AKASHI_BIN;
const env = { ...process.env, AKASHI_LANG: "en" };
let app, b, dir;

const akashi = (...args) => execFileSync(bin, args, { encoding: "utf8", env });

async function serve(folder) {
  const child = spawn(bin, ["serve", "--data", folder, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"], env });
  let output = "";
  const base = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no address: ${output}`)), 60_000);
    const read = (x) => {
      output += x;
      const m = output.match(/http:\/\/[\d.:]+/);
      if (m) { clearTimeout(timer); resolve(m[0]); }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("exit", (code) => reject(new Error(`akashi ended with ${code}: ${output}`)));
  });
  return { base, stop: () => new Promise((r) => { child.on("exit", r); child.kill("SIGINT"); }) };
}

before(async () => {
  dir = mkdtempSync(join(tmpdir(), "akashi-restore-"));
  const data = join(dir, "demo");
  akashi("demo", "--people", "10", "--days", "66", data);
  akashi("store", "retention", "--data", data, "--set", "1m", "--by", "ops.kimura");
  akashi("store", "retention", "--data", data, "--confirm", "--by", "officer.mori", "--ground", "rule 12");
  akashi("store", "retention", "--data", data, "--delete");
  [app, b] = await Promise.all([serve(data), browser()]);
  await enter(app.base);
}, { timeout: 400_000 });

after(async () => {
  await b?.close();
  await app?.stop();
  if (dir) rmSync(dir, { recursive: true, force: true });
});

const clean = async (v, name) => {
  assert.deepEqual(await accessible(v.page), [], "axe");
  assert.deepEqual(v.faults, [], "faults");
  const wide = await v.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `the page is ${wide} px wider than the screen`);
  await shot(v.page, name);
};

// work presses a button, says yes, waits for the end of the job, and goes back.
async function work(v, button, back, shown) {
  await button.click();
  await v.page.locator("form.sure button").waitFor();
  if (shown) await clean(v, "restore-sure");
  await v.page.locator("form.sure button").click();
  await v.page.waitForURL(/\/jobs\//);
  await v.page.locator("#job .jobstate.done").waitFor({ timeout: 60_000 });
  await v.page.goto(back);
}

describe("archived days", () => {
  test("are restored and released on the page of a server", async (t) => {
    const v = await visit(b, { lang: "en" });
    t.after(() => v.context.close());
    await v.page.goto(`${app.base}/data`);
    await v.page.locator("main h2 a[href^='/data/server']").first().click();
    const here = v.page.url();
    const sheet = v.page.locator("section:has(#restore-title)");
    await sheet.waitFor();
    assert.match(await sheet.innerText(), /\b0 restored/);
    // One week of its row, and then everything.
    const week = v.page.locator("tr.week button[name=what][value=restore]").last();
    await work(v, week, here, true);
    assert.match(await sheet.innerText(), /\b[1-7] restored/);
    await work(v, sheet.locator("button[value=restore]"), here);
    const days = Number((await sheet.locator("p").first().innerText()).match(/^(\d+) days?/)[1]);
    assert.match(await sheet.innerText(), new RegExp(`\\b${days} restored`));
    assert.equal(await v.page.locator("tr.week button[value=restore]").count(), 0, "nothing is left to restore");
    await v.page.setViewportSize({ width: 390, height: 844 });
    await clean(v, "restore-all-390");
    await v.page.setViewportSize({ width: 1440, height: 900 });

    const first = await v.page.locator("#restore-from").inputValue(), last = await v.page.locator("#restore-to").inputValue();
    await v.page.goto(`${app.base}/search?period=custom&from=${first}&to=${last}&wait=1`);
    assert.match(await v.page.locator("main").innerText(), /found in what is restored/);
    await v.page.goto(here);
    await work(v, sheet.locator("button[value=release_days]"), here);
    assert.match(await sheet.innerText(), /\b0 restored/);
    await v.page.goto(`${app.base}/search?period=custom&from=${first}&to=${last}&wait=1`);
    const text = await v.page.locator("main").innerText();
    assert.match(text, /searched in the archive/);
    assert.match(text, /counted in the archive/);
    await clean(v, "restore-archive");
  });

  test("in Japanese on a narrow screen", async (t) => {
    const v = await visit(b, { lang: "ja", width: 390 });
    t.after(() => v.context.close());
    await v.page.goto(`${app.base}/data`);
    await v.page.locator("main h2 a[href^='/data/server']").first().click();
    assert.match(await v.page.locator("#restore-title").innerText(), /保管庫だけに残る日/);
    await clean(v, "restore-ja-390");
  });
});
