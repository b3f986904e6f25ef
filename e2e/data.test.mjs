// Data management: what is kept by day, and the care for it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { app, b, clean, company, everyLook, visit } from "./harness.mjs";

const bin = process.env.AKASHI_BIN;
let data;

const akashi = (...args) => execFileSync(bin, args, { encoding: "utf8", env: { ...process.env, AKASHI_LANG: "en" } });

const proposed = (folder) => akashi("store", "retention", "--data", folder, "--set", "7y+", "--by", "ops.kimura"); // one person proposes
company({ before: proposed }, () => { data = app.dir; });

const leaves = () => readFileSync(join(data, "seal", "leaves.jsonl"), "utf8");


const sure = (page) => page.locator("form.sure button");

// work starts a job from a button, says yes, and waits for its end.
async function work(v, button, name) {
  await button.click();
  await sure(v.page).waitFor();
  if (name) await clean(v, `${name}-sure`);
  await sure(v.page).click();
  await v.page.waitForURL(/\/jobs\//);
  await v.page.locator("#job .jobstate.done").waitFor({ timeout: 120_000 });
  if (name) await clean(v, `${name}-job`);
  return v.page.locator("#job .lines").innerText();
}

const care = (page, what) => page.locator(`form:has(input[name=what][value=${what}]) button`);

describe("data management", () => {
  test("archive now, and the days show it", async (t) => {
    const v = await visit(b);
    t.after(() => v.context.close());
    await v.page.goto(`${app.base}/data`);
    const server = v.page.locator("main h2 a[href^='/data/server']").first();
    assert.ok(await v.page.locator("svg .d-store").count() > 0, "days in the store only");
    assert.match(await work(v, care(v.page, "archive"), "archive"), /\d+ 個の部/);
    await v.page.goto(`${app.base}/data`);
    assert.ok(await v.page.locator("svg .d-both").count() > 10, "days in the archive");
    await server.click();
    await v.page.locator("table.weeks").waitFor();
    assert.ok(await v.page.locator("table.weeks tbody").count() >= 4, "weeks");
    const days = v.page.locator("table.weeks tr:not(.week):has(.d-both)");
    assert.equal(await days.first().locator("td").last().innerText(), "1", "copies");
    await days.first().locator("th a").click();
    await v.page.waitForURL(/\/search\?.*server=/);
    assert.ok(await v.page.locator("a[data-row]").count() > 0, "the day's records");
  });

  test("what completeness is", async (t) => {
    const v = await visit(b);
    t.after(() => v.context.close());
    await v.page.goto(`${app.base}/data`);
    await v.page.locator("main h2 a[href^='/data/server']").first().click();
    await work(v, care(v.page, "coverage"));
    await v.page.goto(`${app.base}/data`);
    await v.page.locator("main h2 a[href^='/data/server']").first().click();
    await v.page.locator("th:has-text('Security')").first().waitFor();
    for (const d of await v.page.locator("details").all()) await d.locator("summary").click();
    await clean(v, "coverage");
  });

  test("the seal and the store are checked", async (t) => {
    const v = await visit(b);
    t.after(() => v.context.close());
    await v.page.goto(`${app.base}/data`);
    assert.match(await work(v, care(v.page, "verify"), "verify"), /封印と一致しています/);
    assert.ok(await v.page.locator("ul.results a").count() === 2, "the report");
    await v.page.goto(`${app.base}/data`);
    assert.match(await work(v, care(v.page, "check")), /壊れた所はありません/);
  });

  test("a legal hold, and its release", async (t) => {
    const v = await visit(b);
    t.after(() => v.context.close());
    await v.page.goto(`${app.base}/data/holds`);
    await v.page.locator("#case").fill("訴訟 2026-3 <b>");
    await v.page.locator("#query").fill("op:delete");
    await v.page.locator("#reason").fill("弁護士の依頼");
    await v.page.locator("main form button.primary").click();
    await sure(v.page).waitFor();
    await clean(v, "hold-sure");
    assert.ok(!leaves().includes("訴訟 2026-3"), "nothing happens before the answer");
    await sure(v.page).click();
    await v.page.getByRole("status").waitFor();
    assert.ok(leaves().includes('"kind":"hold"') && leaves().includes("弁護士の依頼"));
    await clean(v, "holds");
    await v.page.locator("form[action='/data/holds/release'] button").click();
    await v.page.locator("#ground").fill("和解");
    await sure(v.page).click();
    await v.page.getByRole("status").waitFor();
    assert.ok(leaves().includes('"kind":"release"'));
    assert.equal(await v.page.locator("form[action='/data/holds/release']").count(), 0);
  });

  test("retention: one proposes, another confirms", async (t) => {
    const v = await visit(b);
    t.after(() => v.context.close());
    await v.page.goto(`${app.base}/data/retention`);
    await clean(v, "retention-waits");
    await v.page.locator("form[action='/data/retention/confirm'] button").click();
    await v.page.locator("#ground").fill("文書管理規程 8 条");
    await clean(v, "retention-sure");
    await sure(v.page).click();
    await v.page.getByRole("status").waitFor();
    assert.match(leaves(), /"kind":"retention"/);
    // What the same person proposes, the same person cannot confirm.
    await v.page.locator("#n").fill("10");
    await v.page.locator("form[action='/data/retention'] button").click();
    await sure(v.page).click();
    await v.page.getByRole("status").waitFor();
    assert.equal(await v.page.locator("form[action='/data/retention/confirm']").count(), 0);
    const refused = await v.page.request.post(`${app.base}/data/retention/confirm`, { form: { sure: "1", ground: "x" }, headers: { Origin: app.base } });
    assert.equal(refused.status(), 403);
    await clean(v, "retention");
  });

  test("a volume is added, gets its copies, and is checked", async (t) => {
    const v = await visit(b);
    t.after(() => v.context.close());
    const nas = join(dirname(data), "nas");
    mkdirSync(nas);
    await v.page.goto(`${app.base}/data/pool`);
    await v.page.locator("#path").fill(nas);
    await v.page.locator("#name").fill("nas");
    await v.page.locator("form[action='/data/pool'] button").click();
    await sure(v.page).waitFor();
    await clean(v, "volume-sure");
    await sure(v.page).click();
    await v.page.getByRole("status").waitFor();
    assert.equal(await v.page.locator(".volume").count(), 2);
    akashi("pool", "set", "--data", data, "--copies", "2");
    assert.match(await work(v, (await v.page.goto(`${app.base}/data/pool`), care(v.page, "heal"))), /コピーの作成 [1-9]/);
    await v.page.goto(`${app.base}/data/pool`);
    await clean(v, "pool");
    assert.match(await work(v, care(v.page, "scrub")), /すべて正しい/);
    await v.page.goto(`${app.base}/data`);
    await v.page.locator("main h2 a[href^='/data/server']").first().click();
    assert.equal(await v.page.locator("table.weeks tr:not(.week):has(.d-both) td").nth(6).innerText(), "2", "copies");
    // A folder that holds something else is refused in words.
    await v.page.goto(`${app.base}/data/pool`);
    await v.page.locator("#path").fill(data);
    await v.page.locator("form[action='/data/pool'] button").click();
    await sure(v.page).click();
    await v.page.getByRole("alert").waitFor();
  });

  for (const [lang, scheme, width] of everyLook) {
    test(`the pages, ${lang} ${scheme} ${width}`, async (t) => {
      const v = await visit(b, { lang, scheme, width });
      t.after(() => v.context.close());
      for (const [path, name] of [["/data", "data"], ["/data/holds", "holds"], ["/data/retention", "retention"], ["/data/pool", "pool"]]) {
        await v.page.goto(app.base + path);
        await clean(v, `${name}-${lang}-${scheme}-${width}`);
      }
      await v.page.goto(`${app.base}/data`);
      await v.page.locator("main h2 a[href^='/data/server']").first().click();
      await v.page.locator("table.weeks").waitFor();
      await clean(v, `server-${lang}-${scheme}-${width}`);
    });
  }
});
