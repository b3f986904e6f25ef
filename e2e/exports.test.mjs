// Records leave as files, and the files hold what the page said.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { inflateRawSync } from "node:zlib";
import { app, b, clean, company, everyLook, visit } from "./harness.mjs";

let scratch;

company({}, () => { scratch = mkdtempSync(join(tmpdir(), "akashi-exports-")); });

after(() => {
  if (scratch) rmSync(scratch, { recursive: true, force: true });
});

const words = {
  ja: { title: "記録の書き出し", go: "書き出しを始める", evidence: "証拠一式を作る", done: "完了", user: "ユーザー", offset: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/ },
  en: { title: "Export of records", go: "Start the export", evidence: "Make the bundle", done: "done", user: "User", offset: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/ },
};


// csv reads the lines of a CSV.
function csv(text) {
  const rows = [[""]];
  for (let i = 0, quoted = false; i < text.length; i++) {
    const c = text[i], row = rows.at(-1);
    if (quoted && c === '"' && text[i + 1] === '"') { row[row.length - 1] += c; i++; }
    else if (c === '"') quoted = !quoted;
    else if (!quoted && c === ",") row.push("");
    else if (!quoted && c === "\r") continue;
    else if (!quoted && c === "\n") rows.push([""]);
    else row[row.length - 1] += c;
  }
  return rows.slice(0, -1);
}

// unzip gives the members of a ZIP.
function unzip(bytes) {
  const out = {};
  let at = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const n = bytes.readUInt16LE(at + 10);
  at = bytes.readUInt32LE(at + 16);
  for (let i = 0; i < n; i++) {
    const [method, size, names, extra, comment, from] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20), bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32), bytes.readUInt32LE(at + 42)];
    const name = bytes.toString("utf8", at + 46, at + 46 + names);
    const data = from + 30 + bytes.readUInt16LE(from + 26) + bytes.readUInt16LE(from + 28);
    const part = bytes.subarray(data, data + size);
    out[name] = method === 8 ? inflateRawSync(part) : part;
    at += 46 + names + extra + comment;
  }
  return out;
}

// take runs an export and gives back its files by the end of their names.
async function take(v, w, format, query = "page=/search&op=delete") {
  const { page } = v;
  await page.goto(`${app.base}/exports/new?${query}`);
  await page.locator(`input[name=format][value=${format}]`).check();
  await page.getByRole("button", { name: w.go }).click();
  return results(v);
}

async function results({ page }) {
  await page.waitForURL(/\/jobs\/[a-z0-9]+$/);
  await page.locator("#job .jobstate.done").waitFor({ timeout: 180_000 }); // a bundle seals first; other browsers work beside
  const files = [];
  for (const link of await page.locator("ul.results a").all()) {
    const [down] = await Promise.all([page.waitForEvent("download"), link.click()]);
    const path = join(scratch, down.suggestedFilename());
    await down.saveAs(path);
    files.push({ name: down.suggestedFilename(), path, bytes: readFileSync(path) });
  }
  const sums = await page.locator("ul.results .sha").allInnerTexts();
  files.forEach((f, i) => assert.ok(sums[i].includes(createHash("sha256").update(f.bytes).digest("hex")), `the page names the hash of ${f.name}`));
  return files;
}

