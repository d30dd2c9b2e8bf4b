package still

import (
	"fmt"
	"slices"
	"testing"
)

func TestBefore(t *testing.T) {
	for _, c := range []struct {
		name  string
		shots []int64
		raise int64
		want  int64 // 0: none
	}{
		{"nothing was seen", nil, 5000, 0},
		{"one, old enough", []int64{1000}, 5000, 1000},
		{"one, young, is better than none", []int64{4000}, 5000, 4000},
		{"the moment itself is not before it", []int64{5000}, 5000, 0},
		{"the newest that is old enough", []int64{1000, 3000, 4500}, 5000, 3000},
		{"the raising frame is known already", []int64{1000, 4500, 5000}, 5000, 1000},
		{"five a second", []int64{1000, 1200, 1400, 1600, 1800, 2000, 2200, 2400, 2600, 2800, 3000, 3200, 3400, 3600, 3800, 4000, 4200, 4400, 4600, 4800}, 5000, 3000},
		{"all is young", []int64{4000, 4200, 4400}, 5000, 4000},
	} {
		var r Ring
		for _, at := range c.shots {
			r.Add(Shot{BootMS: at})
			if got, ok := r.Newest(); !ok || got.BootMS != at {
				t.Errorf("%s: the newest is of %d, want %d", c.name, got.BootMS, at)
			}
		}
		if got, ok := r.Before(c.raise); got.BootMS != c.want || ok != (c.want > 0) {
			t.Errorf("%s: Before(%d) = %d, %v, want %d", c.name, c.raise, got.BootMS, ok, c.want)
		}
	}
}

func TestRingIsBounded(t *testing.T) {
	for _, c := range []struct {
		size, want int
	}{{1000, maxShots}, {400 << 10, 2}, {maxRingBytes + 1, 1}} {
		var r Ring
		for i := range 20 {
			r.Add(Shot{BootMS: int64(i) * 5000, JPEG: make([]byte, c.size)})
			for _, s := range r.shots[len(r.shots):cap(r.shots)] {
				if s.JPEG != nil {
					t.Fatal("a dropped picture is kept alive")
				}
			}
		}
		if len(r.shots) != c.want {
			t.Errorf("pictures of %d bytes: %d are kept, want %d", c.size, len(r.shots), c.want)
		}
		if got, _ := r.Newest(); got.BootMS != 19*5000 {
			t.Errorf("the newest is of %d", got.BootMS)
		}
	}
}

func TestOrders(t *testing.T) {
	var o Orders
	if _, ok := o.Next(); ok {
		t.Error("nothing waits, yet something is next")
	}
	o.Add(Order{Camera: "gauge", Image: "now", FromMS: 1000})
	o.Add(Order{Camera: "gauge", Image: "later", FromMS: 31_000})
	o.Add(Order{Camera: "gate", Image: "gate", FromMS: 1000})
	if got := fmt.Sprint(o.Due(1000)); got != "[gauge gate]" {
		t.Errorf("due %s, want both cameras once", got)
	}
	if got := o.Due(1001); got != nil {
		t.Errorf("asked again: %v", got)
	}
	if got := o.Filled("gauge", 999); got != nil {
		t.Errorf("a picture from before the moment fills %v", got)
	}
	if got := o.Filled("gauge", 1200); len(got) != 1 || got[0].Image != "now" {
		t.Errorf("filled %v, want the one of now", got)
	}
	if at, ok := o.Next(); !ok || at != 11_001 {
		t.Errorf("next is %d, want when the gate is overdue", at)
	}
	if got := o.Overdue(11_000); got != nil {
		t.Errorf("overdue already: %v", got)
	}
	if got := o.Overdue(11_001); len(got) != 1 || got[0].Image != "gate" {
		t.Errorf("overdue %v, want the gate", got)
	}
	if at, ok := o.Next(); !ok || at != 31_000 {
		t.Errorf("next is %d, want 31000", at)
	}
	if got := fmt.Sprint(o.Due(31_000)); got != "[gauge]" {
		t.Errorf("due %s", got)
	}
	if got := o.Filled("gauge", 31_050); len(got) != 1 || got[0].Image != "later" {
		t.Errorf("filled %v, want the later one", got)
	}
}

// A camera that gave nothing is asked again, after pauses that grow, until it is overdue.
func TestOrdersAskAgain(t *testing.T) {
	var o Orders
	o.Add(Order{Camera: "gauge", FromMS: 1000, UntilMS: 100_000})
	o.Add(Order{Camera: "gate", FromMS: 1000, UntilMS: 100_000})
	var asked []int64
	for at, ok := o.Next(); ok; at, ok = o.Next() {
		if len(o.Overdue(at)) > 0 {
			break
		}
		for _, camera := range o.Due(at) {
			if camera == "gauge" {
				asked = append(asked, at)
			}
		}
		o.Again("gauge", at)
	}
	if want := []int64{1000, 6000, 16_000, 36_000, 76_000}; !slices.Equal(asked, want) {
		t.Errorf("asked at %v, want %v", asked, want)
	}
	if o.Again("gauge", 200_000) {
		t.Error("nothing waits for it any more")
	}
}

func TestOrdersAreBounded(t *testing.T) {
	var o Orders
	var given []Order
	for i := range MaxOrders + 2 {
		given = append(given, o.Add(Order{Image: fmt.Sprint(i)})...)
	}
	if len(o.list) != MaxOrders || len(given) != 2 || given[0].Image != "0" || given[1].Image != "1" {
		t.Errorf("%d wait, given up %v; want the oldest two", len(o.list), given)
	}
}

// Orders of the same picture are one, whichever alert they are for; another moment, another
// camera, or other words in the picture make another one.
func TestOrdersOfTheSamePicture(t *testing.T) {
	var o Orders
	x := Order{Camera: "eye", Image: "1", Alert: "a", Moment: "at", FromMS: 1000, UntilMS: 9000, Said: []string{"flood"}}
	o.Add(x)
	same := x
	same.Image, same.Alert = "2", "b"
	if got := o.Same(same); got != "1" {
		t.Errorf("the same picture is %q, want 1", got)
	}
	for name, change := range map[string]func(*Order){
		"camera": func(x *Order) { x.Camera = "other" }, "moment": func(x *Order) { x.Moment = "after" }, "time": func(x *Order) { x.FromMS++ },
		"end": func(x *Order) { x.UntilMS++ }, "oldest": func(x *Order) { x.OldestMS++ }, "words": func(x *Order) { x.Said = nil },
	} {
		other := same
		if change(&other); o.Same(other) != "" {
			t.Errorf("with another %s it is the same picture", name)
		}
	}
	o.Filled("eye", 1000)
	if got := o.Same(same); got != "" {
		t.Errorf("one that was taken is ordered as %q", got)
	}
}
