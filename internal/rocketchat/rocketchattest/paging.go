package rocketchattest

import (
	"fmt"
	"net/http"
)

// page is the part of an answer that a client asked for. A count of 0 is all.
type page struct {
	offset, count int
}

// paging reads count and offset by the rules of the server's settings. Nothing but
// the database looks at the sign.
func (c *call) paging() page {
	p := page{
		offset: c.integer("offset", 0),
		count:  c.integer("count", serverDefault(c.settings.DefaultCount, 50)),
	}
	p.count = min(p.count, serverDefault(c.settings.UpperCountLimit, 100))
	if p.count == 0 && !c.settings.AllowInfiniteCount {
		p.count = serverDefault(c.settings.DefaultCount, 50)
	}
	return p
}

// aggregated is the page as the database takes it in an aggregation.
func (p page) aggregated() (page, *answer) {
	switch {
	case p.offset < 0:
		return page{}, refusedStage("skip", p.offset)
	case p.count < 0:
		return page{}, refusedStage("limit", p.count)
	}
	return p, nil
}

// found is the page as the database takes it in a find, where a negative count
// asks for so many in one batch.
func (p page) found() (page, *answer) {
	if p.offset < 0 {
		return page{}, failed(http.StatusBadRequest,
			fmt.Sprintf("BSON field 'skip' value must be >= 0, actual value '%d'", p.offset), "")
	}
	p.count = max(p.count, -p.count)
	return p, nil
}

// integer reads a parameter that has passed the schema. Absent, it is the
// fallback; a fraction is cut off.
func (c *call) integer(name string, fallback int) int {
	n, err := number(c.query.Get(name))
	if err != nil {
		return fallback
	}
	const enough = 1 << 31 // More departments than any workspace has.
	return int(max(-enough, min(n, enough)))
}

func serverDefault(setting, fallback int) int {
	if setting < 0 {
		return fallback
	}
	return setting
}

// refusedStage is the database's answer to a stage with a negative number.
func refusedStage(stage string, n int) *answer {
	return failed(http.StatusBadRequest,
		fmt.Sprintf("invalid argument to $%s stage: Expected a non-negative number in: $%s: %d", stage, stage, n), "")
}

// cut returns the rows of the page.
func cut[Row any](p page, rows []Row) []Row {
	rows = rows[min(p.offset, len(rows)):]
	if p.count > 0 {
		rows = rows[:min(p.count, len(rows))]
	}
	return rows
}
