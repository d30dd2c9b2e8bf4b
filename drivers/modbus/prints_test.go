package modbus

import (
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// A strong print is its part's own: no two profiles share one, and what a part answers in
// its own fixtures is not what another's print asks for.
func TestStrongPrintsAreTheirOwn(t *testing.T) {
	p := builtIn(t)
	strong := 0
	for _, id := range p.IDs() {
		f, _ := p.Get(id)
		if f.Print() != profile.Strong {
			continue
		}
		strong++
		for _, other := range p.IDs() {
			o, _ := p.Get(other)
			if other == id {
				continue
			}
			if o.Print() == profile.Strong && alike(f.Identify, o.Identify) {
				t.Errorf("%s and %s are told by the same", id, other)
			}
			if n := answers(t, f.Identify, o); n > 0 {
				t.Errorf("%d fixtures of %s answer as %s does", n, other, id)
			}
		}
	}
	if strong < 8 {
		t.Errorf("%d strong prints", strong)
	}
}

// alike says whether one answer can fit both.
func alike(a, b *Identify) bool {
	begin := func(x, y string) bool { return strings.HasPrefix(x, y) || strings.HasPrefix(y, x) }
	if a.Vendor+a.Product != "" || b.Vendor+b.Product != "" {
		return a.Vendor+a.Product != "" && b.Vendor+b.Product != "" && begin(a.Vendor, b.Vendor) && begin(a.Product, b.Product)
	}
	if a.Function != b.Function || a.Address != b.Address || (a.Text > 0) != (b.Text > 0) {
		return false
	}
	return a.Text > 0 && begin(a.Begins, b.Begins) || a.Text == 0 && slices.ContainsFunc(a.Equals, func(n uint64) bool { return slices.Contains(b.Equals, n) })
}

// answers counts the fixtures of a part that hold what id asks for.
func answers(t *testing.T, id *Identify, part *Profile) (n int) {
	for _, x := range part.Fixtures {
		e, err := x.Exchange()
		if err != nil {
			t.Fatal(err)
		}
		if words := id.in(e); words != nil {
			if _, ok := id.matches(words); ok {
				n++
			}
		}
	}
	return n
}

// A text that several models begin with is no name: what begins otherwise, and what is
// known to be another model's, is suspected, and its values are used.
func TestTextOfSeveralModels(t *testing.T) {
	p := builtIn(t)
	for serial, want := range map[string]string{
		"YL4716112101": "", "YL9916112101": "",
		"YL0116112101": `register 0x0900 (function 3) holds "YL0116112101", a part of the profile yosemitech-y513 has a text that is none of another model's there`,
		"XX4716112101": `register 0x0900 (function 3) holds "XX4716112101", a part of the profile yosemitech-y513 has "YL" … there`,
	} {
		registers := map[uint16]uint16{0x2600: 0x0000, 0x2601: 0xAC41, 0x2602: 0x9A99, 0x2603: 0xC940, 0x2604: 0}
		for i, text := 0, "\t"+serial+"\x00"; i < 7; i++ {
			registers[0x0900+uint16(i)] = uint16(text[2*i])<<8 | uint16(text[2*i+1])
		}
		d, err := planned(t, p, "profile: yosemitech-y513").OpenModbus(&drivertest.Modbus{Registers: map[uint8]map[uint16]uint16{3: registers}})
		if err != nil {
			t.Fatal(err)
		}
		rs, err := d.Sample(t.Context())
		if got := d.(drivers.Doubter).Doubt(); err != nil || rs[0].Value != 6.3 || got != want {
			t.Errorf("%s: %v, %v, doubt %q; want %q", serial, rs, err, got, want)
		}
	}
}
