// Package plots draws the figures of a paper from plain values. It knows
// nothing of the database, of runs or of files: a caller hands over a Figure
// and gets PDF, SVG or PNG, the same bytes each time.
//
// The house style: the width of a column of the venue, 7 and 8 point Liberation
// Sans (metrically Arial's and Helvetica's), thin axes, a light grid, and the
// colours of Okabe and Ito with a marker and a dash of its own for every
// series, so that a figure survives grey print and every common form of colour
// vision.
package plots
