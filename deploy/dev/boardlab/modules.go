// Package boardlab tests the gateway on a board: a real arm64 Linux in QEMU with
// simulated GPIO lines, I2C and 1-Wire sensors, serial lines and a camera, the static
// gateway in it, a real broker and aggregator outside. README.md says what it proves.
package boardlab

import (
	"embed"
	"io/fs"
)

//go:embed modules/Kbuild modules/*.c
var moduleSources embed.FS

// Modules returns the sources of the lab's kernel modules.
func Modules() (fs.FS, error) { return fs.Sub(moduleSources, "modules") }
