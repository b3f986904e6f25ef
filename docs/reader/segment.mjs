#!/usr/bin/env node
// Prints the records of a record segment as JSON Lines, in stored order:
//   node segment.mjs FILE.aks
// It follows docs/FORMAT.md ("Record segments", "Path dictionary") and nothing
// else, so that the records stay readable without the program that wrote them.
import { readFileSync } from 'node:fs'
import { decompress } from 'fzstd'

const words = (s) => [''].concat(s.split(' '))
const OPS = words('read write create delete rename move copy link list execute set_attributes set_permissions set_owner set_audit print logon logoff logon_failed share_changed device_connected device_removed account_changed group_changed audit_policy_changed time_changed log_cleared records_lost boot shutdown virus_found power')
const OBJECTS = words('file directory share printer session device account policy system')
const RESULTS = words('success denied failure')
const CONFIDENCES = words('certain inferred')
const CLASSES = words('user background system')

const M64 = (1n << 64n) - 1n
const signed = (n) => BigInt.asIntN(64, n)
const unzigzag = (n) => signed((n >> 1n) ^ (n & 1n ? M64 : 0n))

const CRC = new Uint32Array(256).map((_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0x82f63b78 : n >>> 1
  return n >>> 0
})
function crc32c(b) {
  let c = 0xffffffff
  for (let i = 0; i < b.length; i++) c = CRC[(c ^ b[i]) & 255] ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}
function check(b, want, what) {
  if (crc32c(b) !== want) throw new Error(`${what}: checksum is wrong`)
  return b
}

// wtf8 reads text in which a lone surrogate is three bytes; any other byte that
// is no UTF-8 becomes U+FFFD.
function wtf8(b) {
  let out = ''
  for (let i = 0; i < b.length;) {
    const c = b[i]
    const at = (k) => (i + k < b.length && (b[i + k] & 0xc0) === 0x80 ? b[i + k] & 0x3f : -1)
    const [x, y, z] = [at(1), at(2), at(3)]
    let cp = -1, n = 1
    if (c < 0x80) cp = c
    else if (c >= 0xc2 && c < 0xe0 && x >= 0) [cp, n] = [((c & 0x1f) << 6) | x, 2]
    else if (c >= 0xe0 && c < 0xf0 && x >= 0 && y >= 0) [cp, n] = [((c & 0x0f) << 12) | (x << 6) | y, 3]
    else if (c >= 0xf0 && c < 0xf5 && x >= 0 && y >= 0 && z >= 0) [cp, n] = [((c & 7) << 18) | (x << 12) | (y << 6) | z, 4]
    const least = [0, 0, 0x80, 0x800, 0x10000][n]
    if (cp < least || cp > 0x10ffff) [cp, n] = [0xfffd, 1]
    out += cp >= 0xd800 && cp < 0xe000 ? String.fromCharCode(cp) : String.fromCodePoint(cp)
    i += n
  }
  return out
}

// Reader takes values from bytes, one after the other.
class Reader {
  constructor(b) { this.b = b; this.at = 0 }
  take(n) {
    if (n > this.b.length - this.at) throw new Error('bytes end too early')
    return this.b.subarray(this.at, (this.at += n))
  }
  byte() { return this.take(1)[0] }
  u() {
    let v = 0n
    for (let shift = 0n; ; shift += 7n) {
      const c = this.byte()
      v |= BigInt(c & 127) << shift
      if (c < 128) return v & M64
    }
  }
  n() { return Number(this.u()) }
  i() { return unzigzag(this.u()) }
  fixed(n) { return this.take(n).reduceRight((v, c) => v * 256 + c, 0) }
  crc() { return this.fixed(4) }
  bytes() { return this.take(this.n()) }
  str() { return wtf8(this.bytes()) }
  list(fn) { return Array.from({ length: this.n() }, (_, k) => fn(k)) }
  section() { return { off: this.n(), size: this.n(), crc: this.crc() } }
}

// planes reads n codes.
function planes(r, n) {
  const codes = new Array(n).fill(0n)
  const wide = r.byte()
  for (let k = 0n; k < BigInt(wide); k++) {
    const form = r.byte()
    const b = form === 0 ? new Uint8Array(n).fill(r.byte()) : form === 1 ? r.take(n) : decompress(r.take(r.n()))
    if (b.length !== n) throw new Error('plane of another length')
    for (let i = 0; i < n; i++) codes[i] |= BigInt(b[i]) << (8n * k)
  }
  return codes
}

