// Command wiredict makes a zstd dictionary for edge/wire and says what it is worth.
//
//	go run ./deploy/dev/wiredict -id 40102 -out edge/wire/dictionary/40102.zdict
//
// A dictionary that was shipped is never made again: gateways in the field hold
// packs that only it can read, and a test in edge/wire pins its hash. A better one
// gets the next id and a file of its own beside it. The number is 40 000, a hundred
// for the wire version, and one for each dictionary of that version: above 32 768,
// which zstd keeps for a registry, and small enough for two bytes in a frame.
//
// The same program makes the same bytes: all that is random has a fixed seed. What
// it learns from is in book.go (what stands in the dictionary) and street.go (packs
// that tell how often each letter and each length occurs).
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/klauspost/compress/zstd"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

func main() {
	id := flag.Uint("id", 40102, "id of the dictionary, for ever")
	out := flag.String("out", "", "file to write; without it the dictionary is only measured")
	flag.Parse()
	if err := run(uint32(*id), *out); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(id uint32, out string) error {
	catalog, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		return err
	}
	dict, err := build(id, catalog)
	if err != nil {
		return err
	}
	results, err := measure(dict, catalog, 300)
	if err != nil {
		return err
	}
	fmt.Printf("%d bytes; bytes per reading, mean of 300 gateways it was not made from:\n", len(dict))
	for _, r := range results {
		fmt.Println(r)
	}
	if out == "" {
		return nil
	}
	// Never over a dictionary that may have been shipped.
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.Write(dict); err != nil {
		return err
	}
	return f.Close()
}

// level is the one that edge/wire compresses at with a dictionary: its tables are
// made for that level's habits.
const level = zstd.SpeedDefault

// build makes the dictionary: the book, and tables from two thousand packs.
func build(id uint32, catalog *obs.Catalog) ([]byte, error) {
	book, err := book(catalog)
	if err != nil {
		return nil, err
	}
	s := &street{r: rand.New(rand.NewPCG(1, 1)), catalog: catalog, strange: 0.3}
	var packs [][]byte
	for range 2000 {
		text, err := plain(s.pack(8 + s.r.IntN(30)))
		if err != nil {
			return nil, err
		}
		packs = append(packs, text)
	}
	return zstd.BuildDict(zstd.BuildDictOptions{ID: id, Contents: packs, History: book, Offsets: [3]int{1, 4, 8}, Level: level, CompatV155: true})
}

// plain is the text of a pack before compression.
func plain(p *wire.Pack) ([]byte, error) {
	var pk wire.Packer
	return pk.Append(nil, p)
}

// result is what packs of one kind and size take, in bytes per reading.
type result struct {
	what                 string
	readings             int
	plain, without, with float64
}

func (r result) String() string {
	return fmt.Sprintf("%-44s %4d readings: plain %5.2f, zstd %5.2f, with the dictionary %5.2f", r.what, r.readings, r.plain, r.without, r.with)
}

// measure packs the readings of gateways that the dictionary was not made from.
func measure(dict []byte, catalog *obs.Catalog, gateways int) ([]result, error) {
	without, err := encoder(zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
	if err != nil {
		return nil, err
	}
	with, err := encoder(zstd.WithEncoderLevel(level), zstd.WithEncoderDict(dict))
	if err != nil {
		return nil, err
	}
	var out []result
	for _, s := range []struct {
		what string
		street
	}{
		{"known words, other streets", street{}},
		{"other ids for gateways and devices", street{strange: 1}},
		{"other ids, and metrics that no example has", street{strange: 1, odd: unused(catalog)}},
	} {
		for _, n := range []int{30, 100, 500} {
			s.catalog, s.r = catalog, rand.New(rand.NewPCG(77, 5))
			r := result{what: s.what, readings: n}
			for range gateways {
				p := s.pack(n)
				p.Values = p.Values[:n]
				text, err := plain(p)
				if err != nil {
					return nil, err
				}
				share := 1 / float64(n*gateways)
				r.plain += float64(len(text)) * share
				r.without += float64(len(without.EncodeAll(text, nil))) * share
				r.with += float64(len(with.EncodeAll(text, nil))) * share
			}
			out = append(out, r)
		}
	}
	return out, nil
}

func encoder(o ...zstd.EOption) (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, append(o, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))...)
}
