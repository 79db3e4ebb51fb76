// Package experiments turns a sweep file into a plan and a plan into runs.
//
// A Sweep is what a person wrote, a Plan the frozen list of runs that it stands
// for, a Runner the process that has them done by workers, and Serve the loop
// of such a worker. Results do not pass through here: a worker appends to the
// journal of its attempt, and the runner learns only how an attempt ended.
package experiments
