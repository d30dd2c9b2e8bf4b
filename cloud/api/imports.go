package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// importAreas takes a list of areas: the body is the file.
func (s *server) importAreas(w http.ResponseWriter, r *http.Request) error {
	return s.importFile(w, r, "areas", func(f view.AreaFile) (any, error) {
		done, err := s.Areas.ImportAreas(r.Context(), f, time.Now())
		if err == nil && !f.DryRun {
			s.Log.Info("areas were imported", "file", f.Name, "read", done.Read, "changes", len(done.Changes)+done.More)
		}
		return done, err
	})
}

// importLayer takes a layer of the map, likewise.
func (s *server) importLayer(w http.ResponseWriter, r *http.Request) error {
	return s.importFile(w, r, "map", func(f view.AreaFile) (any, error) {
		done, err := s.Areas.ImportLayer(r.Context(), r.PathValue("layer"), f, time.Now())
		if err == nil && !f.DryRun {
			s.Log.Info("a layer of the map was imported", "layer", done.Layer.ID, "file", f.Name, "read", done.Read, "change", done.Change)
		}
		return done, err
	})
}

// importFile reads what is sent and gives it to take; unnamed is what a file without a name
// is called.
func (s *server) importFile(w http.ResponseWriter, r *http.Request, unnamed string, take func(view.AreaFile) (any, error)) error {
	q := r.URL.Query()
	f := view.AreaFile{Name: fileName(q.Get("name"), unnamed), Format: q.Get("format"), Encoding: q.Get("encoding"), CRS: q.Get("crs")}
	switch dry := q.Get("dry_run"); dry {
	case "", "false":
	case "true":
		f.DryRun = true
	default:
		return badField("dry_run", "应为 true 或 false", "write true or false")
	}
	if kind := r.Header.Get("Content-Type"); strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
		return problem(http.StatusUnsupportedMediaType, "E7106", "", "请求体应为文件本身（text/csv 或 application/geo+json）", "send the file itself as the body, as text/csv or application/geo+json")
	}
	// A large file takes a second and much memory: one at a time.
	if !s.importing.TryLock() {
		return problem(http.StatusServiceUnavailable, "E7111", "", "正在导入另一个文件，请稍后重试", "another file is being imported; try again in a moment")
	}
	defer s.importing.Unlock()
	var err error
	var large *http.MaxBytesError
	if f.Data, err = io.ReadAll(r.Body); errors.As(err, &large) {
		return problem(http.StatusRequestEntityTooLarge, "E7108", "", fmt.Sprintf("文件超过 %d 字节，请分成几个文件", large.Limit), fmt.Sprintf("the file is larger than %d bytes; split it", large.Limit))
	} else if err != nil {
		return badField("", "文件没有传完", "the file did not come whole")
	}
	done, err := take(f)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, done)
}

// fileName is how a file is called in messages: without a folder, and nothing that a
// terminal or a log would take for something else.
func fileName(name, unnamed string) string {
	name = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == '\\' {
			return '_'
		}
		return c
	}, path.Base(strings.ReplaceAll(name, "\\", "/")))
	if r := []rune(name); len(r) > 100 {
		name = string(r[:100])
	}
	if name == "." || name == "/" {
		return unnamed
	}
	return name
}

// badFile is the answer to a file with faults.
func badFile(faults view.Faults) *failure {
	f := problem(http.StatusUnprocessableEntity, "E7112", "", fmt.Sprintf("文件有 %d 处错误，没有导入任何内容", len(faults)), fmt.Sprintf("%d things are wrong in the file; nothing was imported", len(faults)))
	f.Faults = faults
	return f
}

// drawing sends what is below everything on the map, which belongs to no area.
func (s *server) drawing(w http.ResponseWriter, r *http.Request) error {
	s.Areas.Map(w, r)
	return nil
}

func (s *server) mapLayers(w http.ResponseWriter, _ *http.Request) error {
	return send(w, http.StatusOK, map[string]any{"layers": s.Areas.MapLayers()})
}

func (s *server) deleteLayer(w http.ResponseWriter, r *http.Request) error {
	if err := s.Areas.DeleteLayer(r.Context(), r.PathValue("layer")); err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{"id": r.PathValue("layer")})
}
