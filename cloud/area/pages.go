package area

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// AreaPage returns the areas below one, so many levels of the tree down (1: its own
// children), each before those below it, with what stands in them now. Without one it is
// the whole tree, whose highest areas are then the first level. Its error is view.ErrUnknown, a *view.FieldError, or that what is open
// cannot be read.
func (a *Atlas) AreaPage(ctx context.Context, q view.AreaQuery) (view.AreaPage, error) {
	s := a.is.Load()
	t := s.tree
	from, to, deep := 0, len(t.nodes), 0
	if q.Below != "" {
		i, err := t.find(q.Below)
		if err != nil {
			return view.AreaPage{}, err
		}
		from, to, deep = i+1, t.index[i].end, t.depth(i)+1
	}
	if q.After != "" {
		i, err := t.find(q.After)
		if err != nil || i < from-1 || i >= to {
			return view.AreaPage{}, wrong("after", "请填上一页最后的代码", "write the last code of the page before")
		}
		from = i + 1
	}
	sums, err := a.sums(ctx, s)
	if err != nil {
		return view.AreaPage{}, err
	}
	page := view.AreaPage{Areas: []view.Area{}, Total: t.Len(), Unplaced: sums.Unplaced()}
	for i := from; i < to; i++ {
		if t.depth(i)-deep >= q.Depth {
			continue
		}
		if len(page.Areas) == q.Limit {
			page.Next = page.Areas[q.Limit-1].Code
			break
		}
		one := t.show(i, sums)
		if q.Shapes > 0 {
			one.Shape = t.nodes[i].Shape.rounded(q.Shapes).geometry()
		}
		page.Areas = append(page.Areas, one)
	}
	return page, nil
}

// find returns the node of a code, present or old. Its error is view.ErrUnknown or a
// *view.FieldError.
func (t *Tree) find(code string) (int, error) {
	c, why := ParseCode(code)
	if why != nil {
		return 0, wrong("code", why.Zh, why.En)
	}
	now, ok := t.Resolve(c)
	if !ok {
		return 0, fmt.Errorf("area %s: %w", c, view.ErrUnknown)
	}
	return t.at[now], nil
}

// depth is how many nodes are above one.
func (t *Tree) depth(i int) (n int) {
	for i = t.nodes[i].parent; i >= 0; i = t.nodes[i].parent {
		n++
	}
	return n
}

func (t *Tree) show(i int, sums *Sums) view.Area {
	n := &t.nodes[i]
	return view.Area{
		Code: string(n.Code), Level: n.Code.Level().String(), Parent: string(n.Parent), Name: n.Name, Since: n.Since, Edition: n.Edition,
		Areas: t.index[i].end - i - 1, Bounded: len(n.Shape) > 0, Counts: sums.Of(n.Code),
	}
}

// sums counts what stands and what is open now.
func (a *Atlas) sums(ctx context.Context, s *state) (*Sums, error) {
	open, err := a.o.Standing(ctx)
	if err != nil {
		return nil, fmt.Errorf("area: what is open: %w", err)
	}
	return s.count(a.o.Gateways(), open), nil
}

// AreaDetail returns one area, by its present or an old code. Its errors are those of
// AreaPage.
func (a *Atlas) AreaDetail(ctx context.Context, code string) (view.AreaDetail, error) {
	s := a.is.Load()
	t := s.tree
	i, err := t.find(code)
	if err != nil {
		return view.AreaDetail{}, err
	}
	sums, err := a.sums(ctx, s)
	if err != nil {
		return view.AreaDetail{}, err
	}
	d := view.AreaDetail{Area: t.show(i, sums), Path: []string{}, Aliases: []view.AreaAlias{}, Shape: t.nodes[i].Shape.geometry()}
	for up := t.nodes[i].parent; up >= 0; up = t.nodes[up].parent {
		d.Path = append(d.Path, string(t.nodes[up].Code))
	}
	slices.Reverse(d.Path)
	for _, o := range t.Aliases(t.nodes[i].Code) {
		d.Aliases = append(d.Aliases, view.AreaAlias{Code: string(o.Old), Name: o.Name, From: o.From, To: o.To})
	}
	return d, nil
}

// AreaAt returns the area in which a position lies, or view.ErrUnknown.
func (a *Atlas) AreaAt(ctx context.Context, pos wire.Position) (view.AreaDetail, error) {
	c, ok := a.Tree().At(pos)
	if !ok {
		return view.AreaDetail{}, fmt.Errorf("area at %v, %v: %w", pos.Lat, pos.Lon, view.ErrUnknown)
	}
	return a.AreaDetail(ctx, string(c))
}

// ImportAreas reads a file and takes it over. Its error is view.Faults or a
// *view.FieldError if the file is not taken.
func (a *Atlas) ImportAreas(ctx context.Context, f view.AreaFile, now time.Time) (view.AreaImport, error) {
	o, err := optionsOf(f)
	if err != nil {
		return view.AreaImport{}, err
	}
	file, err := Read(f.Name, f.Data, o)
	if err != nil {
		return view.AreaImport{}, fmt.Errorf("area: import: %w", err)
	}
	return a.Import(ctx, file, f.DryRun, now)
}

// optionsOf says how a file is to be read.
func optionsOf(f view.AreaFile) (ReadOptions, error) {
	o := ReadOptions{Format: f.Format, Encoding: f.Encoding}
	switch f.CRS {
	case "", "wgs84", "cgcs2000":
	case "gcj02":
		o.GCJ02 = true
	default:
		return o, wrong("crs", "坐标系应为 wgs84、cgcs2000 或 gcj02", "the coordinates are wgs84, cgcs2000 or gcj02")
	}
	return o, nil
}

// WhoIsOnDuty is OnDuty or, with a department, DepartmentOnDuty, as a document. Its error
// is view.ErrUnknown or a *view.FieldError.
func (a *Atlas) WhoIsOnDuty(area, department, role string, at time.Time) (view.OnDuty, error) {
	d := view.OnDuty{At: at.UnixMilli()}
	switch {
	case (area == "") == (department == ""):
		return d, wrong("area", "请写 area 或 department 其中之一", "write either area or department")
	case department != "":
		if _, ok := a.Department(department); !ok {
			return d, fmt.Errorf("department %q: %w", department, view.ErrUnknown)
		}
		d.Persons = a.DepartmentOnDuty(department, role, at)
	default:
		t := a.Tree()
		i, err := t.find(area)
		if err != nil {
			return d, err
		}
		d.Persons = a.OnDuty(t.nodes[i].Code, role, at)
	}
	return d, nil
}

// WhoIsResponsible is Responsible as a document. Its error is view.ErrUnknown where nobody
// is, or a *view.FieldError.
func (a *Atlas) WhoIsResponsible(area, category string) (view.Routed, error) {
	c, why := Code(""), (*view.Text)(nil)
	if area != "" {
		c, why = ParseCode(area)
	}
	if why != nil {
		return view.Routed{}, wrong("area", why.Zh, why.En)
	}
	r, ok := a.Responsible(c, category)
	if !ok {
		return r, fmt.Errorf("nobody is responsible for %q in %q: %w", category, area, view.ErrUnknown)
	}
	return r, nil
}
