package console

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/lamppost-city/lamppost/cloud/packed"
)

// hashedDir is where the build puts files whose names change with their content.
const hashedDir = "assets/"

// contentTypes are written down, because the standard library asks the machine
// it runs on, and a small board or container may not know.
var contentTypes = map[string]string{
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".svg":         "image/svg+xml",
	".png":         "image/png",
	".ico":         "image/x-icon",
	".json":        "application/json",
	".map":         "application/json",
	".woff2":       "font/woff2",
	".webmanifest": "application/manifest+json",
}

// load reads all files but those whose names begin with a dot.
func load(files fs.FS) (map[string]*packed.Document, error) {
	assets := make(map[string]*packed.Document)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		a, err := newAsset(name, body)
		assets[name] = a
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("console: read the build: %w", err)
	}
	return assets, nil
}

func newAsset(name string, body []byte) (*packed.Document, error) {
	contentType, caching := contentTypes[path.Ext(name)], "no-cache"
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	if strings.HasPrefix(name, hashedDir) {
		caching = "public, max-age=31536000, immutable"
	}
	return packed.New(contentType, caching, body)
}
