// Package firmwareconfigs holds the data that is compiled into the programs: the
// metric catalogue, and what later folders add. It only embeds: whoever needs the
// data passes it to the package that can read it. Nothing here is ever written.
package firmwareconfigs

import _ "embed"

// MetricsFile names the catalogue in messages about it.
const MetricsFile = "firmware-configs/metrics/metrics.yaml"

//go:embed metrics/metrics.yaml
var metrics []byte

// Metrics returns the metric catalogue, for obs.ParseCatalog. The bytes are the
// caller's.
func Metrics() []byte { return append([]byte(nil), metrics...) }
