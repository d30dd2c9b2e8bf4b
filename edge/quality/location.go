package quality

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Location is QARTOD test 3 for the two channels of a receiver: whether it is where it
// should be. Impossible coordinates fail, and so does half a position; far from the
// site, or from the fix before, is suspect: somebody moved it, or the site is written
// down wrong. It is for one goroutine.
type Location struct {
	Lat, Lon float64 // the site, degrees
	Away     float64 // metres from the site; 0: any
	Step     float64 // metres between two fixes; 0: any

	lastLat, lastLon float64
	begun            bool
}

// earthMetres is the radius of the sphere that distances are measured on: to half a
// percent of what they are on the ellipsoid.
const earthMetres = 6_371_000

// Judge returns the verdict on a fix; NaN is a missing coordinate.
func (l *Location) Judge(lat, lon float64) obs.Quality {
	noLat, noLon := math.IsNaN(lat), math.IsNaN(lon)
	switch {
	case noLat && noLon:
		return obs.Quality{Flag: obs.Missing, Why: obs.Place}
	case noLat || noLon || math.Abs(lat) > 90 || math.Abs(lon) > 180:
		return obs.Quality{Flag: obs.Fail, Why: obs.Place}
	}
	far := l.Away > 0 && metres(l.Lat, l.Lon, lat, lon) > l.Away ||
		l.Step > 0 && l.begun && metres(l.lastLat, l.lastLon, lat, lon) > l.Step
	l.lastLat, l.lastLon, l.begun = lat, lon, true
	if far {
		return obs.Quality{Flag: obs.Suspect, Why: obs.Place}
	}
	return obs.Quality{Flag: obs.Pass}
}

// metres is the distance of two places by the haversine formula.
func metres(lat1, lon1, lat2, lon2 float64) float64 {
	const rad = math.Pi / 180
	a, b := math.Sin((lat2-lat1)*rad/2), math.Sin((lon2-lon1)*rad/2)
	h := a*a + math.Cos(lat1*rad)*math.Cos(lat2*rad)*b*b
	return 2 * earthMetres * math.Asin(math.Sqrt(min(h, 1)))
}
