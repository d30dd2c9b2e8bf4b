// Package camera draws what a camera at the river would see, and serves it as
// still pictures over HTTP.
//
// The picture is built on one small model of space, so that the water in it is
// where the level says: a pinhole camera 3.90 m above the staff's zero looks
// along the river. The staff, on the quay wall at the right, is one unit away and
// drawn with 150 pixels to the metre; the bridge is six units away, the far bank
// twenty. [Row] gives the picture row of an elevation at the staff.
package camera

import (
	"math"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenery"
)

// Width and Height are the picture's size in pixels.
const (
	Width  = 640
	Height = 480
)

// The staff: columns it fills, and the elevations at its ends, metres above its
// zero.
const (
	StaffLeft   = 470
	StaffRight  = 518
	StaffBottom = 1.60
	StaffTop    = 3.60
)

// Distances, in units of the staff's.
const (
	atStaff   = 1.0
	atBridge  = 6.0
	atFarBank = 20.0
)

const (
	perMetre  = 150.0 // pixels at the staff
	eyeLevel  = 3.90  // of the camera, metres above the staff's zero
	horizon   = 105   // picture row of everything as high as the camera
	vanishing = 250   // picture column that everything far away runs to
	wallTop   = 3.70  // of the quay, metres
	corner    = 380   // picture column where the quay turns away from the camera
	archMid   = 118   // picture column of the bridge's arch,
	archHalf  = 92    // half its width,
	archTop   = 62    // and the row of its crown
	deckTop   = 40    // row of the bridge's parapet
	deckLow   = 56    // row below which its stones begin
)

// Row returns the picture row, counted from the top, of an elevation at the
// staff. It is not rounded: a picture shows it within half a row.
func Row(elevation float64) float64 { return row(elevation, atStaff) }

func row(elevation, distance float64) float64 {
	return horizon + perMetre*(eyeLevel-elevation)/distance
}

// Staff says where the staff is in the picture: two of its marks, and its width as a share
// of the picture's.
func Staff() (marks [2]scenery.Mark, width float64) {
	const middle = (StaffLeft + StaffRight) / 2.0 / Width
	at := func(level float64) scenery.Mark { return scenery.Mark{X: middle, Y: Row(level) / Height, Level: level} }
	return [2]scenery.Mark{at(StaffTop), at(StaffBottom + 0.7)}, float64(StaffRight-StaffLeft) / Width
}

// bridgeEnd is the column where the quay, seen at its end, meets the bridge.
const bridgeEnd = vanishing + (corner-vanishing)/6

// waterTop returns the row where the water begins in column x.
func waterTop(x int, level float64) float64 {
	switch {
	case x >= corner:
		return row(level, atStaff)
	case x > bridgeEnd: // the quay that runs away from the camera
		return row(level, float64(corner-vanishing)/float64(x-vanishing))
	case inArch(x):
		return row(level, atFarBank)
	default: // the bridge's foot
		return row(level, atBridge)
	}
}

// inArch says whether one looks through the bridge in column x.
func inArch(x int) bool { return abs(x-archMid) < archHalf }

// archRow returns the row where the arch's opening begins in column x.
func archRow(x int) float64 {
	u := float64(x-archMid) / archHalf
	low := row(3.1, atBridge) // where the arch springs from its piers
	return low - (low-archTop)*math.Sqrt(max(0, 1-u*u))
}

func abs(n int) int { return max(n, -n) }
