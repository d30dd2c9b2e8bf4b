// Package firmwareconfigs holds the data that is compiled into the programs: the
// metric catalogue, the device profiles, the boards, the tables of indices, the rule packs and a demo city. It only embeds: whoever needs the data
// passes it to the package that can read it. Nothing here is ever written.
package firmwareconfigs

import (
	"embed"
	"io/fs"
)

// MetricsFile names the catalogue in messages about it.
const MetricsFile = "firmware-configs/metrics/metrics.yaml"

//go:embed metrics/metrics.yaml
var metrics []byte

//go:embed boards/*.yaml devices/*.yaml indices/*.yaml rules/*.yaml
var files embed.FS

// sites is apart from the other files: only who asks for it carries it.
//
//go:embed sites/*.csv sites/*.geojson
var sites embed.FS

// Metrics returns the metric catalogue, for obs.ParseCatalog. The bytes are the
// caller's.
func Metrics() []byte { return append([]byte(nil), metrics...) }

// Devices returns the folder of device profiles, for catalog.Profiles.
func Devices() fs.FS { return folder("devices") }

// Boards returns the folder of boards, for board.ParseProfiles.
func Boards() fs.FS { return folder("boards") }

// Indices returns the folder of index tables, for derive.ParseTables.
func Indices() fs.FS { return folder("indices") }

// Rules returns the folder of rule packs, for rulepack.Reader.
func Rules() fs.FS { return folder("rules") }

// Sites returns the folder of the demo city: demo-city.csv, its areas,
// demo-city.geojson, their boundaries, and demo-city-ground.geojson, its rivers and
// roads. Everything in it is invented.
func Sites() fs.FS {
	sub, err := fs.Sub(sites, "sites")
	if err != nil {
		return embed.FS{}
	}
	return sub
}

// folder returns one folder of files, empty if there is none.
func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		return embed.FS{}
	}
	return sub
}
