package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// book is the text that a dictionary holds. What is needed most stands at the end:
// a short way back costs fewer bits.
//
//	every metric of the catalogue, as a run names it      /level","bu":"m","v":
//	the metrics that no example below has                  /tsp","u":"ug/m3","v":
//	one sample of each usual device, the rarest first
//	the first record of a pack
func book(catalog *obs.Catalog) ([]byte, error) {
	var b strings.Builder
	for _, name := range examples() {
		m, ok := catalog.Lookup(name)
		if !ok {
			return nil, fmt.Errorf("street.go names the channel %s: the catalogue has no such metric", name)
		}
		fmt.Fprintf(&b, `/%s","bu":"%s","v":`, name, m.Wire)
	}
	for _, name := range unused(catalog) {
		m, _ := catalog.Lookup(name)
		fmt.Fprintf(&b, `/%s","u":"%s","v":`, name, m.Wire)
	}
	s := &street{r: rand.New(rand.NewPCG(3, 3)), catalog: catalog}
	for _, g := range slices.Backward(groups) {
		d := s.device(g.words[0], g.channels)
		text, err := plain(&wire.Pack{Gateway: "hz-bridge-07", Epoch: "1-000000000000", Ranges: []wire.Range{{From: 1, To: 1}},
			Lane: wire.Live, Values: s.good(nil, &d, 1795291200000)})
		if err != nil {
			return nil, err
		}
		b.Write(text[bytes.Index(text, []byte(",\n")) : len(text)-1])
	}
	b.WriteString(`[{"bver":26,"bn":"hz-bridge-07/","bt":1795291200,"n":"pack","vs":"17-9f3ac2d1b07e/184202-184204/live/1"},` + "\n" + `{"n":"`)
	return []byte(b.String()), nil
}

// examples are the channels of the usual devices, each once, the rarest first.
func examples() []string {
	var names []string
	for _, g := range groups {
		for _, c := range g.channels {
			if !slices.Contains(names, c) {
				names = append(names, c)
			}
		}
	}
	slices.Reverse(names)
	return names
}

// unused are the metrics of the catalogue that no usual device has.
func unused(catalog *obs.Catalog) []string {
	var names []string
	have := examples()
	for _, m := range catalog.All() {
		if !slices.Contains(have, m.Name) {
			names = append(names, m.Name)
		}
	}
	return names
}
