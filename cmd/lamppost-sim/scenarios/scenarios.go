// Package scenarios embeds the scenarios that the simulator knows by name. A file
// of one's own is read the same way: lamppost-sim run --scenario file.yaml.
package scenarios

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Names returns the scenarios that Read knows by name, in alphabetical order.
func Names() []string {
	entries, _ := files.ReadDir(".") // an embedded root is always there
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Read returns a scenario's file: an embedded one by its name, any other by a
// path that ends in .yaml or .yml.
func Read(name string) ([]byte, error) {
	if ext := filepath.Ext(name); ext == ".yaml" || ext == ".yml" {
		return os.ReadFile(name)
	}
	b, err := files.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("there is no scenario %q; known are %s, or write the path of a .yaml file: %w",
			name, strings.Join(Names(), ", "), os.ErrNotExist)
	}
	return b, nil
}
