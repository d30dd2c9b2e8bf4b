package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// serving runs an aggregator until the test ends and returns its address.
func serving(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "c.yaml")
	if err := os.WriteFile(config, []byte("listen: 127.0.0.1:0\ndata: "+filepath.Join(dir, "data")+"\nmqtt: {embedded: {listen: \"127.0.0.1:0\"}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	out := &lines{got: make(chan struct{}, 10)}
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"serve", "--config", config}, out, &bytes.Buffer{}) }()
	t.Cleanup(func() {
		stop()
		if c := <-code; c != exitOK {
			t.Errorf("serve: exit %d", c)
		}
	})
	select {
	case <-out.got:
	case c := <-code:
		code <- c
		t.Fatalf("serve: exit %d", c)
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	return regexp.MustCompile(`http://\S+`).FindString(out.b.String())
}

// demoFiles writes the demo city's files into the folder in which the test stands.
func demoFiles(t *testing.T) {
	t.Helper()
	for _, name := range []string{"demo-city.csv", "demo-city.geojson", "demo-city-ground.geojson"} {
		b, err := fs.ReadFile(firmwareconfigs.Sites(), name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, name, string(b))
	}
}

func TestAreasCommands(t *testing.T) {
	t.Chdir(t.TempDir())
	demoFiles(t)
	write(t, "bad.csv", "code,name\n990101001,\n990101777001,孤社区\n")
	write(t, "sea.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"kind":"sea"},"geometry":null}]}`)
	write(t, "osm.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"waterway":"river"},"geometry":{"type":"LineString","coordinates":[[120,30],[121,31]]}},{"type":"Feature","properties":{"highway":"crossing"},"geometry":{"type":"Point","coordinates":[120,30]}}]}`)
	write(t, "moved.csv", "code,parent\n990101001003,990101002\n")
	api := serving(t)
	ask := func(want int, args ...string) string {
		t.Helper()
		var out, errOut bytes.Buffer
		if code := run(t.Context(), append(args, "--api", api), &out, &errOut); code != want {
			t.Errorf("%v: exit %d, want %d", args, code, want)
		}
		return out.String() + errOut.String()
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"areas", "list"}, exitOK, "CODE  NAME  GATEWAYS"},
		{[]string{"areas", "import", "demo-city.csv", "--dry-run"}, exitOK, "16 areas read (csv, utf-8): 16 changes, 0 unchanged, 0 others stay; nothing was changed (--dry-run)"},
		{[]string{"areas", "import", "demo-city.csv"}, exitOK, "added   990101           Lamppost District (invented)"},
		{[]string{"areas", "import", "demo-city.csv"}, exitOK, "16 areas read (csv, utf-8): 0 changes, 16 unchanged"},
		{[]string{"areas", "import", "demo-city.geojson"}, exitOK, "15 areas read (geojson, utf-8): 15 changes"},
		{[]string{"areas", "import", "bad.csv"}, exitConfig, "error: bad.csv:3: parent: 990101777001 is an orphan: there is no 990101777; add it to the file, or name one that is there as parent (990101 lies above it)"},
		{[]string{"areas", "import", "bad.csv", "--lang", "zh"}, exitConfig, "错误：bad.csv:3: parent: 990101777001 的上级 990101777 不存在"},
		{[]string{"areas", "import", "moved.csv", "--lang", "zh"}, exitOK, "划转  990101001003  石埠社区  990101001  990101002"},
		{[]string{"areas", "list", "990101002"}, exitOK, "990101001003     Stone Wharf"},
		{[]string{"areas", "list", "990101002", "--lang", "zh"}, exitOK, "990101001003     石埠社区"},
		{[]string{"areas", "list", "99"}, exitFailed, "E7102"},
		{[]string{"areas", "list", "990101", "x"}, exitUsage, `"x" is not understood`},
		{[]string{"areas", "import"}, exitUsage, "name one file"},
		{[]string{"areas", "import", "none.csv"}, exitConfig, "no such file"},
		{[]string{"map", "import", "demo-city-ground.geojson", "--layer", "ground", "--dry-run"}, exitOK, "layer ground would be added: main 3, motorway 1, path 1, rail 1, river 2, stream 2, street 13, water 3; 26 features read"},
		{[]string{"map", "list"}, exitOK, "LAYER  POSITIONS  IMPORTED  FILE  KINDS\n"},
		{[]string{"map", "import", "demo-city-ground.geojson"}, exitOK, "layer demo-city-ground is added"},
		{[]string{"map", "import", "demo-city-ground.geojson"}, exitOK, "layer demo-city-ground is unchanged"},
		{[]string{"map", "import", "demo-city-ground.geojson", "--crs", "gcj02", "--lang", "zh"}, exitOK, "图层 demo-city-ground 替换：主干道 3、高速路 1、小路 1"},
		{[]string{"map", "import", "osm.geojson", "--lang", "zh"}, exitOK, "略去：highway=crossing × 1"},
		{[]string{"map", "list", "--lang", "zh"}, exitOK, "osm.geojson               河流 1"},
		{[]string{"map", "remove", "osm"}, exitOK, "layer osm is removed"},
		{[]string{"map", "remove", "osm", "--lang", "zh"}, exitFailed, "E7102"},
		{[]string{"map", "import", "sea.geojson"}, exitConfig, "sea.geojson:1: feature 1: kind: there is no kind \"sea\"; there are motorway, main"},
		{[]string{"map", "import", "demo-city-ground.geojson", "--layer", "河流"}, exitFailed, "an id has small letters"},
		{[]string{"areas", "import", "demo-city.csv", "--crs", "gcj"}, exitFailed, "the coordinates are wgs84, cgcs2000 or gcj02"},
	} {
		if got := ask(c.code, c.args...); !strings.Contains(got, c.want) {
			t.Errorf("%v prints\n%s\nwant %s", c.args, got, c.want)
		}
	}
}
