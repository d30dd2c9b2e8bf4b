package area

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Plan is what an import would do to a tree: the tree that comes of it, and the
// differences.
type Plan struct {
	Tree      *Tree
	Changes   []view.AreaChange
	Unchanged int // rows that say what is known already
	Kept      int // areas that the file does not speak of, and that stay as they are

	put     []Area // to be written
	drop    []Code // no longer there
	aliases []Alias
	revived []Code // aliases that are none any more
}

// planner makes a Plan.
type planner struct {
	t      *Tree
	file   File
	time   int64
	rows   map[Code]*Row
	over   map[Code]*Row // replaced by this file
	plan   Plan
	faults view.Faults
}

// Plan says what importing f at a time would do. The error, if there is one, is
// view.Faults.
func (t *Tree) Plan(f File, now int64) (Plan, error) {
	p := &planner{t: t, file: f, time: now, rows: make(map[Code]*Row, len(f.Rows)), over: map[Code]*Row{}}
	p.gather()
	p.replaced()
	after := make([]Area, 0, t.Len()+len(f.Rows))
	for i := range f.Rows {
		if a, ok := p.row(&f.Rows[i]); ok {
			after = append(after, a)
		}
		if len(p.faults) >= maxFaults {
			break
		}
	}
	if len(p.faults) > 0 {
		return Plan{}, p.faults
	}
	after = append(after, p.rest()...)
	_, aliases := t.all()
	aliases = slices.DeleteFunc(aliases, func(a Alias) bool { return slices.Contains(p.plan.revived, a.Old) })
	tree, err := NewTree(after, append(aliases, p.plan.aliases...))
	if err == nil && tree.points > maxPoints {
		err = fmt.Errorf("%w: there would be more than %d corners of boundaries", ErrTree, maxPoints)
	}
	if err != nil {
		p.wrong(view.Fault{}, "区域之间的关系不成立", err.Error())
		return Plan{}, p.faults
	}
	p.plan.Tree = tree
	return p.plan, nil
}

func (p *planner) wrong(at view.Fault, zh, en string) {
	at.File, at.Text = p.file.Name, view.Text{Zh: zh, En: en}
	p.faults = append(p.faults, at)
}

// gather finds what is there twice.
func (p *planner) gather() {
	for i := range p.file.Rows {
		r := &p.file.Rows[i]
		if twin := p.rows[r.Code]; twin != nil {
			at := r.at
			at.Field = "code"
			p.wrong(at, fmt.Sprintf("%s 在第 %d 行已出现", r.Code, twin.at.Line), fmt.Sprintf("%s stands in line %d already", r.Code, twin.at.Line))
			continue
		}
		p.rows[r.Code] = r
	}
}

// replaced finds the codes that others take the place of.
func (p *planner) replaced() {
	for i := range p.file.Rows {
		r := &p.file.Rows[i]
		for _, old := range r.Replaces {
			at := r.at
			at.Field = "replaces"
			now, known := p.t.Resolve(old)
			switch other := p.over[old]; {
			case other != nil && other != r:
				p.wrong(at, fmt.Sprintf("%s 在第 %d 行已由 %s 替代；一个旧代码只能由一个新代码替代，其余用 parent 划转", old, other.at.Line, other.Code),
					fmt.Sprintf("%s is replaced by %s in line %d already; let one code take its place, and move the rest with parent", old, other.Code, other.at.Line))
			case old == r.Code || p.rows[old] != nil:
				p.wrong(at, fmt.Sprintf("%s 仍在文件中，不能同时被替代", old), fmt.Sprintf("%s is in the file itself; it cannot be there and be replaced", old))
			case !known:
				p.wrong(at, fmt.Sprintf("没有 %s，无从替代；请核对代码，或先导入旧表", old), fmt.Sprintf("there is no %s that could be replaced; check the code, or import the old list first", old))
			case now != old && now == r.Code:
				// An import that was done before.
			case now != old:
				p.wrong(at, fmt.Sprintf("%s 已由 %s 替代", old, now), fmt.Sprintf("%s was replaced by %s before", old, now))
			case old.Level() != r.Code.Level():
				p.wrong(at, fmt.Sprintf("%s 是%s，不能由%s替代；请改用同级代码", old, levels[old.Level()].zh, levels[r.Code.Level()].zh),
					fmt.Sprintf("%s is a %s, and a %s cannot take its place; name one of the same level", old, old.Level(), r.Code.Level()))
			default:
				p.over[old] = r
			}
		}
	}
}

// there says whether an area is there after the import.
func (p *planner) there(c Code) bool {
	_, known := p.t.at[c]
	return p.rows[c] != nil || known && p.over[c] == nil
}

// now follows an old code to the one that is there after the import.
func (p *planner) now(c Code) (Code, bool) {
	for range maxChain {
		if p.there(c) {
			return c, true
		}
		if r := p.over[c]; r != nil {
			c = r.Code
		} else if a, ok := p.t.aliases[c]; ok {
			c = a.New
		} else {
			break
		}
	}
	return "", false
}

