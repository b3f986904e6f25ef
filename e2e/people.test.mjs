// Log-in, people and roles, approvals and the trail, as their people use them.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { ask, browser, clean, launch, looks, start, visit } from "./harness.mjs";

const good = "correct horse battery";
const t = {
  ja: {
    name: "ログイン名", password: "パスワード", again: "パスワード（もう一度）", login: "ログイン", make: "管理者を作る", trivial: /推測されやすい/, wrong: /違います/, wait: /待ってから/,
    code: "確認コード", setup: "設定する", codes: /回復コードです/, out: "ログアウト", add: "追加", roles: { viewer: "閲覧者", reviewer: "点検者", officer: "責任者", admin: "管理者" },
    once: /最初のパスワード/, mustChange: /自分のパスワードに変えて/, old: "今のパスワード", new: "新しいパスワード", change: "パスワードを変える", noRight: /権限|役割/, shown: "表示名",
    token: "トークンを作る", tokenName: "名前", tokenOnce: /ここでしか表示しません/, revoke: "無効にする", revoked: "無効", approve: "承認する", ground: "理由", proposed: /申請しました/, save: "保存",
    trail: "操作の記録", filter: "絞り込む", sealed: "封印済み", demo: "デモを見る", nobody: /まだ利用者がいません/, own: /自分では変えられません/,
  },
  en: {
    name: "Log-in name", password: "Password", again: "Password (again)", login: "Log in", make: "Make the administrator", trivial: /easily guessed/, wrong: /is wrong/, wait: /Wait/,
    code: "One-time code", setup: "Set up", codes: /your recovery codes/, out: "Log out", add: "Add", roles: { viewer: "Viewer", reviewer: "Reviewer", officer: "Officer", admin: "Administrator" },
    once: /first password/, mustChange: /Change it to your own/, old: "Current password", new: "New password", change: "Change the password", noRight: /right|role/, shown: "Shown name",
    token: "Make a token", tokenName: "Name", tokenOnce: /shown only here/, revoke: "Revoke", revoked: "revoked", approve: "Approve", ground: "Ground", proposed: /waits for an officer/, save: "Save",
    trail: "Trail", filter: "Filter", sealed: "sealed", demo: "Look at the demonstration", nobody: /no people yet/, own: /cannot change your own/,
  },
};

