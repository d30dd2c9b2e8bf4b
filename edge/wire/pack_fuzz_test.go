package wire

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
)

// FuzzUnpack: what is accepted is JSON, is written again, and reads back equal.
func FuzzUnpack(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, form := range forms {
		pk := form.Packer
		for _, p := range []*Pack{samplePack(), randomPack(r, 40)} {
			msg, err := pk.Append(nil, p)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(msg)
		}
	}
	f.Add([]byte(`[{"t":1795291200,"n":"hz-gongshu-bridge-07/pack","vs":"1-000000000001/1-3/live/1"},{"bv":1,"n":"hz-gongshu-bridge-07/a/level","v":-1e0,"x":[{}]}]`))
	f.Add([]byte(`[{"bn":"hz-gongshu-bridge-07/","n":"pack","vs":"1-000000000001/1-1/live/1","boot_":"00000000"},{"n":"\u0061/fault","vs":"timeout","t":0.5}]`))
	f.Fuzz(func(t *testing.T, msg []byte) {
		var u Unpacker
		var pk Packer
		first, err := u.Unpack(gw, msg)
		if err != nil {
			if first != nil && (first.validateHead() != nil || first.Gateway != gw) {
				t.Fatalf("with an error: a header that is not valid: %+v", first)
			}
			return
		}
		if msg[0] != zstdMagic[0] && !json.Valid(msg) {
			t.Fatalf("accepted what is not JSON: %q", msg)
		}
		again, err := pk.Append(nil, first)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		second, err := u.Unpack(gw, again)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, again)
		}
		// Nothing is lost on any of the ways it may travel.
		for _, form := range forms[1:] {
			packed := form.Packer
			if msg, err := packed.Append(nil, second); err != nil {
				t.Fatalf("%s: what was read cannot be written: %v", form.name, err)
			} else if back, err := u.Unpack(gw, msg); err != nil || len(back.Values) != len(second.Values) {
				t.Fatalf("%s: %d values come back, %v", form.name, len(back.Values), err)
			}
		}
		third, err := pk.Append(nil, second)
		if err != nil || string(third) != string(again) {
			t.Fatalf("not stable: %v\n%s\n%s", err, again, third)
		}
		if len(first.Values) != len(second.Values) {
			t.Fatalf("%d values, then %d", len(first.Values), len(second.Values))
		}
	})
}