describe("exports", () => {
  let total;
  for (const [lang, scheme, width] of everyLook) {
    test(`the page, ${lang} ${scheme} ${width}`, async (t) => {
      const v = await visit(b, { lang, scheme, width });
      t.after(() => v.context.close());
      await v.page.goto(`${app.base}/exports/new?page=/search&op=delete`);
      await v.page.getByRole("heading", { level: 1, name: words[lang].title }).waitFor();
      await v.page.locator("input[value=sjis-csv]").check();
      assert.ok(await v.page.locator("#entity").isVisible(), "what becomes of other characters can be chosen");
      await clean(v, `export-${lang}-${scheme}-${width}`);
      total = Number((await v.page.locator("dd strong.num").first().innerText()).replace(/[^\d]/g, ""));
      assert.ok(total > 0);
      await v.page.locator("input[value=csv]").check();
      await v.page.getByRole("button", { name: words[lang].go }).click();
      await v.page.locator("#job .jobstate.done").waitFor({ timeout: 180_000 }); // a bundle seals first; other browsers work beside
      await clean(v, `job-${lang}-${scheme}-${width}`);
      await v.page.goto(`${app.base}/jobs`);
      await clean(v, `jobs-${lang}-${scheme}-${width}`);
    });
  }

  test("CSV in UTF-8: byte order mark, words of the language, times with their offset", async (t) => {
    for (const lang of ["ja", "en"]) {
      const v = await visit(b, { lang });
      t.after(() => v.context.close());
      const [f] = await take(v, words[lang], "csv");
      assert.deepEqual([...f.bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
      const rows = csv(f.bytes.toString("utf8").slice(1));
      assert.equal(rows.length, total + 1);
      assert.ok(rows[0].every((h) => h !== "" && !h.includes("web.")), rows[0].join());
      assert.ok(rows.slice(1).every((r) => words[lang].offset.test(r[1])), "times");
      assert.ok(rows.flat().every((c) => !/^[=+\-@\t\r]/.test(c)), "no cell is a formula");
      if (lang === "ja") assert.ok(/[぀-ヿ]/.test(rows[0].join()), "Japanese header");
    }
    const v = await visit(b);
    t.after(() => v.context.close());
    const [f] = await take(v, words.ja, "csv-plain");
    assert.notEqual(f.bytes[0], 0xef);
  });

  test("Shift_JIS: decodes, and tells what it could not hold", async (t) => {
    const v = await visit(b);
    t.after(() => v.context.close());
    const files = await take(v, words.ja, "sjis-csv", "page=/search");
    const text = new TextDecoder("shift_jis", { fatal: true }).decode(files[0].bytes);
    const rows = csv(text);
    assert.ok(rows.length > total && text.includes("共有"));
    const report = files.find((f) => f.name.endsWith(".loss.txt"));
    if (text.includes("〓")) assert.ok(report, "〓 without a report");
    if (report) assert.match(report.bytes.toString("utf8"), /U\+[0-9A-F]{4}/);
  });

  test("XLSX: text cells under a frozen header", async (t) => {
    const v = await visit(b);
    t.after(() => v.context.close());
    const [f] = await take(v, words.ja, "xlsx");
    const parts = unzip(f.bytes);
    const sheet = parts["xl/worksheets/sheet1.xml"].toString("utf8");
    assert.equal((sheet.match(/<row /g) ?? []).length, total + 1);
    assert.ok(sheet.includes('state="frozen"') && sheet.includes('t="inlineStr"') && !sheet.includes("<f>") && !sheet.includes("<v>"));
  });

  test("Parquet and JSON Lines", async (t) => {
    const v = await visit(b);
    t.after(() => v.context.close());
    const [p] = await take(v, words.ja, "parquet");
    assert.equal(p.bytes.toString("latin1", 0, 4), "PAR1");
    assert.equal(p.bytes.toString("latin1", p.bytes.length - 4), "PAR1");
    const duck = new URL("../tools/duckbench/node_modules/@duckdb/node-api/lib/index.js", import.meta.url);
    if (existsSync(duck)) {
      const { DuckDBInstance } = await import(duck);
      const c = await (await DuckDBInstance.create(":memory:")).connect();
      const rows = (await c.runAndReadAll(`SELECT count(*) n, count(DISTINCT op) ops, min(op) op FROM read_parquet('${p.path}')`)).getRowObjects();
      assert.deepEqual([Number(rows[0].n), Number(rows[0].ops), rows[0].op], [total, 1, "delete"]);
    }
    const [l] = await take(v, words.ja, "ndjson");
    const lines = l.bytes.toString("utf8").trimEnd().split("\n").map((x) => JSON.parse(x));
    assert.equal(lines.length, total);
    assert.ok(lines.every((r) => r.op === "delete" && r.time.endsWith("Z")));
  });

  test("an evidence bundle that akashi verify accepts", async (t) => {
    const v = await visit(b);
    t.after(() => v.context.close());
    await v.page.goto(`${app.base}/exports/new?page=/search&op=delete`);
    await v.page.locator("#case").fill("2026-11 退職者 <b>");
    await v.page.getByRole("button", { name: words.ja.evidence }).click();
    const [f] = await results(v);
    assert.ok(f.name.endsWith(".zip"));
    assert.match(execFileSync(process.env.AKASHI_BIN, ["verify", f.path], { encoding: "utf8", env: { ...process.env, AKASHI_LANG: "en" } }), /checked|proven|leaves/);
    await clean(v, "job-evidence");
  });

  test("numbers are shown with a ground only", async (t) => {
    const v = await visit(b);
    t.after(() => v.context.close());
    await v.page.goto(`${app.base}/exports/new?page=/search&op=delete`);
    const form = v.page.locator("form.export").first();
    await form.locator("summary").click();
    await form.locator("input[name=unmask]").check();
    await v.page.getByRole("button", { name: words.ja.go }).click();
    await v.page.getByRole("alert").waitFor();
    v.faults.length = 0; // the answer 422 is what is tested
    await clean(v, "export-ground");
    await form.locator("input[name=ground]").fill("監査 12 号");
    await v.page.getByRole("button", { name: words.ja.go }).click();
    await results(v);
    assert.match(readFileSync(join(app.dir, "seal", "leaves.jsonl"), "utf8"), /"kind":"unmask".*監査 12 号|監査 12 号.*"kind":"unmask"/);
  });

  test("without script", async (t) => {
    const v = await visit(b, { script: false });
    t.after(() => v.context.close());
    await v.page.goto(`${app.base}/exports/new?page=/search&op=delete`);
    await v.page.getByRole("button", { name: words.ja.go }).click();
    for (let i = 0; i < 60 && await v.page.locator("#job .jobstate.done").count() === 0; i++) {
      await v.page.waitForTimeout(500);
      await v.page.reload();
    }
    assert.equal(await v.page.locator("ul.results a").count(), 1);
  });
});
