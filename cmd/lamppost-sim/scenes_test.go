package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenery"
)

// Each scene that a camera plays is listed and described in both languages, and nothing
// else; the channels that are named are the camera's.
func TestScenesAreListed(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		var out bytes.Buffer
		if err := listScenes(&out, lang); err != nil {
			t.Fatal(err)
		}
		for _, kind := range scenery.Kinds() {
			text := pick(lang, sceneTexts[kind])
			if text == "" || !strings.Contains(out.String(), "\nscene:"+kind+" ") || !strings.Contains(out.String(), text) {
				t.Errorf("%s: scene:%s is not described:\n%s", lang, kind, out.String())
			}
		}
		for _, p := range parts.All() {
			for _, c := range p.Channels {
				if p.ID == "camera" && !strings.Contains(out.String(), c.Name+"=") {
					t.Errorf("%s: the channel %s is not named", lang, c.Name)
				}
			}
		}
	}
	if len(sceneTexts) != len(scenery.Kinds()) {
		t.Errorf("%d scenes are described, and there are %d", len(sceneTexts), len(scenery.Kinds()))
	}
}
