package tracker

import (
	"context"
	"slices"
)

// ArmRow is the runs of one arm that pass a query.
type ArmRow struct {
	Arm  string
	Runs []RunRow // by seed
}

// Arms lists the arms of the runs of a query. Its limit and offset count arms; its
// order is that of the mean of the sort key over an arm's runs, or of the first
// where the key is a text; metrics count of runs that are done only.
func (db *DB) Arms(ctx context.Context, q Query) ([]ArmRow, error) {
	page, err := db.armPage(ctx, q)
	if err != nil {
		return nil, err
	}
	of := q
	of.Arms, of.Sort, of.Limit, of.Offset = page, "seed", 0, 0
	runs, err := db.Runs(ctx, of)
	if err != nil {
		return nil, err
	}
	rows := make([]ArmRow, len(page))
	for i, arm := range page {
		rows[i].Arm = arm
	}
	for i := range runs {
		at := &rows[slices.Index(page, runs[i].Arm)]
		at.Runs = append(at.Runs, runs[i])
	}
	// what was deleted or went to the bin since the page was read
	return slices.DeleteFunc(rows, func(a ArmRow) bool { return len(a.Runs) == 0 }), nil
}

// armPage lists the ids of the arms that a query wants, in order.
func (db *DB) armPage(ctx context.Context, q Query) ([]string, error) {
	c, err := db.compile(ctx, q.Filter)
	if err != nil {
		return nil, err
	}
	limit, offset := q.Limit, q.Offset
	q.Limit, q.Offset = 0, 0
	order, err := c.order(q.Sort)
	if err != nil {
		return nil, err
	}
	of := "k"
	if order.odd != "" { // a metric
		of = "CASE r.state WHEN 'done' THEN k END"
	}
	c.sql.WriteString("SELECT r.arm, CASE typeof(min(k)) WHEN 'text' THEN min(k) ELSE avg(" + of + ") END AS k FROM (")
	if err := c.pick(q); err != nil {
		return nil, err
	}
	c.sql.WriteString(") pick JOIN run r ON r.id = pick.id GROUP BY r.arm")
	c.sql.WriteString(orderBy("k", "r.arm", descending(q.Sort)) + " LIMIT ? OFFSET ?")
	rows, err := db.read.QueryContext(ctx, c.sql.String(), append(c.args, limitOf(limit), offset)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	arms := []string{} // nil would be all
	for rows.Next() {
		var arm string
		var k any
		if err := rows.Scan(&arm, &k); err != nil {
			return nil, err
		}
		arms = append(arms, arm)
	}
	return arms, rows.Err()
}

// CountArms counts the arms of a query, without its limit.
func (db *DB) CountArms(ctx context.Context, q Query) (n int, err error) {
	return db.count(ctx, q, "count(DISTINCT r.arm)")
}
