// Reads every archive file of a data folder with DuckDB and compares all columns of
// all rows with what akashi itself read.
//
//   node archive.mjs --archive DIR --export DIR [--events N]
//
// `--archive` is the folder archive of a data folder, `--export` what `akashi archive
// export` wrote of it, `--events` how many raw events that was. Exit code: 0 the same, 1
// something differs, 2 wrong use.
import { DuckDBInstance } from '@duckdb/node-api'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { columns, fromLine, fromRow, Sums } from './rows.mjs'

const { values: opt } = parseArgs({ options: { archive: { type: 'string' }, export: { type: 'string' }, events: { type: 'string' } } })
if (!opt.archive || !opt.export) {
  console.error('want --archive DIR --export DIR')
  process.exit(2)
}

// days lists [server, day] of the archive; other folders begin with an underscore.
function days() {
  const l = []
  for (const server of readdirSync(opt.archive).sort()) {
    if (server.startsWith('_')) continue
    for (const day of readdirSync(join(opt.archive, server)).sort()) l.push([server, day])
  }
  return l
}

const lines = (path) => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter((s) => s !== '') : [])

const con = await (await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '2GB' })).connect()
const files = []
const problems = []
const sums = { akashi: new Sums(), duckdb: new Sums() }
let rows = 0, events = 0
for (const [server, day] of days()) {
  const dir = join(opt.archive, server, day)
  const names = readdirSync(dir)
  const gone = new Set()
  for (const n of names.filter((n) => n.includes('.voids.'))) for (const l of lines(join(dir, n))) {
    const v = JSON.parse(l)
    gone.add(`${v.part}/${v.row}`)
  }
  for (const n of names.filter((n) => n.includes('.day.'))) for (const c of JSON.parse(readFileSync(join(dir, n), 'utf8')).channels ?? []) events += c.events
  const got = []
  for (const n of names.filter((n) => n.endsWith('.parquet')).sort()) {
    const path = join(dir, n)
    files.push(path)
    const part = Number(n.split('.')[0])
    const sql = `SELECT file_row_number::BIGINT, ${columns.map((c) => c.sql).join(', ')} FROM read_parquet('${path.replaceAll("'", "''")}', file_row_number = true)`
    for (const [row, ...cells] of (await con.runAndReadAll(sql)).getRowsJson()) {
      rows++
      if (gone.has(`${part}/${row}`)) continue
      const r = fromRow(cells)
      sums.duckdb.add(r)
      got.push(JSON.stringify(r))
    }
  }
  const want = lines(join(opt.export, server, day, 'records.jsonl')).map((l) => {
    const r = fromLine(JSON.parse(l))
    sums.akashi.add(r)
    return JSON.stringify(r)
  })
  got.sort()
  want.sort()
  if (got.length !== want.length) problems.push(`${server} ${day}: DuckDB ${got.length} rows, akashi ${want.length}`)
  const at = got.findIndex((g, i) => g !== want[i])
  if (at >= 0) problems.push(`${server} ${day}:\n  DuckDB ${got[at]}\n  akashi ${want[at]}`)
}
if (files.length === 0) problems.push('there is no archive file')
else { // the same by DuckDB's own sums over all files at once
  const list = `[${files.map((f) => `'${f.replaceAll("'", "''")}'`).join(', ')}]`
  const nulls = columns.map((c) => `count(*) - count("${c.name}")`).join(', ')
  const [[n, time, users, ...none]] = (await con.runAndReadAll(
    `SELECT count(*)::VARCHAR, sum(epoch_ns("time")::HUGEINT)::VARCHAR, count(DISTINCT "user")::VARCHAR, ${nulls} FROM read_parquet(${list})`)).getRowsJson()
  console.log(`${files.length} archive files: ${n} rows, sum of times ${time} ns, ${users} users, nulls in ${none.filter((x) => Number(x) !== 0).length} columns`)
  if (Number(n) !== rows) problems.push(`${n} rows at once, ${rows} one by one`)
  none.forEach((x, i) => { if (Number(x) !== 0) problems.push(`column ${columns[i].name} has ${x} nulls; akashi writes none`) })
  const same = sums.akashi
  if (rows === same.rows && (time !== String(same.time) || Number(users) !== same.users.size)) problems.push(`akashi: sum of times ${same.time}, ${same.users.size} users`)
}
const a = sums.akashi.text(), d = sums.duckdb.text()
if (a !== d) problems.push(`sums by column:\n  DuckDB ${d}\n  akashi ${a}`)
if (opt.events !== undefined && Number(opt.events) !== events) problems.push(`${opt.events} raw events were read, the manifests name ${events}`)
for (const p of problems) console.log(p)
console.log(problems.length === 0 ? `all ${sums.akashi.rows} records are the same in all columns; ${events} raw events` : `${problems.length} differences`)
process.exitCode = problems.length === 0 ? 0 : 1
