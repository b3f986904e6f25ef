// Counts that take long say how far they are, can be stopped, and are waited for without
// scripts.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { app, ask, b, clean, company, everyLook, visit } from "./harness.mjs";

const words = {
  ja: { days: "保管庫の 40 日のうち 12 日", stop: "数えるのをやめる", stopped: "件数を数えるのをやめました", again: "件数を数える", show: "表示する" },
  en: { days: "12 of 40 archived days", stop: "Stop counting", stopped: "Counting was stopped", again: "Count", show: "Show" },
};

company();

// slow answers for the counts as the server does while they take long: held is asked
// before each answer.
async function slow(page, w, held) {
  await page.route("**/search/counts?**", async (route) => {
    const url = new URL(route.request().url());
    if (url.searchParams.has("stop") || !(await held())) return route.continue();
    const again = (url.pathname + url.search).replaceAll("&", "&amp;");
    return route.fulfill({
      headers: { "Content-Type": "text/html; charset=utf-8", "HX-Retarget": "#counting", "HX-Reswap": "outerHTML" },
      body: `<div id="counting" hx-get="${again}" hx-trigger="load" hx-target="#sum" hx-swap="outerHTML" hx-sync="#sum:queue first"><p class="far"><progress max="100" value="30" aria-label="x"></progress> <span class="num">${w.days}</span></p></div>`,
    });
  });
}

for (const [lang, scheme, width] of everyLook) {
  const w = words[lang];
  describe(`${lang} ${scheme} ${width}`, () => {
    const open = (t, o = {}) => visit(b, { lang, scheme, width, ...o }).then((v) => {
      t.after(async () => { await v.page.unrouteAll({ behavior: "ignoreErrors" }); await v.context.close(); });
      return v;
    });

    test("counts say how far they are until they are there", async (t) => {
      const v = await open(t);
      let hold = true;
      let asked = 0;
      await slow(v.page, w, async () => { asked++; await new Promise((r) => setTimeout(r, 150)); return hold; });
      // the page itself comes without counts
      await v.page.route("**/search?period=7d*", async (route) => {
        const res = await route.fetch();
        await route.fulfill({ response: res, body: (await res.text()).replace(/<div class="head sum" id="sum" data-total="\d+">[\s\S]*?<span class="tools">/, `<div class="head sum" id="sum" hx-get="/search/counts?page=/search&amp;period=7d" hx-trigger="load" hx-swap="outerHTML"><h2>…</h2><div id="counting"></div><button type="button" class="s-small stop" hx-get="/search/counts?page=/search&amp;period=7d&amp;stop=1" hx-target="#sum" hx-swap="outerHTML" hx-sync="#sum:replace">${w.stop}</button> <span class="tools">`) });
      });
      await v.page.goto(`${app.base}/search?period=7d`);
      await v.page.getByText(w.days).waitFor();
      const stop = v.page.getByRole("button", { name: w.stop });
      assert.ok(await stop.isVisible());
      await stop.focus();
      const before = asked;
      while (asked < before + 3) await new Promise((r) => setTimeout(r, 50)); // it asks again by itself
      assert.ok(await stop.evaluate((e) => e === document.activeElement), "the button keeps the focus");
      await clean(v, `counts-far-${lang}-${scheme}-${width}`);
      await stop.click();
      await v.page.getByText(w.stopped).waitFor();
      hold = false;
      await v.page.getByRole("button", { name: w.again, exact: true }).click();
      await v.page.locator("#sum[data-total]").waitFor();
      assert.deepEqual(v.faults, []);
    });

    test("without scripts the page waits", async (t) => {
      const v = await open(t, { script: false });
      await v.page.goto(`${app.base}/search?period=7d&wait=1`);
      assert.ok(await v.page.locator("#sum[data-total]").count());
      assert.equal(await v.page.getByRole("button", { name: w.stop }).count(), 0);
    });
  });
}

test("the part of a page answers within about a second, whatever it counts", async () => {
  const begin = performance.now();
  const res = await ask(`${app.base}/search/counts?page=/search&period=all`, { headers: { "HX-Request": "true" } });
  assert.equal(res.status, 200);
  assert.ok(performance.now() - begin < 10_000);
});
