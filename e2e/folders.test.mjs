// Folders with specific personal information: registered, and shown first.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accessible, app, ask, b, clean as look, company, everyLook, press, shot, visit } from "./harness.mjs";

const words = {
  ja: { nav: "特定個人情報", label: "フォルダー", preview: "当たるものを見る", save: "保存", bad: /使えません/, saved: /保存し、変更を封印に記録しました/, card: "特定個人情報のフォルダー", mark: /特定個人情報/ },
  en: { nav: "Specific personal information", label: "Folder", preview: "See what they name", save: "Save", bad: /cannot be used/, saved: /Saved, and the change is recorded/, card: "Folders with specific personal information", mark: /./ },
};
const folder = "特定個人情報";

company();

for (const [lang, scheme, width] of everyLook) {
  const w = words[lang];
  describe(`${lang} ${scheme} ${width}`, () => {
    const clean = (v, name) => look(v, `api6-${name}-${lang}-${scheme}-${width}`);

    test("registered in settings, first on the dashboard and among the files", async (t) => {
      const v = await visit(b, { lang, scheme, width, expected: [409, 422] });
      t.after(() => v.context.close());
      const { page } = v;
      await page.goto(`${app.base}/settings`);
      await page.locator("main a[href='/settings/folders']").click();
      await page.getByLabel(w.label).fill(`${folder}\nno-such-folder`);
      await page.getByRole("button", { name: w.preview }).click();
      const rows = page.locator("#preview tbody tr");
      await rows.nth(1).waitFor();
      assert.match(await rows.nth(0).locator("td").last().innerText(), /[1-9]/);
      assert.equal(await rows.nth(1).locator("td").last().innerText(), "0");
      assert.deepEqual(await accessible(page), []);
      const save = () => press(page, page.getByRole("button", { name: w.save, exact: true }));
      await page.getByLabel(w.label).fill("D:\\*");
      await save();
      assert.match(await page.locator("#mn-folders-err").innerText(), w.bad);
      await page.goto(`${app.base}/settings/folders`);
      const more = `x-${lang}-${scheme}-${width}`;
      await page.getByLabel(w.label).fill(`${folder}\n${more}`);
      await save();
      await page.getByText(w.saved).waitFor();
      assert.ok((await page.locator("table .diff").first().innerText()).includes(more));
      await clean(v, "folders");

      await page.goto(`${app.base}/search?path=${encodeURIComponent(`\\${folder}\\`)}`);
      const person = await page.locator("#sides a[href*='user='] bdi.person").first().getAttribute("title");
      await page.goto(`${app.base}/files?user=${encodeURIComponent(person)}`);
      const tree = page.locator("details summary .mark").first();
      await tree.waitFor();
      assert.ok(await page.locator("p.marked a").first().getAttribute("href"), "the sum of marked folders leads to records");
      await clean(v, "files");

      for (let i = 0; i < 20 && !(await page.goto(`${app.base}/`), await page.getByRole("heading", { name: w.card }).count()); i++) await page.waitForTimeout(500);
      const card = page.locator("section", { has: page.getByRole("heading", { name: w.card }) });
      assert.ok((await card.locator("li a").first().innerText()).includes(folder));
      await clean(v, "dashboard");
      const href = await card.locator("li a").first().getAttribute("href");
      assert.equal((await ask(app.base + href)).status, 200);
    });

    test("volumes can be changed on a page, each asked first", async (t) => {
      const v = await visit(b, { lang, scheme, width });
      t.after(() => v.context.close());
      const { page } = v;
      await page.goto(`${app.base}/data/pool`);
      await clean(v, "pool");
      await page.locator("form[action='/data/pool/bucket'] [name=endpoint]").fill("https://s3.example.jp");
      await page.locator("form[action='/data/pool/bucket'] [name=bucket]").fill("worm");
      await page.locator("form[action='/data/pool/bucket'] [name=lock]").fill("30");
      await page.locator("form[action='/data/pool/bucket'] button").click();
      await page.getByText("s3://worm").waitFor();
      assert.ok((await page.locator("main").innerText()).includes("30"));
      assert.deepEqual(await accessible(page), []);
      await shot(page, `api6-sure-${lang}-${scheme}-${width}`);
    });
  });
}