// code is the one-time code of a secret (RFC 6238); ahead is in steps.
function code(secret, ahead = 0) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const c of secret) bits += alphabet.indexOf(c).toString(2).padStart(5, "0");
  const key = Buffer.from(bits.match(/.{8}/g).map((x) => parseInt(x, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const h = createHmac("sha1", key).update(counter).digest();
  const at = h[19] & 15;
  return String((h.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

const serve = (data) => ["serve", "--data", data, "--listen", "127.0.0.1:0"];
const field = (page, label) => page.getByLabel(label, { exact: true });
// press waits for the whole of the page that answers: what is counted while a page still
// comes is short of a row, or of the end of one.
async function press(page, name) {
  await page.getByRole("button", { name, exact: true }).click();
  await page.waitForLoadState();
}

async function login(page, base, w, name, password) {
  await page.goto(`${base}/login`);
  await field(page, w.name).fill(name);
  await field(page, w.password).fill(password);
  await press(page, w.login);
}

let b;
before(async () => { b = await browser(); });
after(async () => { await b?.close(); });

for (const lang of ["ja", "en"]) {
  const w = t[lang];
  describe(`a folder from its first start, ${lang}`, () => {
    let app, base, first, admin, secret;
    const made = {}; // passwords of people
    const expected = [403, 422, 429];
    const calm = (page, faults, where) => clean({ page, faults }, `people-${lang}-${where.replace(/\W+/g, "-")}`, where);

    before(async () => {
      app = await launch(serve, /(http:\/\/[\d.:]+)\/first\?code=(\w+)\s/);
      base = app.match[1];
      first = app.match[0].trim();
    }, { timeout: 60_000 });
    after(async () => { await app?.stop(); });

    test("the printed address makes the administrator, who sets up one-time codes", async () => {
      const { page, faults } = (admin = await visit(b, { lang, session: null, expected }));
      await page.goto(base);
      assert.match(page.url(), /\/login$/);
      assert.match(await page.locator("main").innerText(), w.nobody);
      await page.goto(`${base}/first?code=WRONG`);
      assert.equal(await page.getByRole("button", { name: w.make }).count(), 0);
      await page.goto(first);
      await calm(page, faults, "first start");
      const fill = async (password) => {
        await field(page, w.name).fill("yamada");
        await field(page, w.shown).fill("山田 花子");
        await field(page, w.password).fill(password);
        await field(page, w.again).fill(password);
        await press(page, w.make);
      };
      await fill("yamada123456");
      assert.match(await page.getByRole("alert").innerText(), w.trivial);
      await fill(good);
      await page.waitForURL(/\/me#second$/);
      const qr = page.locator("img.qr");
      await qr.evaluate((i) => i.decode());
      assert.ok(await qr.evaluate((i) => i.naturalWidth > 0), "the picture is drawn");
      secret = await page.locator("#second code").innerText();
      assert.match(secret, /^[A-Z2-7]{32}$/);
      for (const [digits, password] of [["000000", good], [code(secret), "not my password"]]) {
        await page.locator("#second").getByLabel(w.code).fill(digits);
        await page.locator("#second").getByLabel(w.old).fill(password);
        await press(page, w.setup);
        assert.match(await page.getByRole("alert").innerText(), w.wrong);
      }
      made.used = code(secret);
      await page.locator("#second").getByLabel(w.code).fill(made.used);
      await page.locator("#second").getByLabel(w.old).fill(good);
      await press(page, w.setup);
      assert.match(await page.locator("#second").innerText(), w.codes);
      const recovery = await page.locator(".codes code").allInnerTexts();
      assert.equal(recovery.length, 10);
      made.recovery = recovery[0];
      await calm(page, faults, "one-time codes");
      await page.goto(first);
      assert.equal(await page.getByRole("button", { name: w.make }).count(), 0, "the address works once");
    });

    test("log-in asks for name, password and code; a used code does not count", async () => {
      const { page, faults } = admin;
      await page.goto(base);
      await page.locator("details.menu summary").click();
      await press(page, w.out);
      await page.waitForURL(/\/login$/);
      await page.goto(`${base}/search?path=x`);
      assert.match(page.url(), /\/login\?next=/);
      await field(page, w.name).fill("yamada");
      await field(page, w.password).fill("not my password");
      await press(page, w.login);
      assert.match(await page.getByRole("alert").innerText(), w.wrong);
      assert.equal(await field(page, w.name).inputValue(), "yamada");
      await field(page, w.password).fill(good);
      await press(page, w.login);
      await field(page, w.code).fill(made.used);
      await press(page, w.login);
      assert.match(await page.getByRole("alert").innerText(), w.wrong, "the code of the setting up was used");
      await calm(page, faults, "code");
      await field(page, w.code).fill(code(secret, 1));
      await press(page, w.login);
      await page.waitForURL(/\/search\?path=x$/);
    });

    test("people are added, and see what their roles allow", async () => {
      const { page, faults } = admin;
      for (const role of ["viewer", "reviewer", "officer"]) {
        await page.goto(`${base}/settings/people`);
        await field(page, w.name).fill(role);
        await page.locator("#add").getByLabel(w.roles[role], { exact: true }).check();
        if (role === "viewer") await page.locator("#folders").fill("D:\\共有\\人事\n\\\\FS01\\share");
        await press(page, w.add);
        assert.match(await page.locator("main").innerText(), w.once);
        made[role] = await page.locator("pre code").innerText();
        await calm(page, faults, `added ${role}`);
      }
      await page.goto(`${base}/settings/people`);
      await page.locator("#folders").fill("relative");
      await field(page, w.name).fill("x");
      await page.locator("#add").getByLabel(w.roles.viewer, { exact: true }).check();
      await press(page, w.add);
      assert.equal(await page.locator("#folders").inputValue(), "relative", "what was typed stays");
      assert.equal(await page.getByRole("alert").count(), 1);
      await page.goto(`${base}/settings/people/1`);
      assert.match(await page.locator("main").innerText(), w.own);

      for (const [role, may] of Object.entries({ viewer: { "/trail": 403, "/approvals": 403 }, reviewer: { "/trail": 200, "/approvals": 403 }, officer: { "/trail": 200, "/approvals": 200 } })) {
        const v = await visit(b, { lang, session: null, expected });
        await login(v.page, base, w, role, made[role]);
        await v.page.goto(`${base}/search`);
        assert.match(v.page.url(), /\/me$/, "the first password opens nothing");
        assert.match(await v.page.locator("main").innerText(), w.mustChange);
        await v.page.locator("#password").getByLabel(w.old).fill(made[role]);
        await v.page.locator("#password").getByLabel(w.new).fill(`${good} ${role}`);
        await v.page.locator("#password").getByLabel(w.again).fill(`${good} ${role}`);
        await press(v.page, w.change);
        await v.page.waitForURL(/saved=password/);
        for (const [path, status] of Object.entries({ "/": 200, "/search": 200, "/settings/people": 403, ...may })) {
          const res = await v.page.goto(base + path);
          assert.equal(res.status(), status, `${role} opens ${path}`);
          if (status === 403) assert.match(await v.page.locator("main").innerText(), w.noRight);
        }
        assert.equal(await v.page.locator("nav.side a[href='/settings/people']").count(), 0);
        await calm(v.page, v.faults, role);
        made[`${role}Visit`] = v;
      }
    });

    test("a further officer needs an officer's approval, and nobody approves his own", async () => {
      const { page, faults } = admin;
      await page.goto(`${base}/settings/people`);
      await page.getByRole("link", { name: "viewer", exact: true }).click();
      await page.getByLabel(w.roles.officer, { exact: true }).check();
      await page.locator("form[action$='/grant']").getByLabel(w.ground).fill("異動");
      await press(page, w.save);
      assert.match(await page.getByRole("status").innerText(), w.proposed);
      assert.equal(await page.getByRole("button", { name: w.approve }).count(), 0, "the proposer cannot approve");
      await calm(page, faults, "proposed");
      const { page: officer, faults: more } = made.officerVisit;
      await officer.goto(`${base}/approvals`);
      await press(officer, w.approve);
      assert.equal(await officer.getByRole("button", { name: w.approve }).count(), 0);
      await calm(officer, more, "approved");
      await page.goto(`${base}/settings/people`);
      assert.match(await page.locator("tr").filter({ has: page.getByRole("link", { name: "viewer", exact: true }) }).innerText(), new RegExp(w.roles.officer));
    });

    test("a disabled person is out at once", async () => {
      const { page } = admin;
      await page.goto(`${base}/settings/people`);
      await page.getByRole("link", { name: "reviewer", exact: true }).click();
      await page.locator("form[action$='/disable'] button").click();
      await page.waitForURL(/saved=1/);
      const v = made.reviewerVisit.page;
      await v.goto(`${base}/search`);
      assert.match(v.url(), /\/login\?next=/);
      await login(v, base, w, "reviewer", `${good} reviewer`);
      assert.match(await v.getByRole("alert").innerText(), w.wrong);
    });

    test("an API token is shown once and can be revoked", async () => {
      const { page, faults } = admin;
      await page.goto(`${base}/me`);
      await page.locator("#tokens").getByLabel(w.tokenName).fill("夜間の集計");
      await press(page, w.token);
      assert.match(await page.locator("#tokens").innerText(), w.tokenOnce);
      assert.match(await page.locator("#tokens pre code").innerText(), /^akashi_\w{30,}/);
      await calm(page, faults, "token");
      await page.goto(`${base}/me`);
      assert.equal(await page.locator("#tokens pre").count(), 0);
      await press(page, w.revoke);
      assert.equal(await page.locator("#tokens tbody").getByText(w.revoked, { exact: true }).count(), 1);
    });

    test("the trail tells who did what, and is sealed", async () => {
      const { page, faults } = admin;
      await page.goto(`${base}/trail`);
      assert.match(await page.locator("header.top").innerText(), /山田 花子/);
      const text = await page.locator("#trail").innerText();
      for (const x of ["yamada", "reviewer", "127.0.0.1"]) assert.ok(text.includes(x), `${x} is in the trail`);
      await page.locator("#action").selectOption("people");
      await press(page, w.filter);
      assert.match(page.url(), /action=people/);
      const rows = await page.locator("#trail tbody tr").count();
      assert.ok(rows >= 5, `${rows} changes of people`);
      assert.equal(await page.locator("#trail svg.seal .field").count(), rows, "changes of people are sealed at once");
      await calm(page, faults, "trail");
      await page.goto(`${base}/trail?text=nothing-has-this`);
      assert.equal(await page.locator("#trail tbody tr").count(), 0);
      const res = await page.goto(`${base}/trail?cursor=..%2F..%2Fetc%2Fpasswd:1`);
      assert.equal(res.status(), 400);
      faults.length = 0;
    });

    test("pages in every look", async () => {
      const cookies = (await admin.context.cookies()).map(({ name, value }) => ({ name, value, url: base }));
      const session = cookies.find((c) => c.name.startsWith("akashi_") && !/device|lang|theme|rows/.test(c.name));
      for (const [scheme, width] of looks(lang)) {
        const { page, context, faults } = await visit(b, { lang, scheme, width, session });
        for (const [name, path] of Object.entries({ who: "/settings/people", one: "/settings/people/2", me: "/me", trail: "/trail" })) {
          await page.goto(base + path);
          await clean({ page, faults }, `people-${lang}-${scheme}-${width}-${name}`);
        }
        await context.close();
        const out = await visit(b, { lang, scheme, width, session: null });
        await out.page.goto(`${base}/login`);
        await clean(out, `people-${lang}-${scheme}-${width}-login`);
        await out.context.close();
      }
    });

    test("too many failures wait, but the known browser does not", async () => {
      const evil = await visit(b, { lang, session: null, expected });
      for (let i = 0; i < 6; i++) await login(evil.page, base, w, "yamada", `guess number ${i}`);
      assert.match(await evil.page.getByRole("alert").innerText(), w.wait);
      await calm(evil.page, evil.faults, "waiting");
      const { page } = admin;
      await page.goto(base);
      await page.locator("details.menu summary").click();
      await press(page, w.out);
      await login(page, base, w, "yamada", good);
      await field(page, w.code).fill(made.recovery);
      await press(page, w.login);
      await page.waitForURL(`${base}/`);
    });

    test("without script: log-in, own settings, log-out", async () => {
      const { page, context, faults } = await visit(b, { lang, session: null, script: false, expected });
      await login(page, base, w, "officer", `${good} officer`);
      await page.waitForURL(`${base}/`);
      await page.goto(`${base}/me`);
      await page.locator("#preferences").getByLabel(w.shown).fill("<b>責任</b> 太郎");
      await page.locator("#zone").fill("America/New_York");
      await press(page, w.save);
      await page.waitForURL(/saved=preferences/);
      assert.match(await page.locator("header.top").innerText(), /America\/New_York/);
      assert.match(await page.locator("header.top").innerText(), /<b>責任<\/b> 太郎/);
      await page.locator("details.menu summary").click();
      await press(page, w.out);
      await page.waitForURL(/\/login$/);
      assert.deepEqual(faults, []);
      await context.close();
    });
  });
}

test("a demonstration is one click away, and says what it is", async () => {
  const app = await start({ fresh: true });
  try {
    assert.equal((await ask(app.base)).status, 200, "the page answers while the import runs");
    for (const [lang, script] of [["ja", true], ["en", false]]) {
      const { page, context, faults } = await visit(b, { lang, session: null, script });
      await page.goto(app.base);
      if (script) await clean({ page, faults }, `people-${lang}-demo`);
      await press(page, t[lang].demo);
      await page.waitForURL(`${app.base}/`);
      if (script) { // the page follows what is made and imported, without being loaded again
        await page.locator("[data-live]").waitFor();
        await page.locator("#line .run").waitFor({ state: "detached" });
        await page.locator("[data-imported]").waitFor({ state: "detached" });
        await page.getByRole("link", { name: /^MNT-FS02/ }).first().waitFor();
      }
      assert.deepEqual(faults, []);
      await context.close();
    }
    assert.equal((await ask(`${app.base}/settings/people`)).status, 200, "the visitor of a demonstration may everything");
    assert.equal((await fetch(`${app.base}/search`, { redirect: "manual" })).status, 303, "nothing is shown without a session");
  } finally {
    await app.stop();
  }
});

test("another address is served by TLS with a certificate of its own", async () => {
  const app = await launch((data) => ["serve", "--data", data, "--listen", "0.0.0.0:0"], /answers at (https:\/\/\S+:(\d+))\s[\s\S]*([0-9A-F:]{95})[\s\S]*first\?code=(\w+)\s/);
  try {
    const [, , port, , first] = app.match;
    const base = `https://127.0.0.1:${port}`;
    const { page, context, faults } = await visit(b, { lang: "ja", session: null, insecure: true });
    await page.goto(`${base}/first?code=${first}`);
    await field(page, t.ja.name).fill("yamada");
    await field(page, t.ja.password).fill(good);
    await field(page, t.ja.again).fill(good);
    await page.getByRole("checkbox").uncheck();
    await press(page, t.ja.make);
    await page.waitForURL(`${base}/`);
    const c = (await context.cookies()).find((x) => x.name === "__Host-akashi");
    assert.ok(c?.secure && c.httpOnly && c.sameSite === "Lax");
    assert.deepEqual(faults, []);
    await context.close();
  } finally {
    await app.stop();
  }
});
