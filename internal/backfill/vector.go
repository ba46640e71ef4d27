package backfill

// departments are the numbers of the departments that any answer or the list has named.
type departments map[string]int

// number is the number of a department, a new one if it has none.
func (d departments) number(id string) int {
	n, known := d[id]
	if !known {
		n = len(d)
		d[id] = n
	}
	return n
}

// vector is a number of rooms for each department, by the department's number. Those
// beyond its end are 0. It is never changed once it is made.
type vector []int64

func (v vector) at(department int) int64 {
	if department < len(v) {
		return v[department]
	}
	return 0
}

func (v vector) sum() (total int64) {
	for _, n := range v {
		total += n
	}
	return total
}

func plus(a, b vector) vector {
	sum := make(vector, max(len(a), len(b)))
	for i := range sum {
		sum[i] = a.at(i) + b.at(i)
	}
	return sum
}

// minus is a - b. It is not ok if a department has less than 0.
func minus(a, b vector) (rest vector, ok bool) {
	rest, ok = make(vector, max(len(a), len(b))), true
	for i := range rest {
		rest[i] = a.at(i) - b.at(i)
		ok = ok && rest[i] >= 0
	}
	return rest, ok
}

// atMost reports whether no department has more in a than in b.
func atMost(a, b vector) bool {
	for i, n := range a {
		if n > b.at(i) {
			return false
		}
	}
	return true
}

func equal(a, b vector) bool { return atMost(a, b) && atMost(b, a) }
