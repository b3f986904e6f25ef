// Asks DuckDB the questions that `akashi bench store` asked, of the same
// records, and compares every answer and the processor time.
//
//   node duckbench.mjs --answers FILE --result FILE --parquet DIR [--scratch DIR] [--json FILE]
//
// DuckDB reads the records twice: as the Parquet files of `--parquet`, and as a
// table of its own, sorted by user and time. It has 2 threads and 2 GB. That table
// it also writes as Parquet with zstd, as any tool would, to tell how large that is.
// Exit code: 0 equal, 1 a different answer, 2 wrong use.
import { DuckDBInstance } from '@duckdb/node-api'
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { compareAnswer, expected } from './compare.mjs'
import { statements } from './sql.mjs'

const warmUp = 6

function median(list) {
  const l = [...list].sort((a, b) => a - b)
  return l[Math.floor(l.length / 2)] ?? 0
}

function options() {
  const { values } = parseArgs({
    options: { answers: { type: 'string' }, result: { type: 'string' }, parquet: { type: 'string' }, scratch: { type: 'string' }, json: { type: 'string' } },
  })
  if (!values.answers || !values.result || !values.parquet) {
    console.error('want --answers FILE --result FILE --parquet DIR')
    process.exit(2)
  }
  return values
}

// answersById reads the dump: for each question, in order, its answers by
// variant.
async function answersById(path) {
  const byId = new Map()
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const a = JSON.parse(line)
    if (!byId.has(a.id)) byId.set(a.id, new Map())
    byId.get(a.id).set(a.variant, a)
  }
  return byId
}

async function open(path, scratch) {
  const db = await DuckDBInstance.create(path, { threads: '2', memory_limit: '2GB', temp_directory: join(scratch, 'spill') })
  return db.connect()
}

// ask runs the statements of one answer and returns rows and times.
async function ask(con, source, answer) {
  const list = statements(answer, source)
  const start = process.hrtime.bigint()
  const cpu = process.cpuUsage()
  const parts = []
  for (const sql of list) {
    parts.push((await con.runAndReadAll(sql)).getRowsJson())
  }
  const used = process.cpuUsage(cpu)
  return { parts, wall: Number(process.hrtime.bigint() - start) / 1e6, cpu: (used.user + used.system) / 1e3 }
}

// parquetSize writes the sorted table as Parquet and returns its size.
async function parquetSize(con, scratch, version) {
  const file = join(scratch, `duckdb-${version}.parquet`)
  await con.run(`COPY records TO '${file.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION ${version})`)
  const size = statSync(file).size
  rmSync(file)
  return size
}

// measure asks one question with all its values.
async function measure(con, source, byVariant) {
  const wall = []
  const cpu = []
  const problems = []
  for (const v of [0, warmUp, 1, 2, 3, 4, 5]) {
    const answer = byVariant.get(v)
    if (!answer) {
      problems.push(`variant ${v} is not in the answers`)
      continue
    }
    const t = await ask(con, source, answer)
    problems.push(...compareAnswer(answer, expected(answer, t.parts)).map((p) => `variant ${v}: ${p}`))
    if (v >= 1 && v <= 5) {
      wall.push(t.wall)
      cpu.push(t.cpu)
    }
  }
  return { wall: median(wall), cpu: median(cpu), problems }
}

function print(result, rows, sizes) {
  const out = (l) => console.log(l.map((c, i) => (i === 0 || i === l.length - 1 ? String(c).padEnd(5) : String(c).padStart(11))).join(' '))
  console.log(`\n${result.records} records; processor time in ms, median of five with other values each; DuckDB has 2 threads and 2 GB`)
  out(['', 'akashi', 'Parquet', 'times', 'sorted', 'times', 'wall', 'Parquet', 'sorted', ' answers'])
  const times = (a, b) => (a > 0 ? (b / a).toFixed(1) : '-')
  for (const r of rows) {
    out([r.id, r.akashi.cpu.toFixed(1), r.parquet.cpu.toFixed(1), times(r.akashi.cpu, r.parquet.cpu), r.sorted.cpu.toFixed(1), times(r.akashi.cpu, r.sorted.cpu),
      r.akashi.wall.toFixed(1), r.parquet.wall.toFixed(1), r.sorted.wall.toFixed(1), r.problems.length === 0 ? ' equal' : ' DIFFERENT'])
  }
  const per = (n) => (n / result.records).toFixed(2)
  const share = (n) => `${per(n)} (akashi is ${(sizes.akashi / n).toFixed(2)} of it)`
  console.log(`\nbytes per record: akashi ${per(sizes.akashi)}; Parquet of akashi's archive ${share(sizes.parquet)}, DuckDB's own with zstd ${share(sizes.plain)}, version 2 ${share(sizes.plain2)}; DuckDB sorted ${per(sizes.sorted)}`)
}

const opt = options()
const result = JSON.parse(readFileSync(opt.result, 'utf8'))
const answers = await answersById(opt.answers)
const scratch = mkdtempSync(join(opt.scratch ?? tmpdir(), 'duckbench-'))
let different = 0
try {
  const files = `read_parquet('${join(opt.parquet, '*.parquet').replaceAll("'", "''")}')`
  const memory = await open(':memory:', scratch)
  const table = join(scratch, 'sorted.duckdb')
  const sorted = await open(table, scratch)
  console.error('DuckDB sorts the records …')
  await sorted.run(`CREATE TABLE records AS SELECT * FROM ${files} ORDER BY "user", "time"`)
  await sorted.run('CHECKPOINT')
  for (const con of [memory, sorted]) { // nothing was left out, nothing came twice
    const n = (await con.runAndReadAll(`SELECT count(*)::VARCHAR FROM ${con === memory ? files : 'records'}`)).getRowsJson()[0][0]
    if (Number(n) !== result.records) throw new Error(`DuckDB has ${n} records, akashi ${result.records}`)
  }
  const rows = []
  for (const q of result.queries) {
    console.error(`question ${q.id} …`)
    const byVariant = answers.get(q.id) ?? new Map()
    const parquet = await measure(memory, files, byVariant)
    const own = await measure(sorted, 'records', byVariant)
    const problems = [...parquet.problems.map((p) => `Parquet, ${p}`), ...own.problems.map((p) => `sorted table, ${p}`)]
    rows.push({ id: q.id, akashi: { wall: q.warm_ms, cpu: q.cpu_ms }, parquet, sorted: own, problems })
    for (const p of problems) console.log(`${q.id}: ${p}`)
    different += problems.length
  }
  const sizes = { akashi: result.bytes, parquet: result.parquet_bytes, sorted: statSync(table).size, plain: await parquetSize(sorted, scratch, 'V1'), plain2: await parquetSize(sorted, scratch, 'V2') }
  print(result, rows, sizes)
  if (opt.json) writeFileSync(opt.json, JSON.stringify({ records: result.records, sizes, rows }, null, 1) + '\n')
  memory.disconnectSync()
  sorted.disconnectSync()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
console.log(different === 0 ? '\nall answers are equal' : `\n${different} answers differ`)
process.exitCode = different === 0 ? 0 : 1
