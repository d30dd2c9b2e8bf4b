package uart

import (
	"context"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// FuzzDecode: whatever the part sends, a profile gives its channels or a fault; a good
// message behind it is found, if it has a beginning that can be told; and no byte that the
// line did not carry has a part in it.
func FuzzDecode(f *testing.F) {
	var all []*Profile
	set := parts{known(f)}
	for _, id := range set.ids() {
		p, _ := set.get(id)
		all = append(all, p)
		for _, x := range p.Fixtures {
			f.Add(uint8(len(all)-1), x.sent())
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, sent []byte) {
		p := all[int(which)%len(all)]
		exact := append(make([]byte, 0, len(sent)), sent...) // reading past the end would panic
		got, err := p.Decode(exact)
		if err == nil && len(got) != len(p.Channels) {
			t.Fatalf("%s: %d readings for %d channels", p.ID, len(got), len(p.Channels))
		}
		for _, d := range got {
			if (d.Reading.Value != d.Reading.Value) != (d.Reading.Quality.Flag == obs.Missing) {
				t.Fatalf("%s: %+v", p.ID, d)
			}
		}
		again, err2 := p.Decode(sent)
		if (err == nil) != (err2 == nil) || !same2(got, again) {
			t.Fatalf("%s: the same bytes give %v, %v and %v, %v", p.ID, got, err, again, err2)
		}
	})
}

// same2 says whether two decodings are the same.
func same2(a, b []profile.Decoded) bool {
	for i := range a {
		if i >= len(b) || written(a[i].Reading) != written(b[i].Reading) {
			return false
		}
	}
	return len(a) == len(b)
}

// FuzzParse: a profile that is accepted can be planned, and what its fixtures hold is
// read in pieces as it is in one.
func FuzzParse(f *testing.F) {
	f.Add([]byte(smallLine))
	f.Add([]byte(smallFields))
	f.Add([]byte(smallFrame))
	f.Add([]byte(strings.Replace(smallFrame, "length: 4, sum: {kind: xor8}", "length: {at: 1, type: uint8}, stuffing: slip", 1)))
	f.Add([]byte(strings.Replace(smallLine, "ask:", "faults: [{text: C, means: warm-up}]\nrestarts: T\nask:", 1)))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := parseText(string(src))
		if err != nil {
			return
		}
		pl, err := p.plan(options{})
		if err != nil || len(pl.Channels) == 0 || pl.Timeout <= 0 {
			t.Fatalf("accepted, and then: %+v, %v", pl, err)
		}
		for _, x := range p.Fixtures {
			whole, err := p.Decode(x.sent())
			port := &crumbs{replay{}}
			port.rest.Write(x.sent())
			d := pl2(t, p).open(port).(*driver)
			d.set = true
			rs, err2 := d.listen(t.Context())
			if (err == nil) != (err2 == nil) {
				t.Fatalf("in one piece %v, in crumbs %v", err, err2)
			}
			for i := range rs {
				if written(rs[i]) != written(whole[i].Reading) {
					t.Fatalf("in one piece %v, in crumbs %v", whole, rs)
				}
			}
		}
	})
}

func pl2(t *testing.T, p *Profile) driver {
	convs, err := p.converters(options{})
	if err != nil {
		t.Fatal(err)
	}
	return driver{profile: p, convs: convs}
}

// crumbs is a line on which the bytes come one at a time.
type crumbs struct{ replay }

func (c *crumbs) Read(ctx context.Context, b []byte) (int, error) {
	return c.replay.Read(ctx, b[:min(1, len(b))])
}

// FuzzText: what is read as a decimal is the number that the text says.
func FuzzText(f *testing.F) {
	for _, s := range []string{"21.5", "-0.05", "+3.14", "007", "1e3", ".5", "5.", "", "-", "1.2.3", "123456789012345678"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := decimal([]byte(s))
		plain := strings.Trim(s, "+-.0123456789") == "" && strings.ContainsAny(s, "0123456789")
		if ok && !plain {
			t.Fatalf("%q is read as %v", s, d)
		}
		if !ok || len(s) > 14 {
			return
		}
		text := strings.TrimPrefix(s, "+")
		if want, err := profile.ParseDecimal(fill(text)); err != nil || want.Float() != d.Float() {
			t.Fatalf("%q is read as %v, want %v (%v)", s, d.Float(), want.Float(), err)
		}
	})
}

// fill writes .5 as 0.5 and 5. as 5.
func fill(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	s = strings.TrimSuffix(s, ".")
	if strings.HasPrefix(s, ".") {
		s = "0" + s
	}
	return sign + s
}
