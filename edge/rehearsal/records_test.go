package rehearsal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/rehearsal"
)

var china = time.FixedZone("", 8*3600)

func list(all []rehearsal.Record) string {
	var b strings.Builder
	for _, r := range all {
		value := fmt.Sprint(r.Value)
		if r.Quality.Flag.Code() == 9 {
			value = "none (" + string(r.Quality.Why) + ")"
		}
		fmt.Fprintf(&b, "%s %s %s %d\n", time.UnixMilli(r.UnixMS).UTC().Format("01-02 15:04:05.000"), r.Stream, value, r.Quality.Flag.Code())
	}
	return b.String()
}

func TestReadCSV(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"what buffer export writes", `time,err_ms,guess,boot,boot_ms,epoch,seq,kind,device,channel,value,unit,qc,why,text
2026-07-15T14:03:10.250+08:00,0,,b,1,e,1,reading,river,level,2.71,m,1,,river/level 2.71
2026-07-15T14:03:20.000+08:00,0,,b,2,e,2,reading,river,level,9.9,m,4,range,
2026-07-15T14:03:30.000+08:00,0,,b,3,e,3,reading,river,fault,,,9,timeout,
2026-07-15T14:03:30.000+08:00,0,,b,3,e,4,event,river,,,,,,device is gone
,,,b,4,e,5,reading,river,level,2.70,m,1,,
`, `07-15 06:03:10.250 river/level 2.71 1
07-15 06:03:20.000 river/level 9.9 4
07-15 06:03:30.000 river/fault none (timeout) 9
undated 1`},
		{"a table", "time,river.level,note,rain.rain\n2026-07-15 14:03:10,2.71,x,\n1784095400,,,12.5\n1784095400123,1,,\n", `07-15 06:03:10.000 river/level 2.71 1
07-15 06:03:20.000 rain/rain 12.5 1
07-15 06:03:20.123 river/level 1 1
undated 0 note`},
		{"as a spreadsheet writes it", "\ufefftime,river.level\r\n2026/7/15 14:03,2.71\r\n", "07-15 06:03:00.000 river/level 2.71 1\nundated 0"},
		{"no time", "river.level\n1\n", "line 1: no column is called time; call it time, and the others device.channel, or device, channel and value"},
		{"no stream", "time,level\n1,2\n", "line 1: no column holds readings; call the columns device.channel, like river.level"},
		{"empty", "", "line 1: the file is empty; give a table with a column time"},
		{"a wrong time", "time,river.level\n2026-07-15 14:03:10,1\nyesterday,2\n", `line 3: "yesterday" is no time; write 2026-07-15T14:03:10+08:00, or Unix seconds`},
		{"a year of nought", "time,river.level\n0000-01-01 0:00,1\n", `line 2: "0000-01-01 0:00" is no time; write 2026-07-15T14:03:10+08:00, or Unix seconds`},
		{"no device", "time,device,channel,value\n1784095390,,level,1\n", `line 2: "" and "level" are no stream; write the device and the channel, like river and level`},
		{"a value that is missing", "time,device,channel,value,qc\n1784095390,river,level,1,9\n", "07-15 06:03:10.000 river/level none (absent) 9\nundated 0"},
		{"a wrong number", "time,river.level\n2026-07-15 14:03:10,\"2,71\"\n", `line 2: "2,71" is not a number; write numbers with a point, and nothing where there is no reading`},
		{"a wrong flag", "time,device,channel,value,qc\n2026-07-15 14:03:10,a,level,1,5\n", `line 2: "5" is no quality flag; write numbers with a point`},
		{"a time too small", "time,river.level\n12,1\n", `line 2: 12 is no time; write 2026-07-15T14:03:10+08:00, or Unix seconds`},
	} {
		var all []rehearsal.Record
		aside, err := rehearsal.ReadCSV(strings.NewReader(c.text), china, func(r rehearsal.Record) { all = append(all, r) })
		got := fmt.Sprintf("%sundated %d", list(all), aside.Undated)
		if len(aside.Columns) > 0 {
			got += " " + strings.Join(aside.Columns, " ")
		}
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestReadLines(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"the cloud's store", `# a comment
level,gateway=bridge,device=river v=2.71,qc=1i 1784095390250

temp.air,device=box,gateway=bridge v=21.5,qc=3i,why="rate" 1784095400000000000
level,gateway=other,device=river v=99 1784095390250
`, `07-15 06:03:10.250 river/level 2.71 1
07-15 06:03:20.000 box/temp.air 21.5 3
undated 0`},
		{"others", `river,host=pi level=2.71,rain=3i,name="a,b c",up=true 1784095390
`, `07-15 06:03:10.000 river/level 2.71 1
07-15 06:03:10.000 river/rain 3 1
undated 0`},
		{"escapes", `a\ b,t\,x=1\=2 level=1u 1784095390000000`, "07-15 06:03:10.000 a b/level 1 1\nundated 0"},
		{"no time", "river level=2", "undated 1"},
		{"no fields", "river\n", "line 1: this is no point; a line is measurement,tag=x field=1.0 time"},
		{"no value", "river level= 1784095390", "line 1: \"level=\" is no key=value; a line is measurement,tag=x field=1.0 time"},
		{"a wrong time", "river level=1 now", "line 1: \"now\" is no time; a line is measurement,tag=x field=1.0 time"},
		{"a wrong flag", "level,device=a v=1,qc=7i 1784095390", "line 1: \"7\" is no quality flag; write whole codes: 1, 2, 3, 4, 9"},
	} {
		var all []rehearsal.Record
		aside, err := rehearsal.ReadLines(strings.NewReader(c.text), "bridge", func(r rehearsal.Record) { all = append(all, r) })
		got := fmt.Sprintf("%sundated %d", list(all), aside.Undated)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// FuzzReadCSV: what is read of any table reads the same when it is written as one.
func FuzzReadCSV(f *testing.F) {
	f.Add("time,river.level\n2026-07-15 14:03:10,2.71\n")
	f.Add("time,device,channel,value,qc,why\n1784095390,river,level,2,3,rate\n")
	f.Fuzz(func(t *testing.T, text string) {
		var all []rehearsal.Record
		if _, err := rehearsal.ReadCSV(strings.NewReader(text), china, func(r rehearsal.Record) { all = append(all, r) }); err != nil {
			return
		}
		for _, r := range all {
			if strings.ContainsAny(r.Stream.Device+r.Stream.Channel+string(r.Quality.Why), "\",\r\n ") {
				return
			}
		}
		var b strings.Builder
		b.WriteString("time,device,channel,value,qc,why\n")
		for _, r := range all {
			value := fmt.Sprint(r.Value)
			if r.Quality.Flag.Code() == 9 {
				value = ""
			}
			fmt.Fprintf(&b, "%s,%s,%s,%s,%d,%s\n", time.UnixMilli(r.UnixMS).UTC().Format(time.RFC3339Nano), r.Stream.Device, r.Stream.Channel, value, r.Quality.Flag.Code(), r.Quality.Why)
		}
		var again []rehearsal.Record
		if _, err := rehearsal.ReadCSV(strings.NewReader(b.String()), time.UTC, func(r rehearsal.Record) { again = append(again, r) }); err != nil || list(again) != list(all) {
			t.Errorf("%v\n%s\nagain\n%s", err, list(all), list(again))
		}
	})
}

// FuzzReadLines: a line gives readings that are numbers at a time, or an error with its
// line.
func FuzzReadLines(f *testing.F) {
	f.Add("level,gateway=bridge,device=river v=2.71,qc=1i 1784095390250\n")
	f.Add("river,host=pi level=2.71,name=\"a,b c\" 1784095390\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := rehearsal.ReadLines(strings.NewReader(text), "", func(r rehearsal.Record) {
			if r.UnixMS < 1e9 || r.Stream.Channel == "" || r.Quality.Flag.Code() != 9 && r.Value != r.Value {
				t.Errorf("%q gives %+v", text, r)
			}
		})
		if err != nil && !strings.HasPrefix(err.Error(), "line ") {
			t.Errorf("%q: %v", text, err)
		}
	})
}
