package aggregator_test

import (
	"fmt"
	"testing"
	"time"
)

// counts asks for what stands in an area.
func (c center) counts(code string) string {
	c.t.Helper()
	n := c.admin.want(200, "GET", "/api/v1/areas/"+code, nil)["counts"].(doc)
	return fmt.Sprint(n["gateways"], " ", n["alerts"], " ", n["cases"], " ", n["worst"])
}

// What is open in a town counts in its district, in the other one when the town is given to
// that, and so do the people who may see it and work on it: alerts and cases alike.
func TestReparentedTownTakesWhatIsOpenAlong(t *testing.T) {
	c := open(t)
	const tree = "code,name,parent\n99,省,\n9901,市,99\n990101,甲区,9901\n990102,乙区,9901\n990101003,街道,%s\n990101003012,社区,990101003\n"
	c.importAreas(fmt.Sprintf(tree, "990101"))
	was, is, li := c.hire("was", "operator", "990101"), c.hire("is", "operator", "990102"), c.hire("li", "dispatcher", "9901")
	c.send("live", pack(t, 1, time.Now().UnixMilli(), 3.12))
	eventually(t, "the gateway", func() bool { got, _ := c.admin.ask("GET", "/api/v1/gateways/gw", nil); return got == 200 })
	c.hire("engineer", "engineer", "*").want(200, "PUT", "/api/v1/gateways/gw/place", doc{"area": "990101003012"})
	c.send("alert", redAlert(t, 1))
	raise := func(area, severity string) string {
		return li.want(201, "POST", "/api/v1/cases", doc{"kind": "06026", "area": area, "severity": severity, "text": "x"})["id"].(string)
	}
	stays, gone := raise("990101", "yellow"), raise("990101003", "orange")
	done := raise("990101003", "blue")
	li.does(200, done, "dismiss", "*", doc{"resolution": "test", "why": "演练"})
	eventually(t, "the case of the alert", func() bool { return len(li.cases("")) == 3 })

	check := func(town, from, to string, mine, his int) {
		t.Helper()
		for code, want := range map[string]string{"990101003012": "1 1 1 red", "990101003": "1 1 2 red", "9901": "1 1 3 red", "990101": from, "990102": to} {
			if got := c.counts(code); got != want {
				t.Errorf("the town in %s: %s has %s, want %s (gateways, alerts, cases, worst)", town, code, got, want)
			}
		}
		for _, x := range []struct {
			who    person
			area   string
			cases  int
			alerts int
		}{{was, "990101", mine, mine / 3}, {is, "990102", his, his / 2}} {
			if n := len(x.who.cases("")); n != x.cases {
				t.Errorf("the town in %s: who works in %s sees %d cases, want %d", town, x.area, n, x.cases)
			}
			if n := len(li.cases("area=" + x.area)); n != x.cases {
				t.Errorf("the town in %s: the list of %s has %d cases, want %d", town, x.area, n, x.cases)
			}
			if n := len(x.who.want(200, "GET", "/api/v1/alerts", nil)["alerts"].([]any)); n != x.alerts {
				t.Errorf("the town in %s: who works in %s sees %d alerts, want %d", town, x.area, n, x.alerts)
			}
		}
	}
	check("the first district", "1 1 3 red", "0 0 0 ", 3, 0)
	is.does(404, gone, "acknowledge", "*", doc{})

	c.importAreas(fmt.Sprintf(tree, "990102"))
	check("the other district", "0 0 1 yellow", "1 1 2 red", 1, 2)
	was.does(404, gone, "acknowledge", "*", doc{})
	was.want(404, "POST", "/api/v1/alerts/01940000-0000-7000-8000-000000000001/acknowledge", doc{})
	is.does(200, gone, "acknowledge", "*", doc{})
	is.want(200, "POST", "/api/v1/alerts/01940000-0000-7000-8000-000000000001/acknowledge", doc{})
	was.does(200, stays, "acknowledge", "*", doc{})
}
