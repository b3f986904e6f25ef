import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromLine, nanoseconds, rawIDs, Sums } from './rows.mjs'

test('ids of a row', () => {
  assert.deepEqual(rawIDs('100', '0..2,7,-1'), ['100', '101', '102', '107', '99'])
  assert.deepEqual(rawIDs('1', ''), [])
})

test('moments to the nanosecond', () => {
  assert.equal(nanoseconds('1970-01-01T00:00:01Z'), 1_000_000_000n)
  assert.equal(nanoseconds('1970-01-01T00:00:01.0000001Z'), 1_000_000_100n)
  assert.equal(nanoseconds('2026-11-27T13:43:05.525475774Z') % 1_000_000_000n, 525_475_774n)
})

test('a changed field changes the sums', () => {
  const line = { id: 'a:b:0:1:1', time: '2026-11-27T13:43:05Z', end_time: '2026-11-27T13:43:05Z', received: '2026-11-27T13:43:05Z', path: 'D:\\a', new_path: '', user: 'u', session: '0x3e7', detail: { b: '1', a: '2' }, raw_record_ids: [1], count: 1 }
  const one = new Sums(), two = new Sums()
  one.add(fromLine(line))
  two.add(fromLine({ ...line, user: '' }))
  assert.notEqual(one.text(), two.text())
  assert.equal(fromLine(line).session, '999')
  assert.deepEqual(Object.keys(fromLine(line).detail), ['a', 'b'])
})
