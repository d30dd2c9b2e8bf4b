package aggregator

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// However many departments a case is given to, and however long their names are, it is told.
func TestCaseOfManyDepartmentsIsTold(t *testing.T) {
	p := placed(t)
	e := lifecycle.Entry{N: 2, To: lifecycle.Dispatched, Who: strings.Repeat("王", 200),
		Command: lifecycle.Command{Action: lifecycle.Dispatch, Why: strings.Repeat("因", 1300), Answer: strings.Repeat("答", 1300)}}
	for i := range 32 {
		d := view.Department{ID: fmt.Sprintf("d%02d", i), Name: view.Text{Zh: strings.Repeat("局", 200), En: strings.Repeat("b", 200)}}
		if _, err := p.places.PutDepartment(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		e.Orders = append(e.Orders, lifecycle.Order{Department: d.ID})
	}
	c := lifecycle.Case{State: lifecycle.Dispatched, Severity: wire.Red, Opening: lifecycle.Opening{ID: "c1", Gateway: "g1", Text: "水位"}}
	event, told := p.caseEvent(c, e, "")
	if err := event.Check(); err != nil || !told {
		t.Fatalf("told %v, %v", told, err)
	}
	if s := event.State; !strings.Contains(s.Zh, "等另外 24 个部门，因") || !strings.Contains(s.En, "and 24 more departments, 因") {
		t.Errorf("%+v", s)
	}
}
