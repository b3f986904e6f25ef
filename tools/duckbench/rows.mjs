// One form of a record for DuckDB's rows of an archive file and for akashi's lines of
// JSON (docs/FORMAT.md, The archive, schema 2).

const text = (name) => ({ name, sql: `"${name}"` })
const number = (name) => ({ name, sql: `"${name}"::VARCHAR` })
const time = (name) => ({ name, sql: `epoch_ns("${name}")::VARCHAR` })

export const columns = [
  text('server'), text('channel'), number('generation'), number('first_id'), number('ordinal'), time('time'), number('duration_100ns'), number('duration_rest_ns'),
  time('received'), text('source'), text('user'), text('sid'), text('client_ip'), text('client_name'), number('session'), text('op'), text('path'), text('new_path'),
  text('share'), number('share_root'), text('object'), text('result'), text('process'), number('count'), text('confidence'), text('rule'), text('class'), text('detail'),
  text('raw_ids'), number('rules_version'), number('superseded_by'), text('exact'),
]

// rawIDs spells out the ids of a row: distances from the first id, runs as first..last.
export function rawIDs(first, s) {
  const out = []
  for (const item of s === '' ? [] : s.split(',')) {
    const [from, to = from] = item.split('..')
    for (let i = BigInt(from); i <= BigInt(to); i++) out.push(String(BigInt.asUintN(64, BigInt(first) + i)))
  }
  return out
}

// nanoseconds of a moment as akashi writes it, 2026-11-25T17:13:13.3631543Z.
export function nanoseconds(s) {
  const [, whole, rest = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(s)
  return BigInt(Date.parse(`${whole}Z`)) * 1_000_000n + BigInt(rest.padEnd(9, '0'))
}

const sorted = (o) => Object.fromEntries(Object.entries(o).sort(([a], [b]) => (a < b ? -1 : 1)))

// fromRow is a row of DuckDB, its cells in the order of columns.
export function fromRow(cells) {
  const r = Object.fromEntries(columns.map((c, i) => [c.name, cells[i]]))
  const start = BigInt(r.time)
  const out = {
    id: [r.server, r.channel, r.generation, r.first_id, r.ordinal].join(':'), time: String(start),
    end: String(start + BigInt(r.duration_100ns) * 100n + BigInt(r.duration_rest_ns)), received: String(r.received),
  }
  for (const n of ['server', 'source', 'user', 'sid', 'client_ip', 'client_name', 'op', 'path', 'new_path', 'share', 'object', 'result', 'process', 'confidence', 'rule', 'class']) out[n] = r[n]
  out.session = String(BigInt(r.session))
  out.detail = sorted(JSON.parse(r.detail))
  out.raw = rawIDs(r.first_id, r.raw_ids)
  for (const n of ['count', 'rules_version', 'superseded_by']) out[n] = Number(r[n])
  if (r.exact !== '') Object.assign(out, { path: '', new_path: '', detail: {} }) // bytes that are no UTF-8: the two write them in other ways
  out.exact = r.exact !== ''
  return out
}

// broken says whether a text has what is no character.
const broken = (s) => /[\ud800-\udfff](?![\udc00-\udfff])/u.test(s) || s.includes('\ufffd')

// fromLine is a line of akashi's.
export function fromLine(l) {
  const odd = broken(l.path) || broken(l.new_path)
  const out = { id: l.id, time: String(nanoseconds(l.time)), end: String(nanoseconds(l.end_time)), received: String(nanoseconds(l.received)) }
  for (const n of ['server', 'source', 'user', 'sid', 'client_ip', 'client_name', 'op', 'path', 'new_path', 'share', 'object', 'result', 'process', 'confidence', 'rule', 'class']) out[n] = l[n]
  out.session = String(BigInt(l.session || 0))
  out.detail = sorted(l.detail ?? {})
  out.raw = (l.raw_record_ids ?? []).map(String)
  for (const n of ['count', 'rules_version', 'superseded_by']) out[n] = Number(l[n] ?? 0)
  if (odd) Object.assign(out, { path: '', new_path: '', detail: {} })
  out.exact = odd
  return out
}

// Sums are what is compared of all records at once.
export class Sums {
  rows = 0
  time = 0n
  users = new Set()
  empty = new Map() // by column, how many are empty
  values = new Map() // by column, the different ones

  add(r) {
    this.rows++
    this.time += BigInt(r.time)
    this.users.add(r.user)
    for (const [k, v] of Object.entries(r)) {
      const s = typeof v === 'object' ? JSON.stringify(v) : String(v)
      if (s === '' || s === '0' || s === '{}' || s === '[]') this.empty.set(k, (this.empty.get(k) ?? 0) + 1)
      if (!this.values.has(k)) this.values.set(k, new Set())
      this.values.get(k).add(s)
    }
  }

  text() {
    return JSON.stringify({
      rows: this.rows, time: String(this.time), users: this.users.size, empty: sorted(Object.fromEntries(this.empty)),
      different: sorted(Object.fromEntries([...this.values].map(([k, v]) => [k, v.size]))),
    })
  }
}
