package simulate

import "container/heap"

// Times inside the package are Unix ns, multiples of 100 (the grain of the
// logs).
const (
	micro  = int64(1000)
	milli  = 1000 * micro
	second = 1000 * milli
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// item is something that is due at a time; seq keeps the order of equals.
type item[T any] struct {
	at   int64
	seq  uint64
	what T
}

// queue is a priority queue by time, then by order of arrival.
type queue[T any] struct {
	items []item[T]
	seq   uint64
}

func (q *queue[T]) Len() int { return len(q.items) }
func (q *queue[T]) Less(i, j int) bool {
	a, b := &q.items[i], &q.items[j]
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}
func (q *queue[T]) Swap(i, j int) { q.items[i], q.items[j] = q.items[j], q.items[i] }
func (q *queue[T]) Push(x any)    { q.items = append(q.items, x.(item[T])) }
func (q *queue[T]) Pop() any {
	n := len(q.items) - 1
	x := q.items[n]
	q.items[n] = item[T]{}
	q.items = q.items[:n]
	return x
}

func (q *queue[T]) add(at int64, what T) {
	q.seq++
	heap.Push(q, item[T]{at, q.seq, what})
}

// take removes the first item if it is due before end.
func (q *queue[T]) take(end int64) (it item[T], ok bool) {
	if len(q.items) == 0 || q.items[0].at >= end {
		return it, false
	}
	return heap.Pop(q).(item[T]), true
}
