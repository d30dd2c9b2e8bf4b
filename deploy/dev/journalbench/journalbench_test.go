package main

import "testing"

// Every contender keeps a small load, gives it back, and is measured: the rig does
// not rot between the times it is used.
func TestEveryContender(t *testing.T) {
	bodies, err := street(400)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range contenders() {
		t.Run(c.name, func(t *testing.T) {
			f, err := measure(c, folder(t.TempDir()), load{bodies: bodies, group: 100, alerts: 3})
			if err != nil {
				t.Fatal(err)
			}
			if f.perSecond <= 0 || f.disk <= 0 && c.name != "bare file" || c.promises == "" {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestMedian(t *testing.T) {
	if got := median([]float64{9, 1, 5}); got != 5 {
		t.Errorf("median = %v", got)
	}
}
