package yamldoc

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"
)

type shape struct {
	Name  string            `yaml:"name,required"`
	Kind  string            `yaml:"kind"`
	Count uint8             `yaml:"count"`
	Wait  *time.Duration    `yaml:"wait"`
	Room  Size              `yaml:"room"`
	Map   map[string]inner  `yaml:"map"`
	List  []float64         `yaml:"list"`
	Any   *Node             `yaml:"any"`
	Run   func()            `yaml:"-"`
	Own   odd               `yaml:"own"`
	Word  even              `yaml:"word"`
	Flags map[string]string `yaml:"flags"`
	Deep  inner             `yaml:",inline"`
}

type inner struct {
	On bool `yaml:"on"`
}

// odd says itself what it accepts.
type odd struct{}

func (*odd) YAMLSchema() Schema { return Schema{"const": 7} }

func TestSchemaOf(t *testing.T) {
	s := SchemaOf(&shape{}, func(path string) Note {
		switch path {
		case "kind":
			return Note{OneOf: []string{"a", "b"}}
		case "map.*.on", "list[]":
			return Note{Text: path}
		}
		return Note{}
	})
	got, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"additionalProperties":false,"properties":{` +
		`"any":{},` +
		`"count":{"maximum":255,"minimum":0,"type":"integer"},` +
		`"flags":{"additionalProperties":{"type":["string","number","boolean"]},"type":["object","null"]},` +
		`"kind":{"enum":["a","b"]},` +
		`"list":{"items":{"description":"list[]","type":"number"},"type":["array","null"]},` +
		`"map":{"additionalProperties":{"additionalProperties":false,"properties":{"on":{"description":"map.*.on","type":"boolean"}},"type":["object","null"]},"type":["object","null"]},` +
		`"name":{"type":["string","number","boolean"]},` +
		`"on":{"type":"boolean"},` +
		`"own":{"const":7},` +
		`"room":{"pattern":"^(?:\\d+\\.?\\d*|\\.\\d+)(?:B|[kKMGT]B|[KMGT]iB)$","type":"string"},` +
		`"wait":{"maximum":0,"minimum":0,"pattern":"^(?:(?:\\d+\\.?\\d*|\\.\\d+)(?:d|h|m|s|ms))+$|^0$","type":["string","integer"]},` +
		`"word":{}` +
		`},"required":["name"],"type":"object"}`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestSchemaPatterns: what ParseDuration and ParseSize read, the patterns let pass.
func TestSchemaPatterns(t *testing.T) {
	duration, size := regexp.MustCompile(durationPattern), regexp.MustCompile(sizePattern)
	for _, s := range []string{"0", "5s", "250ms", "1h30m", "2d", "1.5s", "1d2h3m4s5ms", ".5s", "1.s"} {
		if _, err := ParseDuration(s); err == nil && !duration.MatchString(s) {
			t.Errorf("duration %q is read and not described", s)
		}
	}
	for _, s := range []string{"2GB", "500MB", "64KiB", "0.5GB", "1B", "1kB", ".5GB"} {
		if _, err := ParseSize(s); err == nil && !size.MatchString(s) {
			t.Errorf("size %q is read and not described", s)
		}
	}
	for _, s := range []string{"5", "5 s", "fast", "s", "-1s"} {
		if duration.MatchString(s) {
			t.Errorf("%q is described as a duration", s)
		}
	}
}
