package view

import (
	"math"
	"strconv"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Stream names one stream and says how to show it.
type Stream struct {
	Gateway  string `json:"gateway"`
	Device   string `json:"device"`
	Channel  string `json:"channel"`
	Metric   string `json:"metric"`
	Unit     string `json:"unit"`      // UCUM
	UnitText string `json:"unit_text"` // for people: µg/m³
	Label    Text   `json:"label"`
	Decimals int    `json:"decimals"`
	EveryMS  int64  `json:"every_ms"` // interval of its device; 0: not known
}

// Value is the newest value of a stream.
type Value struct {
	Stream
	V   *float64 `json:"v"`
	QC  int      `json:"qc"` // 1 pass, 2 not evaluated, 3 suspect, 4 fail, 9 missing
	Why string   `json:"why"`
	T   int64    `json:"t"`
	// Undated: the gateway's clock is not trusted yet, T is about when it arrived.
	Undated bool `json:"undated,omitempty"`
}

// Metric is one entry of the metric catalogue.
type Metric struct {
	Name     string  `json:"name"`
	Unit     string  `json:"unit"`
	UnitText string  `json:"unit_text"`
	Min      float64 `json:"min"`
	Max      float64 `json:"max"`
	Decimals int     `json:"decimals"`
	Label    Text    `json:"label"`
	HJ212    string  `json:"hj212"` // factor code of HJ 212; empty: none
}

// Series is one stream over time.
type Series struct {
	Stream  Stream  `json:"stream"`
	Points  []Point `json:"points"` // rising in time
	Gaps    []Gap   `json:"gaps"`   // where values are missing, and why
	Reduced bool    `json:"reduced"`
}

// Point is one moment of a series. In JSON it is [t, v or null, qc, why].
type Point struct {
	T int64
	V float64 // NaN: none
	obs.Quality
}

// MarshalJSON writes p as a row of four.
func (p Point) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 48), '[')
	b = append(strconv.AppendInt(b, p.T, 10), ',')
	if math.IsNaN(p.V) || math.IsInf(p.V, 0) {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendFloat(b, p.V, 'g', -1, 64)
	}
	b = strconv.AppendInt(append(b, ','), int64(p.Flag.Code()), 10)
	b = strconv.AppendQuoteToASCII(append(b, ','), clean(string(p.Why)))
	return append(b, ']'), nil
}

// clean keeps the letters a reason is made of. Reasons come from outside, and Go's
// quoting of odd characters is not JSON's.
func clean(s string) string {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return "?"
		}
	}
	return s
}

// Values is the document of the live event "values".
type Values struct {
	Values []Value `json:"values"`
}

// Gap is a span of time in which values are missing.
type Gap struct {
	Gateway string `json:"gateway"`
	From    int64  `json:"from"`
	To      int64  `json:"to"`
	Why     string `json:"why"`
	Detail  string `json:"detail"`
}
