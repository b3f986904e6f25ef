// The questions of akashi bench store in SQL.

const text = (s) => `'${s.replaceAll("'", "''")}'`

// The company's calendar days are Japan's.
const zoneNs = 9n * 3600n * 1_000_000_000n
const dayNs = 86_400n * 1_000_000_000n
const day = `(epoch_ns("time") + ${zoneNs}) // ${dayNs}`

// instant writes Unix ns as a literal that DuckDB compares with the column.
function instant(ns) {
  const n = BigInt(ns)
  const seconds = n / 1_000_000_000n
  const rest = String(n % 1_000_000_000n).padStart(9, '0')
  return `TIMESTAMP_NS '${new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace('T', ' ')}.${rest}'`
}

// where is the conditions of a question. Without a class akashi finds the acts
// of persons; a path condition holds for the new path too.
function where(v) {
  const c = [`class = 'user'`]
  if (v.user) c.push(`"user" = ${text(v.user)}`)
  if (v.client) c.push(`client_ip = ${text(v.client)}`)
  if (v.ops) c.push(`op IN (${v.ops.map(text).join(', ')})`)
  if (v.result) c.push(`result = ${text(v.result)}`)
  if (v.word) c.push(`(contains(path, ${text(v.word)}) OR contains(new_path, ${text(v.word)}))`)
  if (v.file) c.push(`(path = ${text(v.file)} OR new_path = ${text(v.file)})`)
  if (v.folder) {
    const below = (col) => `${col} = ${text(v.folder)} OR starts_with(${col}, ${text(v.folder + '\\')})`
    c.push(`(${below('path')} OR ${below('new_path')})`)
  }
  if (v.from) c.push(`"time" >= ${instant(v.from)}`)
  return 'WHERE ' + c.join(' AND ')
}

// The ids of the raw events stand as distances from first_id, runs as a..b.
const rawIDs = `CASE WHEN raw_ids = '' THEN [] ELSE list_transform(flatten(list_transform(string_split(raw_ids, ','),
  lambda x: range(string_split(x, '..')[1]::BIGINT, string_split(x, '..')[-1]::BIGINT + 1))), lambda o: (first_id + o)::VARCHAR) END`

const allColumns = `server, channel, generation, first_id::VARCHAR, ordinal, epoch_ns("time")::VARCHAR, (epoch_ns("time") + duration_100ns * 100 + duration_rest_ns)::VARCHAR, source,
 "user", sid, client_ip, client_name, session::VARCHAR, op, path, new_path, share, share_root, object, result, process, "count", confidence, rule, class, detail,
 ${rawIDs}, rules_version`

const newest = (s, w) => `SELECT ${allColumns} FROM ${s} ${w}
 ORDER BY "time" DESC, server DESC, channel DESC, generation DESC, first_id DESC, ordinal DESC LIMIT 100`

const people = (s, w, limit) => `SELECT "user", count(*) n, epoch_ns(min("time"))::VARCHAR, epoch_ns(max("time"))::VARCHAR FROM ${s} ${w} GROUP BY "user", sid
 ORDER BY n DESC, "user", sid ${limit ? `LIMIT ${limit}` : ''}`

export function statements(answer, s) {
  const w = where(answer.values)
  switch (answer.id) {
    case 'a1': case 'a2': case 'a4': case 'b2n': case 'b3n': case 'b4n':
      return [newest(s, w)]
    case 'a3': case 'a3h':
      return [
        `SELECT op, count(*) n FROM ${s} ${w} GROUP BY op ORDER BY n DESC, op`,
        `SELECT ${day} d, count(*) FROM ${s} ${w} GROUP BY d ORDER BY d`,
        `SELECT path, count(*) n FROM ${s} ${w} AND path <> '' GROUP BY path ORDER BY n DESC, path LIMIT 20`,
      ]
    case 'b1': case 'b1r': case 'b2': case 'b3': case 'b4':
      return [people(s, w)]
    case 'c1':
      return [`SELECT ${day} d, op, result, count(*) FROM ${s} ${w} GROUP BY ALL`]
    case 'c2':
      return [people(s, w, 10)]
    default:
      throw new Error(`unknown question ${answer.id}`)
  }
}
