package area

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/packed"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// Limits of what is below everything on the map, which every page that shows a map loads.
const (
	maxLayers      = 20
	maxDrawnPoints = 300_000
	leftOutTold    = 20
)

// ground is what is below everything on the map: the layers, and all of them in one document
// as the API sends it.
type ground struct {
	layers map[string]view.MapLayer
	doc    *packed.Document
}

// bareGround has nothing.
var bareGround = func() ground {
	g, err := newGround(nil, nil)
	if err != nil {
		panic(err) // a few bytes could not be packed
	}
	return g
}()

// newGround puts the features of layers together, by their ids.
func newGround(layers map[string]view.MapLayer, features map[string]string) (ground, error) {
	var b bytes.Buffer
	b.WriteString(`{"type":"FeatureCollection","features":[`)
	for i, id := range slices.Sorted(maps.Keys(layers)) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(features[id])
	}
	b.WriteString("]}\n")
	doc, err := packed.New("application/geo+json", "private, no-cache", b.Bytes())
	return ground{layers, doc}, err
}

func loadGround(ctx context.Context, tx *sql.Tx) (ground, error) {
	layers, features := map[string]view.MapLayer{}, map[string]string{}
	err := each(ctx, tx, "select body, features from map_layer", func(scan func(...any) error) error {
		var body, text string
		if err := scan(&body, &text); err != nil {
			return err
		}
		var l view.MapLayer
		err := json.Unmarshal([]byte(body), &l)
		layers[l.ID], features[l.ID] = l, text
		return err
	})
	if err != nil {
		return ground{}, err
	}
	return newGround(layers, features)
}

// Map sends what is below everything on the map, a FeatureCollection.
func (a *Atlas) Map(w http.ResponseWriter, r *http.Request) { a.is.Load().ground.doc.ServeHTTP(w, r) }

// MapLayers returns the layers of which that consists, by id.
func (a *Atlas) MapLayers() []view.MapLayer {
	list := slices.SortedFunc(maps.Values(a.is.Load().ground.layers), func(a, b view.MapLayer) int { return cmp.Compare(a.ID, b.ID) })
	return append([]view.MapLayer{}, list...)
}

// ImportLayer makes a layer of a file, or replaces it, whole or not at all. Its error is
// view.Faults or a *view.FieldError if the file is not taken.
func (a *Atlas) ImportLayer(ctx context.Context, id string, f view.AreaFile, now time.Time) (view.MapImport, error) {
	done, err := a.importLayer(ctx, id, f, now)
	if err != nil {
		return done, fmt.Errorf("area: map layer %q: %w", id, err)
	}
	return done, nil
}

func (a *Atlas) importLayer(ctx context.Context, id string, f view.AreaFile, now time.Time) (view.MapImport, error) {
	if err := checkID("layer", id); err != nil {
		return view.MapImport{}, err
	}
	o, err := optionsOf(f)
	if err != nil {
		return view.MapImport{}, err
	}
	file, err := ReadLayer(f.Name, f.Data, o)
	if err != nil {
		return view.MapImport{}, err
	}
	features, err := file.features()
	if err != nil {
		return view.MapImport{}, err
	}
	var done view.MapImport
	prepare := func(s *state) (func(*sql.Tx) error, error) {
		done = file.report(id, f.DryRun, now)
		was, err := a.featuresOf(ctx, id)
		if err == nil {
			err = s.judgeLayer(&done, was == features)
		}
		if err != nil || f.DryRun || done.Change == unchanged {
			return nil, err
		}
		return func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `insert into map_layer(id, body, features) values(?, ?, ?)
				on conflict(id) do update set body = excluded.body, features = excluded.features`, id, text(done.Layer), features)
			if err != nil {
				return err
			}
			return a.o.Record(ctx, tx, view.Deed{What: "map.import", About: id, Old: written(s.ground.layers, id), New: text(done.Layer)})
		}, nil
	}
	return done, a.prepared(ctx, partMap, prepare)
}

// featuresOf returns what is kept of a layer; empty: there is none.
func (a *Atlas) featuresOf(ctx context.Context, id string) (features string, err error) {
	err = a.o.DB.Read().QueryRowContext(ctx, "select features from map_layer where id = ?", id).Scan(&features)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return features, err
}

// What an import does to a layer.
const (
	added     = "added"
	replaced  = "replaced"
	unchanged = "none"
)

// judgeLayer says what an import does, and if there would be too much on the map.
func (s *state) judgeLayer(done *view.MapImport, same bool) error {
	was, known := s.ground.layers[done.Layer.ID]
	points := done.Layer.Points
	for id, l := range s.ground.layers {
		if id != done.Layer.ID {
			points += l.Points
		}
	}
	switch {
	case !known && len(s.ground.layers) >= maxLayers:
		return wrong("layer", fmt.Sprintf("地图最多 %d 个图层；请先删除一个", maxLayers), fmt.Sprintf("a map has at most %d layers; remove one first", maxLayers))
	case points > maxDrawnPoints:
		return wrong("layer", fmt.Sprintf("地图上将有 %d 个点，最多 %d 个；请省去小路或简化", points, maxDrawnPoints),
			fmt.Sprintf("there would be %d positions on the map, and at most %d may be; leave small roads out, or simplify", points, maxDrawnPoints))
	case !known:
		done.Change = added
	case same:
		done.Change, done.Layer = unchanged, was
	default:
		done.Change = replaced
	}
	return nil
}

// features are the file's things as they are kept, in the order of the file.
func (f *LayerFile) features() (string, error) {
	var list []string
	for i := range f.Things {
		b, err := f.Things[i].geojson()
		if err != nil {
			return "", err
		}
		list = append(list, string(b))
	}
	return strings.Join(list, ","), nil
}

func (f *LayerFile) report(id string, dry bool, now time.Time) view.MapImport {
	done := view.MapImport{
		DryRun: dry, Encoding: f.Encoding, Read: f.Read, Dropped: f.Dropped, LeftOut: []view.LeftOut{},
		Layer: view.MapLayer{ID: id, File: f.Name, Imported: now.UnixMilli(), Kinds: f.Kinds, Points: f.Points},
	}
	for _, what := range most(f.LeftOut, leftOutTold) {
		done.LeftOut = append(done.LeftOut, view.LeftOut{What: what, N: f.LeftOut[what]})
	}
	return done
}

// DeleteLayer removes a layer, or returns view.ErrUnknown.
func (a *Atlas) DeleteLayer(ctx context.Context, id string) error {
	err := a.change(ctx, partMap, func(tx *sql.Tx, s *state) error {
		if _, ok := s.ground.layers[id]; !ok {
			return view.ErrUnknown
		}
		if _, err := tx.ExecContext(ctx, "delete from map_layer where id = ?", id); err != nil {
			return err
		}
		return a.o.Record(ctx, tx, view.Deed{What: "map.remove", About: id, Old: written(s.ground.layers, id)})
	})
	if err != nil {
		return fmt.Errorf("area: map layer %q: %w", id, err)
	}
	return nil
}
