package drivers

// Detection is one thing that a detector found in a picture.
type Detection struct {
	Class string  `json:"class"` // what it is, as the configuration calls it
	Score float64 `json:"score"` // how sure the detector is, 0 to 1
	// Box is left, top, right and bottom of what was found, as shares of the picture's
	// width and height, 0 to 1 from the top left; left < right and top < bottom.
	Box [4]float64 `json:"box"`
}

// MostDetections are told of one picture.
const MostDetections = 100

// Finder is a StillSource whose pictures are shown to a detector. Found returns what was
// found in the picture of the last successful Sample, at most MostDetections, of every
// score and class that the configuration names; false if the detector did not answer for
// it. It belongs to the last Sample and is asked by whom Sample is called by. The slice is
// the caller's and is not changed afterwards.
type Finder interface {
	Found() (all []Detection, ok bool)
}

// Impaired is a driver whose part may answer while something beside it does not, such as
// the detector of a camera.
type Impaired interface {
	// Impaired says why some channels of the last good Sample have no values, though the
	// part has answered; nil: nothing is wrong. It wraps one of the Err… values, belongs to
	// the last Sample and is asked by whom Sample is called by.
	Impaired() error
}
