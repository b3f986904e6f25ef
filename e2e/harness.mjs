// Starts the real binary with its demonstration company and a browser that
// notices everything a page does wrong.
import { spawn } from "node:child_process";
import assert from "node:assert/strict";
import { cpSync, existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const words = {
  ja: {
    people: "使用者を探す", files: "ファイルを探す", log: "ログ検索", what: "ファイルまたはフォルダー", who: "人", search: "検索",
    used: /人が使用しました/, records: /^[\d,]+ 件/, raw: "生イベント", why: "判定の根拠", more: "続きを表示", none: "この条件に合う記録はありません。",
    can: "証明できること", cannot: "証明できないこと", network: "ネットワークログオンを表示", type3: "ネットワーク (3)", right: "データの読み取り・一覧", other: "English", opened: /読取|更新/,
  },
  en: {
    people: "Find people", files: "Find files", log: "Search the log", what: "File or folder", who: "Person", search: "Search",
    used: /(person|people) used it/, records: /^[\d,]+ records?/, raw: "Raw events", why: "Why this record", more: "Show more", none: "No record meets these conditions.",
    can: "What it proves", cannot: "What it does not prove", network: "show network log-ons", type3: "network (3)", right: "read data / list folder", other: "日本語", opened: /\b(Read|Write)\b/,
  },
};

// long says that everything is tried: each journey in all eight looks, and axe over
// every row of a list.
export const long = Boolean(process.env.AKASHI_LONG);

// looks are the pairs of theme and width that a language is shown in: of the eight looks
// of a page, the four that have each pair of language, theme and width once, or all.
export function looks(lang) {
  const all = [["light", 1440], ["dark", 390], ["dark", 1440], ["light", 390]];
  if (long) return all;
  return lang === "ja" ? all.slice(0, 2) : all.slice(2);
}

// everyLook is looks of both languages: [language, theme, width].
export const everyLook = ["ja", "en"].flatMap((lang) => looks(lang).map(([scheme, width]) => [lang, scheme, width]));

// entered is the session that visit and ask use: that of the visitor of a
// demonstration, or whatever a test puts here.
let entered = null;

// enter lets the visitor of the demonstration at base in, and returns the cookie.
export async function enter(base) {
  const res = await fetch(`${base}/login/demo`, { method: "POST", redirect: "manual" });
  const [cookie] = res.headers.getSetCookie().filter((c) => c.startsWith("akashi"));
  if (res.status !== 303 || !cookie) throw new Error(`no entry to the demonstration: ${res.status}`);
  const [name, value] = cookie.split(";")[0].split("=");
  entered = { name, value, url: base };
  return entered;
}

// ask fetches a page with the session.
export async function ask(url, init = {}) {
  const headers = { ...init.headers, ...(entered ? { cookie: `${entered.name}=${entered.value}` } : {}) };
  return fetch(url, { ...init, headers });
}

// launch runs akashi in a new folder until `ready` is in its output, which it returns
// with the folder. args are a function of the data folder; prepare may fill it before.
export async function launch(args, ready, prepare = () => {}) {
  const bin = process.env.AKASHI_BIN;
  if (!bin || !existsSync(bin)) throw new Error("AKASHI_BIN must name the built akashi");
  const dir = mkdtempSync(join(tmpdir(), "akashi-e2e-"));
  const data = join(dir, "data");
  prepare(data);
  const child = spawn(bin, args(data), { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, AKASHI_LANG: "en" } });
  let output = "";
  const match = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready within 180 s: ${output}`)), 180_000);
    const read = (b) => {
      output += b;
      const m = output.match(ready);
      if (m) { clearTimeout(timer); resolve(m); }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("exit", (code) => { clearTimeout(timer); reject(new Error(`akashi ended with ${code}: ${output}`)); });
  });
  return {
    match,
    dir: data,
    async stop() {
      const ended = new Promise((r) => child.on("exit", r));
      child.kill("SIGINT");
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

// start serves a copy of the demonstration company that AKASHI_DEMO names, where it has
// been made, or runs `akashi demo --serve`, and answers when the first page does.
// fresh: true always makes a new one; before is run with the folder of a copy. A
// session of its visitor is made.
export async function start({ fresh = false, before } = {}) {
  const made = process.env.AKASHI_DEMO;
  if (before && !made) throw new Error("AKASHI_DEMO must name the folder of a demonstration");
  const app = fresh || !made
    ? await launch((data) => ["demo", "--serve", "--listen", "127.0.0.1:0", data], /http:\/\/[\d.:]+/)
    : await launch((data) => ["serve", "--data", data, "--listen", "127.0.0.1:0"], /http:\/\/[\d.:]+/, (data) => {
      const logs = join(made, "demo-logs"); // large, and only read
      cpSync(made, data, { recursive: true, filter: (from) => from !== logs });
      for (const f of readdirSync(logs, { withFileTypes: true, recursive: true })) {
        if (!f.isFile()) continue;
        const to = join(data, relative(made, f.parentPath ?? f.path));
        mkdirSync(to, { recursive: true });
        linkSync(join(f.parentPath ?? f.path, f.name), join(to, f.name));
      }
      before?.(data);
    });
  const base = app.match[0];
  await enter(base);
  return { ...app, base };
}

// imported waits for the end of the import.
export async function imported(base) {
  for (let i = 0; i < 600; i++) {
    const line = await (await ask(`${base}/status-line`)).text();
    if (!line.includes("hx-trigger") && /\d 件|\d records/.test(line)) return;
    await new Promise((r) => setTimeout(r, 250));
  }
  throw new Error("the import does not end");
}

// app and b are the demonstration company and the browser of a file that calls company.
export let app, b;

// company serves the demonstration company to the tests of a file, with the options of
// start, and opens a browser: both stand in app and b. first is done before the tests.
export function company(options, first) {
  before(async () => {
    [app, b] = await Promise.all([start(options), browser()]);
    await imported(app.base);
    await first?.();
  }, { timeout: 400_000 });
  after(async () => {
    await b?.close();
    await app?.stop();
  });
}

// browser is Debian's Chromium: the shell without a window when it is there, which needs
// a quarter less of the processor, else the whole one.
export async function browser() {
  const shell = "/usr/bin/chromium-headless-shell";
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? (existsSync(shell) ? shell : "/usr/bin/chromium"),
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

// patience is how long a page may take to do something, in ms; on a busy machine a
// change waits for the jobs that have the folder.
const patience = 60_000;

// resting are the contexts that a test has closed, by what cannot be changed of them. A
// new one costs a second of processor time, a used one almost nothing.
const resting = new Map();

// visit opens a page in a language, a theme and a width and collects faults. It comes
// with the session of the demonstration; session: null comes with none, and a cookie
// {name, value, url} with that one. Statuses in expected are no faults. Closing the
// context lets a later visit have it, without its cookies and what it stored; own: true
// is for tests that change more of it than that.
export async function visit(b, { lang = "ja", scheme = "light", width = 1440, script = true, session = entered, expected = [], insecure = false, own = false } = {}) {
  const kind = `${lang} ${script} ${insecure}`;
  const spare = own ? undefined : resting.get(kind)?.pop();
  const context = spare?.context ?? await b.newContext({ locale: lang, javaScriptEnabled: script, acceptDownloads: true, ignoreHTTPSErrors: insecure });
  const page = spare?.page ?? await context.newPage();
  page.setDefaultTimeout(patience);
  await page.setViewportSize({ width, height: width < 700 ? 844 : 900 });
  await page.emulateMedia({ colorScheme: scheme, media: null });
  if (session) await context.addCookies([{ ...session, httpOnly: true, sameSite: "Lax" }]);
  const faults = [];
  page.on("console", (m) => { if ((m.type() === "error" || m.type() === "warning") && !expected.some((code) => m.text().includes(`status of ${code}`))) faults.push(`console: ${m.text()}`); });
  page.on("pageerror", (e) => faults.push(`error: ${e.message}`));
  page.on("response", (r) => { if (r.status() >= 400 && !expected.includes(r.status())) faults.push(`${r.status()} ${r.url()}`); });
  if (!spare && script) {
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`));
    });
  }
  if (!spare && !own) {
    context.close = async () => {
      page.removeAllListeners();
      page.setDefaultTimeout(patience);
      if (script) await page.evaluate(() => { localStorage.clear(); sessionStorage.clear(); });
      await page.goto("about:blank");
      await context.clearCookies();
      resting.set(kind, [...(resting.get(kind) ?? []), { context, page }]);
    };
  }
  return { page, context, faults };
}

