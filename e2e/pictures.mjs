// Renews the pictures of the README and of docs that show the search page:
// AKASHI_BIN=… node pictures.mjs. They are those of the demonstration company.
import { execFileSync } from "node:child_process";
import { browser, imported, start, visit } from "./harness.mjs";

const docs = new URL("../docs/", import.meta.url).pathname;
const [app, b] = await Promise.all([start({ fresh: true }), browser()]);
try {
  await imported(app.base);
  const { page } = await visit(b, { lang: "ja" });
  const take = async (name) => {
    await page.evaluate(() => document.activeElement?.blur());
    await page.waitForTimeout(400);
    await page.screenshot({ path: `${docs}${name}.png` });
    execFileSync("convert", [`${docs}${name}.png`, "+dither", "-colors", "176", "-strip", `PNG8:${docs}${name}.png`]);
  };
  await page.setViewportSize({ width: 1440, height: 960 });
  await page.goto(`${app.base}/search?period=30d`);
  await page.locator("#sum[data-total]").waitFor();
  await take("screen");
} finally {
  await b.close();
  await app.stop();
}
