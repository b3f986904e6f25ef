// Turns DuckDB's rows into akashi's form of an answer and compares.

const dayText = (n) => new Date(Number(n) * 86_400_000).toISOString().slice(0, 10)

const byCountThenName = (a, b) => Number(b.at(-1)) - Number(a.at(-1)) || (a[2] < b[2] ? -1 : 1)

// expected is the rows that akashi must have given.
export function expected(answer, parts) {
  switch (answer.id) {
    case 'a3': case 'a3h':
      return [
        ...parts[0].map(([op, n]) => ['op', op, Number(n)]),
        ...parts[1].map(([d, n]) => ['day', dayText(d), Number(n)]),
        ...parts[2].map(([path, n]) => ['path', path, Number(n)]),
      ]
    case 'b1': case 'b1r': case 'b2': case 'b3': case 'b4': case 'c2':
      return parts[0].map(([user, n, first, last]) => [user, Number(n), first, last])
    case 'c1':
      return days(parts[0])
    default:
      return parts[0]
  }
}

// days: each operation of each day, then what did not succeed on it; last the
// results.
function days(rows) {
  const ops = new Map()
  const bad = new Map()
  const results = new Map()
  const add = (m, k, n) => m.set(k, (m.get(k) ?? 0) + n)
  for (const [d, op, result, count] of rows) {
    const n = Number(count)
    add(ops, `${dayText(d)} ${op}`, n)
    add(results, result, n)
    if (result !== 'success') add(bad, dayText(d), n)
  }
  return [
    ...[...ops].map(([k, n]) => ['op', ...k.split(' '), n]),
    ...[...bad].map(([d, n]) => ['denied', d, '', n]),
    ...[...results].map(([r, n]) => ['result', '', r, n]).sort(byCountThenName),
  ]
}

// compareAnswer lists what differs between akashi's answer and the rows it must
// have given. A list that akashi cut short says how much more there is.
export function compareAnswer(answer, want) {
  const problems = []
  let got = answer.rows
  if (answer.id === 'c1') { // the order of operations in a day is each engine's own
    const key = (r) => JSON.stringify(r)
    got = got.map(key).sort().map((s) => JSON.parse(s))
    want = want.map(key).sort().map((s) => JSON.parse(s))
  }
  const more = answer.more
  if (got.length + more !== want.length) problems.push(`akashi has ${got.length} rows${more ? ` and ${more} more` : ''}, DuckDB ${want.length}`)
  for (let i = 0; i < Math.min(got.length, want.length); i++) {
    const a = JSON.stringify(got[i])
    const b = JSON.stringify(want[i])
    if (a !== b) {
      problems.push(`row ${i + 1}: akashi ${a}, DuckDB ${b}`)
      break
    }
  }
  if (['b1', 'b1r', 'b2', 'b3', 'b4'].includes(answer.id)) {
    const sum = want.reduce((s, r) => s + r[1], 0)
    if (sum !== answer.total) problems.push(`akashi counted ${answer.total} records, DuckDB ${sum}`)
  }
  return problems
}