// accessible runs axe and returns its findings, one line each. Of a list of records
// the first rows stand for all of them, unless everything is tried.
export async function accessible(page) {
  await page.evaluate(axe);
  return page.evaluate(async (long) => {
    const context = long ? document : { exclude: [["#rows tr:nth-child(n+16)"]] };
    const r = await globalThis.axe.run(context, { resultTypes: ["violations"] });
    for (const e of document.querySelectorAll('[style=""]')) e.removeAttribute("style"); // axe leaves them, and the policy forbids them in what is copied
    return r.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")} ${n.failureSummary?.split("\n")[1] ?? ""}`));
  }, long);
}

// clean says that axe finds nothing on the page of a visit, that nothing went wrong on
// the way to it, and that it is not wider than its screen. name is that of its picture.
export async function clean(v, name, where = name) {
  await shot(v.page, name);
  assert.deepEqual(await accessible(v.page), [], `axe: ${where}`);
  assert.deepEqual(v.faults, [], `faults: ${where}`);
  const wide = await v.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `the page is ${wide} px wider than the screen: ${where}`);
}

// press presses a button that changes something, again while another job has the folder:
// then nothing is changed, and the page says so (409). It waits for the whole answer.
export async function press(page, button) {
  for (let i = 0; i < 60; i++) {
    const [answer] = await Promise.all([page.waitForResponse((r) => r.request().method() === "POST"), button.click()]);
    await page.waitForLoadState();
    if (answer.status() !== 409) return;
    await page.waitForTimeout(500);
  }
  throw new Error("the folder stays busy");
}

// shot keeps a picture of the page in e2e/shots, where AKASHI_SHOTS is set.
export async function shot(page, name) {
  if (!process.env.AKASHI_SHOTS) return;
  const dir = new URL("./shots/", import.meta.url).pathname;
  mkdirSync(dir, { recursive: true });
  await page.waitForTimeout(200); // the fade of new results
  await page.screenshot({ path: join(dir, `${name}.png`) });
}
