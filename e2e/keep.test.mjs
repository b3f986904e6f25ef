// Volumes and retention: what is settled of them on pages.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { app, b, clean as look, company, visit } from "./harness.mjs";

company();

const clean = (v, name) => look(v, `keep-${name}`);

const sure = (page) => page.locator("form.sure button");
const form = (page, action) => page.locator(`form[action='${action}']`).first();

describe("volumes and terms", () => {
  test("bounds, rules and encryption are asked first, and stay", async (t) => {
    const v = await visit(b, { lang: "ja", scheme: "light", width: 1440, expected: [422] });
    t.after(() => v.context.close());
    const { page } = v;
    page.setDefaultTimeout(20_000);
    await page.goto(`${app.base}/data/pool`);
    await form(page, "/data/pool/limits").locator("[name=quota]").fill("2.5");
    await form(page, "/data/pool/limits").locator("button").click();
    await sure(page).waitFor();
    await clean(v, "limits-sure");
    await sure(page).click();
    await page.getByRole("status").waitFor();
    assert.equal(await form(page, "/data/pool/limits").locator("[name=quota]").inputValue(), "2.5");
    const rules = form(page, "/data/pool/rules");
    await rules.locator("[name=warn]").fill("90");
    await rules.locator("[name=days]").first().fill("365");
    await rules.locator("button").click();
    await sure(page).click();
    await page.getByText("残り 90 日を切ると警告します").waitFor();
    assert.equal(await form(page, "/data/pool/rules").locator("[name=days]").first().inputValue(), "365");
    const enc = form(page, "/data/pool/encryption");
    await enc.locator("[name=recipients]").fill("AGE-SECRET-KEY-1");
    await enc.locator("button").click();
    await page.getByRole("alert").waitFor();
    await clean(v, "pool-ja-light-1440");
  });

  test("a term of the archive is proposed with its class, and is in the trail", async (t) => {
    const v = await visit(b, { lang: "en", scheme: "dark", width: 390 });
    t.after(() => v.context.close());
    const { page } = v;
    page.setDefaultTimeout(20_000);
    await page.goto(`${app.base}/data/retention`);
    await page.locator("#keep").selectOption("archive");
    await page.locator("#n").fill("10");
    await form(page, "/data/retention").locator("button").click();
    await sure(page).waitFor();
    await sure(page).click();
    await page.getByRole("status").waitFor();
    assert.match(await page.locator(".inforce").last().innerText(), /Archived days.*10 years/);
    await clean(v, "retention-en-dark-390");
    await page.goto(`${app.base}/data/pool`);
    await clean(v, "pool-en-dark-390");
    await page.goto(`${app.base}/trail`);
    assert.match(await page.locator("main").innerText(), /Bounds of a volume changed/);
  });
});
