// The comparison must be able to fail.
import assert from 'node:assert/strict'
import test from 'node:test'
import { compareAnswer, expected } from './compare.mjs'
import { statements } from './sql.mjs'

const people = (rows, extra = {}) => ({ id: 'b1', values: { file: 'D:\\a' }, total: 5, more: 0, rows, ...extra })
const duck = [['u1', '3', '100', '300'], ['u2', '2', '50', '60']]

test('equal answers have no problem', () => {
  const a = people([['u1', 3, '100', '300'], ['u2', 2, '50', '60']])
  assert.deepEqual(compareAnswer(a, expected(a, [duck])), [])
})

test('a list that was cut short says so', () => {
  const a = people([['u1', 3, '100', '300']], { more: 1 })
  assert.deepEqual(compareAnswer(a, expected(a, [duck])), [])
})

test('each difference is found', () => {
  const right = [['u1', 3, '100', '300'], ['u2', 2, '50', '60']]
  for (const a of [
    people(right.slice(0, 1)), // a person is missing
    people([...right, ['u3', 1, '1', '1']]), // one too many
    people([right[1], right[0]]), // another order
    people([['u1', 3, '100', '301'], right[1]]), // another time
    people([['u1', 4, '100', '300'], right[1]]), // another number
    people(right, { total: 6 }), // another total
  ]) {
    assert.notEqual(compareAnswer(a, expected(a, [duck])).length, 0, JSON.stringify(a))
  }
})

test('days are counted by operation and by what did not succeed', () => {
  const a = { id: 'c1', values: {}, total: 0, more: 0 }
  const parts = [[['20752', 'read', 'success', '5'], ['20752', 'read', 'denied', '1'], ['20753', 'write', 'success', '2']]]
  a.rows = [['op', '2026-10-26', 'read', 6], ['denied', '2026-10-26', '', 1], ['op', '2026-10-27', 'write', 2], ['result', '', 'success', 7], ['result', '', 'denied', 1]]
  assert.deepEqual(compareAnswer(a, expected(a, parts)), [])
  a.rows[1][3] = 2
  assert.equal(compareAnswer(a, expected(a, parts)).length, 1)
})

test('quotes in values stay values', () => {
  const [sql] = statements({ id: 'b3', values: { word: "展示会'26", from: '1794644896558603400' } }, 's')
  assert.match(sql, /展示会''26/)
  assert.match(sql, /TIMESTAMP_NS '2026-11-14 \d\d:\d\d:\d\d\.558603400'/)
})
