package wire_test

import (
	"fmt"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// A gateway packs two readings, the aggregator reads them.
func ExamplePacker() {
	pack := &wire.Pack{
		Gateway: "hz-gongshu-bridge-07", Epoch: "17-9f3ac2d1b07e", Ranges: []wire.Range{{From: 184202, To: 184203}}, Lane: wire.Live,
		Values: []wire.Value{
			{Stream: obs.Stream{Device: "river", Channel: "level"}, Unit: "m", Time: 1795291200400, V: 2.71, Quality: obs.Quality{Flag: obs.Pass}},
			{Stream: obs.Stream{Device: "air", Channel: "pm2_5"}, Unit: "ug/m3", Time: 1795291201200, V: 187, Quality: obs.Quality{Flag: obs.Suspect, Why: obs.Rate}},
		},
	}
	var p wire.Packer
	msg, err := p.Append(nil, pack)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", msg)

	var u wire.Unpacker
	back, err := u.Unpack("hz-gongshu-bridge-07", msg)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range back.Values {
		fmt.Printf("%d %s %v %s, %s\n", v.Time, v.Stream, v.V, v.Unit, v.Flag)
	}
	// Output:
	// [{"bver":26,"bn":"hz-gongshu-bridge-07/","bt":1795291200,"n":"pack","vs":"17-9f3ac2d1b07e/184202-184203/live/1"},
	// {"n":"river/level","u":"m","v":2.71,"t":0.4},
	// {"n":"air/pm2_5","u":"ug/m3","v":187,"t":1.2,"qc":3,"why":"rate"}]
	// 1795291200400 river/level 2.71 m, pass
	// 1795291201200 air/pm2_5 187 ug/m3, suspect
}

// Errors name record and field.
func ExampleUnpacker_Unpack() {
	var u wire.Unpacker
	_, err := u.Unpack("g", []byte(`[{"bn":"g/","bt":1795291200,"n":"pack","vs":"1-9f3ac2d1b07e/1-1/live/1"},{"n":"river/level","v":2.7,"qc":7}]`))
	fmt.Println(err)
	// Output: record 1: field "qc": 7 is not a QARTOD flag (1, 2, 3, 4, 9)
}

// What an aggregator answers when its store has the records.
func ExampleEncode() {
	msg, err := wire.Encode(&wire.Ack{
		V: wire.Version, Store: "st-7f3a", Epoch: "17-9f3ac2d1b07e", Stored: []wire.Range{{From: 184202, To: 184204}},
		Time: 1795291200612, Echo: "17-9f3ac2d1b07e/184202-184204", Credit: &wire.Credit{Window: 2000, Backfill: 5000},
	})
	fmt.Printf("%s %v\n", msg, err)
	// Output: {"v":1,"store":"st-7f3a","epoch":"17-9f3ac2d1b07e","stored":["184202-184204"],"time":1795291200612,"echo":"17-9f3ac2d1b07e/184202-184204","credit":{"window":2000,"backfill":5000}} <nil>
}

// A cursor: what a store has of one epoch.
func ExampleRangeSet() {
	stored, _ := wire.SetOf(wire.Range{From: 1, To: 10}, wire.Range{From: 15, To: 20})
	stored.Add(wire.Range{From: 11, To: 12})
	for r := range stored.Missing(wire.Range{From: 1, To: 25}) {
		fmt.Println(r)
	}
	// Output:
	// 13-14
	// 21-25
}

// Topics are built and parsed in one way of writing.
func ExampleParseTopic() {
	t, err := wire.ParseTopic(wire.DefaultPrefix, "lamppost/v1/hz-07/live")
	fmt.Println(t.Gateway, t.Kind, t.Kind.Up(), err)
	_, err = wire.ParseTopic(wire.DefaultPrefix, "lamppost/v1/HZ-07/live")
	fmt.Println(err)
	// Output:
	// hz-07 live true <nil>
	// topic: gateway: id "HZ-07": 'H' is not allowed at position 1; write a-z 0-9 and, after the first character, -
}

// The last will, and what replaces it.
func ExampleDecode() {
	var o wire.Online
	err := wire.Decode([]byte(`{"v":1,"online":false,"conn":17000002}`), &o)
	fmt.Println(o.Online, o.Conn, err)
	err = wire.Decode([]byte(`{"v":9,"online":"?"}`), &o)
	fmt.Println(err)
	// Output:
	// false 17000002 <nil>
	// v: message version is not supported: 9, this program reads 1 to 1
}
