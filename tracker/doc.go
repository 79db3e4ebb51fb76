// Package tracker is the store that everything is read from: a SQLite database
// that Sync makes from the journals and plans in the store's folder. It can be
// deleted at any time; the next Sync gives the same answers.
//
// Reading and writing are apart. A DB's queries run on read-only connections, so
// they can never block or break a sweep; Sync writes in short transactions on a
// connection of its own; what people decide (tags, notes, retries) is appended
// to a journal and comes into the database like all else.
//
// A Go program of anybody's logs runs of its own by NewRun, Run.Log and Run.Finish.
//
// Test scores are sealed: no metric of the test split is ever in the database.
// The schema, the views and the filter language are in docs/reference/store.md.
package tracker
