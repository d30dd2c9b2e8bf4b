package sheet

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

var shanghai = time.FixedZone("+08:00", 8*3600)

// 2026-11-23 02:30:00.250 UTC
const at = 1795401000250

func reading(v float64, code int, why string) Row {
	return Row{Time: at, Gateway: "gw-1", Device: "river", Channel: "level", Quantity: "水位", Unit: "m", Value: v, Quality: code, Reason: why}
}

func gap(detail string) Row {
	return Row{Gap: true, Time: at, Until: at + 60_000, Gateway: "gw-1", Device: "river", Channel: "level", Quantity: "Water level", Unit: "m", Value: math.NaN(), Quality: 9, Reason: "power", Detail: detail}
}

func asCSV(t testing.TB, mark bool, rows ...Row) string {
	t.Helper()
	var b bytes.Buffer
	c := NewCSV(&b, shanghai, mark)
	for i := range rows {
		if err := c.Write(&rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCSV(t *testing.T) {
	const names = "row,time,time_utc,until,gateway,device,channel,quantity,value,unit,quality,reason,detail\r\n"
	const when, place = "2026-11-23T10:30:00.250+08:00,2026-11-23T02:30:00.250Z,", "gw-1,river,level,"
	for name, c := range map[string]struct {
		row  Row
		want string
	}{
		"a reading":           {reading(-3.25, 1, ""), "reading," + when + "," + place + "水位,-3.25,m,1,,"},
		"a doubtful one":      {reading(1234567.5, 3, "rate"), "reading," + when + "," + place + "水位,1234567.5,m,3,rate,"},
		"a very small one":    {reading(2.5e-9, 1, ""), "reading," + when + "," + place + "水位,2.5e-09,m,1,,"},
		"zero":                {reading(0, 2, ""), "reading," + when + "," + place + "水位,0,m,2,,"},
		"nothing measured":    {reading(math.NaN(), 9, "timeout"), "reading," + when + "," + place + "水位,,m,9,timeout,"},
		"a gap":               {gap(""), "gap," + when + "2026-11-23T10:31:00.250+08:00," + place + "Water level,,m,9,power,"},
		"a detail with comma": {gap(`cut, "again"`), "gap," + when + "2026-11-23T10:31:00.250+08:00," + place + "Water level,,m,9,power,\"cut, \"\"again\"\"\""},
		"a formula":           {gap("=1+1"), "gap," + when + "2026-11-23T10:31:00.250+08:00," + place + "Water level,,m,9,power,'=1+1"},
		"a formula, quoted":   {gap("=A1,2"), "gap," + when + "2026-11-23T10:31:00.250+08:00," + place + "Water level,,m,9,power,\"'=A1,2\""},
	} {
		if got := asCSV(t, false, c.row); got != names+c.want+"\r\n" {
			t.Errorf("%s:\n got %q\nwant %q", name, got, names+c.want+"\r\n")
		}
	}
	if got := asCSV(t, true); got != "\xef\xbb\xbf"+names {
		t.Errorf("an empty table with the mark: %q", got)
	}
}

// FuzzCSV: whatever a cell holds, it is one cell of one line again, and none is a formula.
func FuzzCSV(f *testing.F) {
	f.Add("=HYPERLINK(\"http://x\")", "a,b", 1.5)
	f.Add("\r\n@x", "\"", -1e-7)
	f.Add("+1", "\t-", 3e20)
	f.Fuzz(func(t *testing.T, a, b string, v float64) {
		r := gap(a)
		r.Reason, r.Value = b, v
		lines, err := csv.NewReader(strings.NewReader(asCSV(t, false, r, reading(1, 1, "")))).ReadAll()
		if err != nil || len(lines) != 3 {
			t.Fatalf("%d lines of a name and two rows: %v", len(lines), err)
		}
		for i, want := range map[int]string{11: b, 12: a} {
			got := lines[1][i]
			if got != "" && strings.IndexByte("=+-@\t\r\n", got[0]) >= 0 {
				t.Errorf("%q is a formula", got)
			}
			// encoding/csv gives \n for \r\n.
			want = strings.ReplaceAll(want, "\r\n", "\n")
			if got = strings.TrimPrefix(got, "'"); got != strings.TrimPrefix(want, "'") {
				t.Errorf("%q comes back as %q", want, got)
			}
		}
	})
}

func asParquet(t testing.TB, rows ...Row) []byte {
	t.Helper()
	var b bytes.Buffer
	p := NewParquet(&b, shanghai)
	for i := range rows {
		if err := p.Write(&rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// More rows than one group has come back as they were, from a file with the marks of the format
// at both ends.
func TestParquet(t *testing.T) {
	const n = group + 3000
	rows := make([]Row, 0, n)
	for i := range int64(n) {
		r := reading(float64(i)/8, 1, "")
		switch r.Time += i * 1000; i % 700 {
		case 3:
			r.Value, r.Quality, r.Reason = math.NaN(), 9, "timeout"
		case 4:
			r = gap("cut, =again")
			r.Time += i * 1000
		}
		rows = append(rows, r)
	}
	b := asParquet(t, rows...)
	if len(b) < 12 || string(b[:4]) != "PAR1" || string(b[len(b)-4:]) != "PAR1" {
		t.Fatalf("%d bytes without the marks of the format", len(b))
	}
	if foot := int(binary.LittleEndian.Uint32(b[len(b)-8:])); foot <= 0 || foot > len(b)-12 {
		t.Fatalf("a footer of %d bytes in a file of %d", foot, len(b))
	}
	got, err := parquet.Read[line](bytes.NewReader(b), int64(len(b)))
	if err != nil || len(got) != n {
		t.Fatalf("%d of %d rows come back: %v", len(got), n, err)
	}
	for i, l := range got {
		if why := differs(&rows[i], &l); why != "" {
			t.Fatalf("row %d: %s of %+v came back in %+v", i, why, rows[i], l)
		}
	}
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(f.RowGroups()) != 2 {
		t.Errorf("%d groups of rows, want 2: %v", len(f.RowGroups()), err)
	}
	t.Logf("%.1f bytes a row", float64(len(b))/n)
}

// differs names the first thing of a row that has not come back.
func differs(r *Row, l *line) string {
	switch {
	case (l.Row == "gap") != r.Gap:
		return "kind"
	case l.Time != r.Time || r.Gap != (l.Until != nil) || r.Gap && *l.Until != r.Until || l.Zone != "+08:00":
		return "time"
	case math.IsNaN(r.Value) != (l.Value == nil) || l.Value != nil && *l.Value != r.Value:
		return "value"
	case l.Gateway != r.Gateway || l.Device != r.Device || l.Channel != r.Channel || l.Quantity != r.Quantity || l.Unit != r.Unit:
		return "stream"
	case int(l.Quality) != r.Quality || l.Reason != r.Reason || l.Detail != r.Detail:
		return "quality"
	}
	return ""
}

func TestZoneNames(t *testing.T) {
	for minutes, want := range map[int]string{0: "+00:00", 480: "+08:00", -210: "-03:30"} {
		if got := zoneName(minutes); got != want {
			t.Errorf("zoneName(%d) = %s, want %s", minutes, got, want)
		}
	}
}

// full takes so many bytes and then no more.
type full struct{ left int }

var errFull = errors.New("no room")

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// That a table cannot be written is told, by Write or by Close.
func TestNoRoom(t *testing.T) {
	for name, open := range map[string]func(io.Writer) Writer{
		"csv":     func(w io.Writer) Writer { return NewCSV(w, time.UTC, false) },
		"parquet": func(w io.Writer) Writer { return NewParquet(w, time.UTC) },
	} {
		w := open(&full{left: 1000})
		var err error
		for i := 0; err == nil && i < 2*group; i++ {
			r := reading(float64(i), 1, "")
			err = w.Write(&r)
		}
		if err == nil {
			err = w.Close()
		}
		if !errors.Is(err, errFull) {
			t.Errorf("%s: %v, want that there is no room", name, err)
		}
	}
}

// BenchmarkSheet writes a week of a reading per second.
func BenchmarkSheet(b *testing.B) {
	for name, open := range map[string]func(io.Writer) Writer{
		"csv":     func(w io.Writer) Writer { return NewCSV(w, shanghai, false) },
		"parquet": func(w io.Writer) Writer { return NewParquet(w, shanghai) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n := &count{}
				w := open(n)
				for i := range int64(604_800) {
					r := reading(math.Round(100*(2+math.Sin(float64(i)/9000)))/100, 1, "")
					r.Time += i * 1000
					if err := w.Write(&r); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(n.bytes), "bytes")
			}
		})
	}
}

type count struct{ bytes int }

func (c *count) Write(b []byte) (int, error) { c.bytes += len(b); return len(b), nil }
