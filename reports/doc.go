// Package reports turns results into the tables of a paper. A Table is a value
// that holds what every cell stands for, the scores of each seed and the runs
// behind them, and is written as LaTeX, Markdown, CSV or plain text.
//
// What is wrong with a cell is never silent: a missing one, fewer seeds than
// planned, failures and choices made on test are marked where they stand, and
// the caption that the table writes explains each mark that occurs.
package reports