// numbers reads a column of n numbers.
function numbers(r, n) {
  const form = r.byte()
  const scale = r.u()
  let out = []
  if (form === 0) {
    out = new Array(n).fill(r.u())
  } else if (form === 1) {
    let v = 0n
    for (let runs = r.n(); runs > 0; runs--) {
      const length = r.n()
      v = (v + r.i()) & M64
      for (let i = 0; i < length; i++) out.push(v)
    }
  } else if (form === 2) {
    const base = r.u()
    out = planes(r, n).map((c) => base + c)
  } else {
    const least = r.u()
    const w = r.byte()
    const firsts = Array.from({ length: Math.ceil(n / 256) }, () => least + r.take(w).reduceRight((v, c) => (v << 8n) | BigInt(c), 0n))
    const base = r.u()
    const codes = planes(r, n)
    for (let i = 0; i < n; i++) out.push(i % 256 === 0 ? firsts[i / 256] : (out[i - 1] + base + codes[i]) & M64)
  }
  if (out.length !== n) throw new Error('column of another length')
  return out.map((v) => (v * scale) & M64)
}

const join = (a, n, b) => Buffer.concat([a.subarray(0, n), b])

// pathsOf spells out a path dictionary.
function pathsOf(index, pages) {
  const r = new Reader(index)
  if (r.byte() !== 1) throw new Error('path index of an unknown version')
  const kinds = [0, 1].map(() => {
    let place = 0
    return r.list(() => {
      place += r.n()
      const ids = r.n()
      r.bytes()
      return { place, ids }
    })
  })
  const groups = [] // { spellings, ids }
  for (const { place } of kinds[0]) {
    const p = new Reader(pages[place])
    const starts = new Set(Array.from({ length: p.fixed(4) }, () => { const at = p.fixed(4); p.fixed(4); return at }))
    const base = p.at
    let last = Buffer.alloc(0)
    while (p.at < p.b.length) {
      if (starts.has(p.at - base)) last = Buffer.alloc(0)
      last = join(last, p.n(), p.bytes())
      const k = p.n()
      if (k & 1) { p.n(); p.bytes() } // the folded form
      if (k & 2) groups.at(-1).spellings.push(last)
      else groups.push({ spellings: [last], ids: k >> 2 })
    }
  }
  const out = []
  let g = 0, left = groups.length > 0 ? groups[0].ids : 0
  for (const { place } of kinds[1]) {
    const p = new Reader(pages[place])
    const [n, text, folded, foldedPlaces, foldedText] = [0, 0, 0, 0, 0].map(() => p.fixed(4))
    for (let i = 0; i < n; i += 32) p.fixed(4)
    const shared = p.take(n)
    const names = new Reader(p.take(text))
    p.take(foldedPlaces + folded + foldedText)
    const spelling = new Map()
    for (let at = 0; p.at < p.b.length;) spelling.set((at += p.n()), p.n())
    let last = Buffer.alloc(0)
    for (let i = 0; i < n; i++) {
      const end = names.b.indexOf(0x5c, names.at)
      last = join(last, shared[i], names.take(end - names.at))
      names.take(1)
      while (left === 0) left = groups[++g].ids
      left--
      out.push(Buffer.concat([groups[g].spellings[spelling.get(i) ?? 0], last]))
    }
  }
  return out.map(wtf8)
}

function tablesOf(b) {
  const r = new Reader(b)
  const texts = r.list(() => r.str())
  const text = () => texts[r.n()]
  const people = r.list(() => ({ user: text(), sid: text() }))
  const origins = r.list(() => ({ channel: text(), generation: r.n(), source: text() }))
  let seq = 0n, received = 0n
  const stamps = r.list(() => { seq += r.i(); received += r.i(); return { seq, received } })
  const clients = r.list(() => ({ ip: text(), name: text() }))
  const kinds = r.list(() => {
    const [op, object, result, confidence, cls] = r.take(6)
    return { op: OPS[op], object: OBJECTS[object], result: RESULTS[result], confidence: CONFIDENCES[confidence], class: CLASSES[cls], rule: text(), rules: r.u(), by: r.u() }
  })
  const shares = r.list(() => { const s = { unc: text() }; r.n(); if (r.n() > 0) text(); return s })
  const processes = r.list(() => text())
  return { people, origins, stamps, clients, kinds, shares, processes }
}

// moment is Unix nanoseconds as RFC 3339, UTC.
function moment(ns) {
  if (ns === 0n) return ''
  const s = ns / 1000000000n - (ns % 1000000000n < 0n ? 1n : 0n)
  const part = (ns - s * 1000000000n).toString().padStart(9, '0').replace(/0+$/, '')
  return new Date(Number(s) * 1000).toISOString().slice(0, 19) + (part ? '.' + part : '') + 'Z'
}

