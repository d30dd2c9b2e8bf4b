package yamldoc

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzParse: any bytes are read or refused, every problem stands inside the file,
// and what was read answers with a place for every byte of every text.
func FuzzParse(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.yaml")
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte("a: >\n x\n\n y\nb: \"\\u6cb3\\\n q\"\n? x\n: !t 'y'\n<<: {c: 1}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 4096 {
			return
		}
		ps := problemsOf("f.yaml", src)
		lines := strings.Count(string(src), "\n") + 1
		for _, p := range ps {
			if p.Line < 1 || p.Line > lines || p.Col < 1 || p.Width < 1 || p.ID == "" || p.Msg == "" {
				t.Errorf("problem outside the file of %d lines: %+v", lines, p)
			}
		}
		if err := ps.Render(&strings.Builder{}); err != nil {
			t.Error(err)
		}
		if d, _ := Parse("f.yaml", src); d != nil {
			walk(t, d.Root(), lines)
		}
	})
}

func walk(t *testing.T, n *Node, lines int) {
	for i := range n.Text() {
		if p := n.TextProblem(i, 1, "E1", "m"); p.Line < 1 || p.Line > lines+1 || p.Col < 1 {
			t.Errorf("byte %d of %q is at %d:%d of %d lines", i, n.Text(), p.Line, p.Col, lines)
		}
	}
	for _, c := range n.items {
		walk(t, c, lines)
	}
	for _, k := range n.names {
		walk(t, n.child[k], lines)
	}
}

func BenchmarkParseDecode(b *testing.B) {
	var src strings.Builder
	src.WriteString("id: x\ndevices:\n")
	for i := range 200 {
		fmt.Fprintf(&src, "  d%d: {driver: x, baud: 9600, parity: none, address: 3, every: 5s, name: {zh: 河道, en: river}}\n", i)
	}
	b.SetBytes(int64(src.Len()))
	b.ReportAllocs()
	for b.Loop() {
		d, err := Parse("a.yaml", []byte(src.String()))
		if err != nil {
			b.Fatal(err)
		}
		var f file
		if err := d.Decode(&f); err != nil {
			b.Fatal(err)
		}
	}
}
