package wire

import (
	"os"
	"strings"
	"testing"
)

// The examples in the package comment are real: they decode.
func TestDocExamples(t *testing.T) {
	src, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	example := func(first, last string) string {
		text := strings.ReplaceAll(string(src), "//\t", "")
		_, text, ok := strings.Cut(text, first)
		text, _, end := strings.Cut(text, last)
		if !ok || !end {
			t.Fatalf("no example from %s to %s", first, last)
		}
		return first + text + last
	}
	var u Unpacker
	p, err := u.Unpack(gw, []byte(example(`[{"bver"`, "}]")))
	if err != nil || len(p.Values) != 5 {
		t.Errorf("the pack: %+v, %v", p, err)
	}
	var a Ack
	if err := Decode([]byte(example(`{"v":1,"store"`, "}}")), &a); err != nil || a.Echo != p.Echo() {
		t.Errorf("the acknowledgement: %+v, %v", a, err)
	}
}