// json writes a text as the program does.
const json = (s) => JSON.stringify(s)
  .replace(/\\./g, (m) => (m === '\\b' ? '\\u0008' : m === '\\f' ? '\\u000c' : m))
  .replace(/[\u007f\u2028\u2029]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'))

function* recordsOf(file) {
  if (file.subarray(0, 16).toString('latin1') !== 'akashi segment\0\n') throw new Error('this is no segment')
  const trailer = [file.subarray(file.length - 72, file.length - 36), file.subarray(file.length - 36)].find((t) => crc32c(t.subarray(0, 24)) === t.readUInt32LE(24))
  if (!trailer || trailer.readUInt32LE(20) !== 1) throw new Error('no trailer of a known version')
  const section = ({ off, size, crc }) => {
    const copy = [0, 1].map((k) => file.subarray(off + k * size, off + (k + 1) * size)).find((b) => crc32c(b) === crc)
    if (!copy) throw new Error(`section at byte ${off}: checksum is wrong`)
    return decompress(copy)
  }
  const f = new Reader(section({ off: Number(trailer.readBigUInt64LE(0)), size: Number(trailer.readBigUInt64LE(8)), crc: trailer.readUInt32LE(16) }))
  const server = f.str()
  f.n(); f.str(); f.n()
  f.list(() => [f.n(), f.n()])
  f.list(() => [f.str(), f.n(), f.n(), f.n()])
  f.list(() => [f.str(), f.n()])
  const parts = f.list(() => ({ day: f.i(), rows: f.n(), first: f.i(), last: f.i(), directory: f.section() }))
  const [t, usual, index] = [tablesOf(section(f.section())), new Reader(section(f.section())), section(f.section())]
  let off = f.n()
  const pages = f.list(() => { const size = f.n(); const b = check(file.subarray(off, off + size), f.crc(), `page at byte ${off}`); off += size; return Buffer.from(decompress(b)) })
  const paths = pathsOf(index, pages)
  const shareOf = usual.list(() => { const n = usual.n(); return new Array(n).fill(usual.n()) }).flat()
  for (const part of parts) yield* rowsOf(file, server, new Reader(section(part.directory)), t, paths, shareOf)
}

function* rowsOf(file, server, d, t, paths, shareOf) {
  let off = d.n()
  let place = 0, start = 0
  const people = d.list(() => ({ place: (place += d.n()), start: (start += d.n()) }))
  const blocks = d.list(() => ({ rows: d.n(), lo: d.i(), hi: d.i(), columns: Array.from({ length: 16 }, () => ({ size: d.n(), crc: d.crc() })) }))
  let row = 0, person = -1
  for (const { rows: n, columns } of blocks) {
    const chunks = columns.map(({ size, crc }) => { const b = check(file.subarray(off, off + size), crc, `chunk at byte ${off}`); off += size; return new Reader(b) })
    const v = chunks.map((c, k) => (k === 6 || k === 15 ? null : numbers(c, n)))
    const raw = rawIDs(chunks[6], n, v[4])
    const set = new Reader(chunks[15].bytes())
    const sets = numbers(set, n)
    const packed = chunks[15].at < chunks[15].b.length ? new Reader(decompress(chunks[15].take(chunks[15].b.length - chunks[15].at))) : new Reader(new Uint8Array([0]))
    const details = packed.list(() => packed.list(() => [packed.str(), packed.str()]))
    for (let i = 0; i < n; i++, row++) {
      while (person + 1 < people.length && people[person + 1].start <= row) person++
      const at = (k) => Number(v[k][i])
      const [time, who, from, kind, client] = [signed(v[0][i]), t.people[people[person].place], t.origins[at(3)], t.kinds[at(9)], t.clients[at(7)]]
      const share = at(12) === 0 ? shareOf[at(10)] : at(12) - 1
      const text = (o) => Object.entries(o).map(([k, x]) => `"${k}":${json(x)}`).join(',')
      const detail = sets[i] === 0n ? [] : details[Number(sets[i]) - 1]
      yield '{' + text({
        id: `${server}:${from.channel}:${from.generation}:${v[4][i]}:${v[5][i]}`, time: moment(time), end_time: moment(signed(v[0][i] + v[1][i])), received: moment(t.stamps[at(2)].received),
        server, source: from.source, user: who.user, sid: who.sid, client_ip: client.ip, client_name: client.name, session: v[8][i] ? '0x' + v[8][i].toString(16) : '',
        op: kind.op, path: paths[at(10)], new_path: paths[at(11)], share: t.shares[share].unc, object: kind.object, result: kind.result, process: t.processes[at(13)],
      }) + `,"count":${v[14][i]},` + text({ confidence: kind.confidence, rule: kind.rule, class: kind.class }) +
        `,"detail":{${detail.map(([k, x]) => json(k) + ':' + json(x)).join(',')}},"raw_record_ids":[${raw[i].join(',')}],"rules_version":${kind.rules}` + (kind.by ? `,"superseded_by":${kind.by}` : '') + '}'
    }
  }
}

function rawIDs(c, n, firstIDs) {
  const counts = numbers(new Reader(c.bytes()), n).map(Number)
  const firsts = numbers(new Reader(c.bytes()), counts.filter((k) => k > 0).length)
  const rest = numbers(c, counts.reduce((sum, k) => sum + Math.max(0, k - 1), 0))
  let [f, r] = [0, 0]
  return counts.map((k, i) => {
    const ids = []
    for (let j = 0, id = firstIDs[i]; j < k; j++) ids.push((id = (id + unzigzag(j === 0 ? firsts[f++] : rest[r++])) & M64))
    return ids
  })
}

for (const line of recordsOf(readFileSync(process.argv[2]))) process.stdout.write(line + '\n')
