// Package tracker is the store that everything is read from: a SQLite database
// that Sync makes from the journals and plans in the store's folder. It can be
// deleted at any time; the next Sync gives the same answers.
//
// # Logging from a program of your own
//
// A run is known by its program and parameters. It needs no server and opens no
// database; what a call of Log returned for survives the process.
//
//	run, err := tracker.NewRun("my-store", "my program", map[string]any{"rate": 0.1, "seed": 1})
//	...
//	err = run.Log(step, mmibx.Metric{Name: "loss", Value: loss}) // in any order, NaN and Inf too
//	...
//	err = run.Finish(nil) // or what it failed with
//
// Such a run is listed, filtered, drawn and exported by `mmibx --store my-store` like the
// laboratory's. The package's example logs two runs and reads them.
//
// # Reading
//
// [Open], then [DB.Sync], which brings the database up to the journals; then [DB.Runs] with
// a filter and a sort key as on the command line, [DB.Run], [DB.Metrics] and [DB.Points],
// [DB.Arms] for the runs of each arm, or [DB.SQL] for anything else. [OpenReadOnly] reads a
// folder that may not be written to.
//
// Reading and writing are apart. A DB's queries run on read-only connections, so
// they can never block or break a sweep; Sync writes in short transactions on a
// connection of its own; what people decide ([Tag], [Note], [Remove], [Retry] and others) is
// appended to a journal and comes into the database like all else.
//
// Test scores are sealed: no metric of the test split is ever in the database.
// The schema, the views and the filter language are in docs/reference/store.md.
package tracker
