// Starts the real binary with its demonstration company and a browser that
// notices everything a page does wrong.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

// start runs `akashi demo --serve` and answers when the first page does.
// A session of its visitor is made unless enterDemo is false.
export async function start({ enterDemo = true } = {}) {
  const bin = process.env.AKASHI_BIN;
  if (!bin || !existsSync(bin)) throw new Error("AKASHI_BIN must name the built akashi");
  const dir = mkdtempSync(join(tmpdir(), "akashi-e2e-"));
  const child = spawn(bin, ["demo", "--serve", "--listen", "127.0.0.1:0", join(dir, "demo")], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, AKASHI_LANG: "en" } });
  let output = "";
  const base = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no address within 180 s: ${output}`)), 180_000);
    const read = (b) => {
      output += b;
      const m = output.match(/http:\/\/[\d.:]+/);
      if (m) { clearTimeout(timer); resolve(m[0]); }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("exit", (code) => { clearTimeout(timer); reject(new Error(`akashi ended with ${code}: ${output}`)); });
  });
  if (enterDemo) await enter(base);
  return {
    base,
    dir: join(dir, "demo"),
    async stop() {
      const ended = new Promise((r) => child.on("exit", r));
      child.kill("SIGINT");
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
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

export async function browser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

// visit opens a page in a language, a theme and a width and collects faults. It comes
// with the session of the demonstration; session: null comes with none, and a cookie
// {name, value, url} with that one. Statuses in expected are no faults.
export async function visit(b, { lang = "ja", scheme = "light", width = 1440, script = true, session = entered, expected = [], insecure = false } = {}) {
  const context = await b.newContext({ locale: lang, colorScheme: scheme, viewport: { width, height: width < 700 ? 844 : 900 }, javaScriptEnabled: script, acceptDownloads: true, ignoreHTTPSErrors: insecure });
  if (session) await context.addCookies([{ ...session, httpOnly: true, sameSite: "Lax" }]);
  const page = await context.newPage();
  const faults = [];
  page.on("console", (m) => { if ((m.type() === "error" || m.type() === "warning") && !expected.some((code) => m.text().includes(`status of ${code}`))) faults.push(`console: ${m.text()}`); });
  page.on("pageerror", (e) => faults.push(`error: ${e.message}`));
  page.on("response", (r) => { if (r.status() >= 400 && !expected.includes(r.status())) faults.push(`${r.status()} ${r.url()}`); });
  if (script) {
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`));
    });
  }
  return { page, context, faults };
}

// accessible runs axe and returns its findings, one line each.
export async function accessible(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const r = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return r.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")} ${n.failureSummary?.split("\n")[1] ?? ""}`));
  });
}

export async function shot(page, name) {
  const dir = new URL("./shots/", import.meta.url).pathname;
  mkdirSync(dir, { recursive: true });
  await page.waitForTimeout(200); // the fade of new results
  await page.screenshot({ path: join(dir, `${name}.png`) });
}
