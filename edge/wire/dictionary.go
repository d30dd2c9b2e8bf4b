package wire

import (
	_ "embed" // the dictionaries
	"errors"
	"fmt"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// ErrDictionary: compressed with a dictionary that is not known here. The sender
// may use only those that the acknowledger lists ([Ack.Dictionaries]).
var ErrDictionary = errors.New("the zstd dictionary is not known")

var (
	//go:embed dictionary/40101.zdict
	dictionary40101 []byte
	//go:embed dictionary/40102.zdict
	dictionary40102 []byte // knows the metrics of the catalogue's many parts
)

// dictionaries are all that were ever shipped, the newest first. None is ever
// changed or taken out: a journal of packs, or a gateway that was not updated for
// years, may need it. deploy/dev/wiredict makes them and says how they are numbered.
var dictionaries = []struct {
	id   uint32
	data []byte
}{
	{40102, dictionary40102},
	{40101, dictionary40101},
}

// Dictionaries returns the ids of the dictionaries that an Unpacker reads, the
// newest first: what an aggregator puts into Ack.Dictionaries.
func Dictionaries() []uint32 {
	var ids []uint32
	for _, d := range dictionaries {
		ids = append(ids, d.id)
	}
	return ids
}

// ChooseDictionary returns the newest dictionary that this program has and every
// acknowledger lists; 0: none. A gateway may hear several aggregators of one prefix,
// of different versions, and cannot know which of them its next pack will reach: it
// keeps what all of them listed on the present connection.
func ChooseDictionary(listed []uint32) uint32 {
	for _, d := range dictionaries {
		if slices.Contains(listed, d.id) {
			return d.id
		}
	}
	return 0
}

// encoder returns the encoder for the dictionary that is set, made on first use. The
// packer keeps one: a change of dictionary comes once in a connection, and two would
// take 7 MB of a small board.
//
// With a dictionary the level is one lower: its encoder keeps the tables twice, as
// they are and as the dictionary left them, and at this level both take 3 MB, not 9.
// Packs of any size come out shorter all the same.
func (p *Packer) encoder() (e *zstd.Encoder, err error) {
	if p.zstd != nil && p.with == p.Dictionary {
		return p.zstd, nil
	}
	// Without the checksum: the frame travels inside MQTT over TCP, and JSON that is
	// damaged does not decode.
	o := []zstd.EOption{zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(zstdWindow), zstd.WithLowerEncoderMem(true),
		zstd.WithEncoderCRC(false), zstd.WithEncoderLevel(zstd.SpeedBetterCompression)}
	for _, d := range dictionaries {
		if d.id == p.Dictionary {
			o = append(o, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderDict(d.data))
		}
	}
	p.zstd = nil // the old one goes before the new one comes
	if p.zstd, err = zstd.NewWriter(nil, o...); err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	p.with = p.Dictionary
	return p.zstd, nil
}

// newDecoder returns a decoder that knows every dictionary.
func newDecoder() (*zstd.Decoder, error) {
	var dicts [][]byte
	for _, d := range dictionaries {
		dicts = append(dicts, d.data)
	}
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(MaxExpanded), zstd.WithDecoderMaxWindow(MaxExpanded), zstd.WithDecoderDicts(dicts...))
}

// dictionaryOf returns the id that a frame names; 0: none, or the frame is damaged.
func dictionaryOf(frame []byte) uint32 {
	var h zstd.Header
	if h.Decode(frame) != nil {
		return 0
	}
	return h.DictionaryID
}
