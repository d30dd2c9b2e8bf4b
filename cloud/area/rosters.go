package area

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// maxRosters bounds how many rosters there are.
const maxRosters = 5000

// Rosters returns all rosters, by id.
func (a *Atlas) Rosters() []view.Roster {
	out := []view.Roster{}
	for _, r := range a.is.Load().rosters {
		out = append(out, r.Roster)
	}
	slices.SortFunc(out, func(a, b view.Roster) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// PutRoster makes a roster or replaces it. Its error is a *view.FieldError if it cannot
// be kept.
func (a *Atlas) PutRoster(ctx context.Context, r view.Roster) (view.Roster, error) {
	err := a.change(ctx, partRest, func(tx *sql.Tx, s *state) error {
		if err := s.judgeRoster(&r); err != nil {
			return err
		}
		if err := putBody(ctx, tx, "roster", r.ID, r); err != nil {
			return err
		}
		return a.o.Record(ctx, tx, view.Deed{What: "roster.put", About: r.ID, Old: s.roster(r.ID), New: text(r)})
	})
	if err != nil {
		return r, fmt.Errorf("area: roster %q: %w", r.ID, err)
	}
	return r, nil
}

func (s *state) judgeRoster(r *view.Roster) error {
	if err := checkID("id", r.ID); err != nil {
		return err
	}
	if _, known := s.rosters[r.ID]; !known && len(s.rosters) >= maxRosters {
		return wrong("id", fmt.Sprintf("值班表最多 %d 个", maxRosters), fmt.Sprintf("there are at most %d rosters", maxRosters))
	}
	if err := line("name.zh", &r.Name.Zh); err != nil {
		return err
	}
	if err := line("name.en", &r.Name.En); err != nil {
		return err
	}
	if err := s.checkArea("area", &r.Area); err != nil {
		return err
	}
	_, known := s.departments[r.Department]
	switch {
	case r.Department != "" && !known:
		return wrong("department", fmt.Sprintf("没有部门“%s”", shown(r.Department)), fmt.Sprintf("there is no department %q", shown(r.Department)))
	case (r.Area == "") == (r.Department == ""):
		return wrong("area", "请写 area 或 department 其中之一", "write either area or department")
	}
	if err := checkID("role", r.Role); err != nil {
		return err
	}
	r.Shifts = append([]view.Shift{}, r.Shifts...)
	_, err := compile(*r)
	return err
}

// DeleteRoster removes a roster, or returns view.ErrUnknown.
func (a *Atlas) DeleteRoster(ctx context.Context, id string) error {
	err := a.change(ctx, partRest, func(tx *sql.Tx, s *state) error {
		if _, ok := s.rosters[id]; !ok {
			return view.ErrUnknown
		}
		if _, err := tx.ExecContext(ctx, "delete from roster where id = ?", id); err != nil {
			return err
		}
		return a.o.Record(ctx, tx, view.Deed{What: "roster.delete", About: id, Old: s.roster(id)})
	})
	if err != nil {
		return fmt.Errorf("area: roster %q: %w", id, err)
	}
	return nil
}

// Duty works out a roster between two times, at most 100 days apart, and who is on duty
// now. Its error is view.ErrUnknown or a *view.FieldError.
func (a *Atlas) Duty(id string, now, from, to time.Time) (view.Duty, error) {
	r, ok := a.is.Load().rosters[id]
	if !ok {
		return view.Duty{}, fmt.Errorf("area: roster %q: %w", id, view.ErrUnknown)
	}
	if !to.After(from) || to.Sub(from) > maxLook {
		return view.Duty{}, wrong("to", "时间段应为 1 毫秒到 100 天", "the time between from and to is at most 100 days")
	}
	return r.duty(now, from, to)
}

// OnDuty returns who is on duty in a role for an area at a time: by the rosters of the
// area itself, not of those above it, which are other people's to call. An empty role
// means every role.
func (a *Atlas) OnDuty(c Code, role string, at time.Time) []string {
	s := a.is.Load()
	here, ok := s.tree.Resolve(c)
	if !ok {
		return []string{}
	}
	return s.onDuty(role, at, func(r rota) bool {
		there, ok := s.tree.Resolve(Code(r.Area))
		return ok && there == here
	})
}

// DepartmentOnDuty is OnDuty for a department.
func (a *Atlas) DepartmentOnDuty(id, role string, at time.Time) []string {
	return a.is.Load().onDuty(role, at, func(r rota) bool { return id != "" && r.Department == id })
}

func (s *state) onDuty(role string, at time.Time, fits func(rota) bool) []string {
	on := map[string]bool{}
	for _, r := range s.rosters {
		if (role == "" || r.Role == role) && fits(r) {
			for _, p := range r.at(at) {
				on[p] = true
			}
		}
	}
	return sorted(on)
}
