// Signs that a person took something away: devices that were connected while sessions were
// open, from the log to the page.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { browser, clean, everyLook, launch, visit } from "./harness.mjs";

const words = {
  ja: { inferred: "推定", session: /CORP\\tanaka のセッション「対話型（コンソール）」（2026-11-20 10:00:00 から）/, others: /ほかの人のセッションも開いていました/, alien: /開いていないときの接続: 1 件/ },
  en: { inferred: "inferred", session: /session of CORP\\tanaka \(at the console, since 2026-11-20 10:00:00\)/, others: /Sessions of others were open/, alien: /no session of this person was open: 1/ },
};

// log writes the Security log of a computer with two people and three devices.
function log(file) {
  let id = 100;
  const put = (time, event_id, event_data) => appendFileSync(file, JSON.stringify({
    "@timestamp": `2026-11-20T${time}Z`,
    winlog: { event_id, record_id: id++, channel: "Security", computer_name: "FS01", provider_name: "Microsoft-Windows-Security-Auditing", keywords: ["Audit Success"], event_data },
  }) + "\n");
  const system = { SubjectUserSid: "S-1-5-18", SubjectUserName: "FS01$", SubjectDomainName: "CORP", SubjectLogonId: "0x3e7" };
  const person = (n, name) => ({ TargetUserSid: `S-1-5-21-1-2-3-110${n}`, TargetUserName: name, TargetDomainName: "CORP", TargetLogonId: `0x700${n}` });
  const logon = (time, n, name, type) => put(time, 4624, { ...system, ...person(n, name), LogonType: type, LogonProcessName: "User32", AuthenticationPackageName: "Negotiate", WorkstationName: "FS01", ProcessId: "0x2", ProcessName: "C:\\Windows\\System32\\winlogon.exe", IpAddress: "127.0.0.1", IpPort: "0" });
  const device = (time, serial) => put(time, 6416, { ...system, DeviceId: `USBSTOR\\DISK&VEN_BUFFALO&PROD_USB_DISK&REV_1.0\\${serial}&0`, DeviceDescription: "BUFFALO USB Disk", ClassId: "{4d36e967-e325-11ce-bfc1-08002be10318}", ClassName: "DiskDrive", VendorIds: "USBSTOR\\DiskBUFFALO", CompatibleIds: "USBSTOR\\Disk", LocationInformation: "-" });
  writeFileSync(file, "");
  logon("01:00:00", 1, "tanaka", "2");
  put("01:01:00", 4663, { SubjectUserSid: "S-1-5-21-1-2-3-1101", SubjectUserName: "tanaka", SubjectDomainName: "CORP", SubjectLogonId: "0x7001", ObjectServer: "Security", ObjectType: "File", ObjectName: "D:\\給与.xlsx", HandleId: "0x10", AccessList: "%%4416", AccessMask: "0x1", ProcessId: "0x20", ProcessName: "C:\\x.exe" });
  device("01:05:00", "0001A");
  logon("01:10:00", 2, "sato", "10");
  device("01:15:00", "0002B");
  put("02:01:00", 4634, { ...person(1, "tanaka"), LogonType: "2" });
  put("02:02:00", 4634, { ...person(2, "sato"), LogonType: "10" });
  device("02:30:00", "0003C");
}

let app, b, session, scratch;

before(async () => {
  scratch = mkdtempSync(join(tmpdir(), "akashi-taken-"));
  log(join(scratch, "security.jsonl"));
  app = await launch((data) => ["serve", "--data", data, "--listen", "127.0.0.1:0"], /(http:\/\/[\d.:]+)\/first\?code=(\w+)\s/, (data) => {
    execFileSync(process.env.AKASHI_BIN, ["import", "--data", data, join(scratch, "security.jsonl")]);
    const settings = join(data, "akashi.toml");
    writeFileSync(settings, readFileSync(settings, "utf8").replace(/^second_factor = .*$/m, "second_factor = []"));
  });
  b = await browser();
  const { page, context } = await visit(b, { lang: "ja", session: null });
  await page.goto(app.match[0].trim());
  for (const [field, value] of Object.entries({ name: "yamada", shown: "山田", password: "correct horse battery", again: "correct horse battery" })) await page.locator(`[name=${field}]`).fill(value);
  await page.locator("main button").click();
  await page.waitForURL(/\/(me.*)?$/);
  const cookie = (await context.cookies()).find((c) => c.name.startsWith("akashi") && !c.name.includes("device"));
  session = { name: cookie.name, value: cookie.value, url: app.match[1] };
  await context.close();
}, { timeout: 120_000 });

after(async () => {
  await b?.close();
  await app?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

for (const [lang, scheme, width] of everyLook) {
  test(`devices are joined to sessions, with the reason, ${lang} ${scheme} ${width}`, async (t) => {
    const w = words[lang];
    const v = await visit(b, { lang, scheme, width, session });
    t.after(() => v.context.close());
    await v.page.goto(`${app.match[1]}/files?user=tanaka&period=all`);
    const signs = v.page.locator("#taken .signs > li");
    await signs.first().waitFor();
    assert.equal(await signs.count(), 2);
    const [both, alone] = await signs.allInnerTexts();
    for (const text of [both, alone]) {
      assert.ok(text.includes(w.inferred));
      assert.match(text, w.session);
    }
    assert.match(both, w.others);
    assert.match(both, /0002B[\s\S]*CORP\\sato/);
    assert.doesNotMatch(alone, w.others);
    assert.match(alone, /0001A/);
    assert.match(await v.page.locator("#taken").innerText(), w.alien);
    await v.page.locator("#taken").scrollIntoViewIfNeeded();
    await clean(v, `taken-${lang}-${scheme}-${width}`);
  });
}