// row works out what one row makes of an area.
func (p *planner) row(r *Row) (Area, bool) {
	if p.rows[r.Code] != r {
		return Area{}, false // the second of two
	}
	was, known := p.t.Area(r.Code)
	is := was
	is.Code = r.Code
	if r.Name.Zh != "" {
		is.Name.Zh = r.Name.Zh
	}
	if r.Name.En != "" {
		is.Name.En = r.Name.En
	}
	if r.Since != 0 {
		is.Since = r.Since
	}
	if len(r.Shape) > 0 {
		is.Shape = r.Shape
	}
	if is.Name.Zh == "" {
		at := r.at
		at.Field = "name"
		p.wrong(at, fmt.Sprintf("%s 是新区域，请写名称", r.Code), fmt.Sprintf("%s is new; write its name", r.Code))
		return is, false
	}
	parent, ok := p.parent(r, was, known)
	if !ok {
		return is, false
	}
	is.Parent = parent
	if !p.differences(was, is, known, r) {
		p.plan.Unchanged++
		return was, true
	}
	is.Edition = p.file.Name
	p.plan.put = append(p.plan.put, is)
	return is, true
}

// parent finds what an area lies in.
func (p *planner) parent(r *Row, was Area, known bool) (Code, bool) {
	at := r.at
	at.Field = "parent"
	want := r.Parent
	if want == "" && known {
		want = was.Parent // a list without parents moves nothing
	}
	if want == "" {
		want = r.Code.Above()
		if _, ok := p.now(want); !ok && r.Code.Level() <= District {
			return "", true // the highest of what is known here
		}
	}
	if want == "" {
		p.wrong(at, fmt.Sprintf("%s 的编码看不出所属社区，请写 parent（上级代码）", r.Code), fmt.Sprintf("the code %s does not say its community; write parent", r.Code))
		return "", false
	}
	parent, ok := p.now(want)
	switch {
	case !ok:
		hint, zh := "add it to the file", "请在文件中补上"
		if near, ok := p.t.Nearest(want); ok {
			hint, zh = fmt.Sprintf("add it to the file, or name one that is there as parent (%s lies above it)", near), fmt.Sprintf("请在文件中补上，或用 parent 指定已有的上级（其上有 %s）", near)
		}
		p.wrong(at, fmt.Sprintf("%s 的上级 %s 不存在；%s", r.Code, want, zh), fmt.Sprintf("%s is an orphan: there is no %s; %s", r.Code, want, hint))
	case parent.Level() >= r.Code.Level():
		p.wrong(at, fmt.Sprintf("%s（%s）不能在 %s（%s）之下", r.Code, levels[r.Code.Level()].zh, parent, levels[parent.Level()].zh),
			fmt.Sprintf("%s, a %s, cannot lie in %s, a %s", r.Code, r.Code.Level(), parent, parent.Level()))
	default:
		return parent, true
	}
	return "", false
}

// differences notes what a row changes, and says whether it changes anything.
func (p *planner) differences(was, is Area, known bool, r *Row) bool {
	before := len(p.plan.Changes)
	note := func(what, from, to string) {
		p.plan.Changes = append(p.plan.Changes, view.AreaChange{What: what, Code: string(is.Code), Name: is.Name, Was: from, Is: to})
	}
	if a, ok := p.t.aliases[is.Code]; ok && !known {
		p.plan.revived = append(p.plan.revived, is.Code)
		note("revived", string(a.New), string(is.Code))
	} else if !known {
		note("added", "", string(is.Parent))
	} else {
		if was.Name != is.Name {
			note("renamed", strings.TrimSpace(was.Name.Zh+" "+was.Name.En), strings.TrimSpace(is.Name.Zh+" "+is.Name.En))
		}
		if was.Parent != is.Parent {
			note("moved", string(was.Parent), string(is.Parent))
		}
		if was.Since != is.Since {
			note("dated", "", "")
		}
		if !same(was.Shape, is.Shape) {
			note("bounded", "", "")
		}
	}
	for _, old := range r.Replaces {
		if p.over[old] == r {
			p.replace(old, is)
			note("replaced", string(old), string(is.Code))
		}
	}
	return len(p.plan.Changes) > before
}

// replace lets an old code be an alias.
func (p *planner) replace(old Code, is Area) {
	was, _ := p.t.Area(old)
	to := is.Since
	if to == 0 {
		to = p.time
	}
	p.plan.aliases = append(p.plan.aliases, Alias{Old: old, New: is.Code, Name: was.Name, From: was.Since, To: to})
	p.plan.drop = append(p.plan.drop, old)
}

// rest returns the areas that the file does not speak of. What lay in one that is
// replaced lies in the one that took its place; what had nothing above it lies in what
// its digits say, now that it is there.
func (p *planner) rest() (out []Area) {
	for i := range p.t.nodes {
		a := p.t.nodes[i].Area
		if p.rows[a.Code] != nil || p.over[a.Code] != nil {
			continue
		}
		parent, want := a.Parent, a.Parent
		if want == "" {
			want = a.Code.Above()
		}
		if now, ok := p.now(want); ok {
			parent = now
		}
		if parent != a.Parent {
			p.plan.Changes = append(p.plan.Changes, view.AreaChange{What: "moved", Code: string(a.Code), Name: a.Name, Was: string(a.Parent), Is: string(parent)})
			a.Parent, a.Edition = parent, p.file.Name
			p.plan.put = append(p.plan.put, a)
		} else {
			p.plan.Kept++
		}
		out = append(out, a)
	}
	return out
}

func same(a, b Shape) bool {
	return slices.EqualFunc(a, b, func(a, b [][]Point) bool {
		return slices.EqualFunc(a, b, func(a, b []Point) bool { return slices.Equal(a, b) })
	})
}
