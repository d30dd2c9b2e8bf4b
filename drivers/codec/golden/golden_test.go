package golden

import (
	"reflect"
	"strings"
	"testing"
)

const good = "source: captured, here\n# a note\noptions: {model: x}\nasks: FF 01\nwant: co2=417\n\nFF 86 01\nA1\n"

func TestParse(t *testing.T) {
	f, err := Parse(good)
	want := File{Source: "captured, here", Options: "{model: x}", Want: "co2=417", Asks: []byte{0xFF, 1}, Frame: []byte{0xFF, 0x86, 1, 0xA1}}
	if err != nil || !reflect.DeepEqual(f, want) {
		t.Errorf("Parse gives %+v, %v", f, err)
	}
	for _, c := range []struct{ from, to, want string }{
		{"source: captured, here\n", "", "does not say its source"},
		{"want: co2=417\n", "", "either want or want-fault"},
		{"want: co2=417", "want: co2=417\nwant-fault: device", "either want or want-fault"},
		{"FF 86 01\nA1\n", "", "holds no bytes"},
		{"FF 86", "FG 86", "line 7: encoding/hex: invalid byte"},
		{"A1", "A", "line 8: encoding/hex: odd length"},
		{"asks: FF 01", "asks: F", "asks: encoding/hex: odd length"},
		{"options", "option", `line 3: "option" is none of source`},
		{"# a note", "source: elsewhere", "line 2: source stands there twice"},
	} {
		if f, err := Parse(strings.Replace(good, c.from, c.to, 1)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: %+v, %v, want %q", c.to, c.from, f, err, c.want)
		}
	}
}

// FuzzParse holds that what is read can be written, and is then read as the same.
func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("source: x\nwant-fault: checksum\n\n00")
	f.Fuzz(func(t *testing.T, src string) {
		file, err := Parse(src)
		if err != nil {
			return
		}
		again, err := Parse(string(file.Append(nil)))
		if err != nil || !reflect.DeepEqual(again, file) {
			t.Errorf("%q is read as %+v, written and read as %+v, %v", src, file, again, err)
		}
	})
}
