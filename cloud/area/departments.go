package area

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Limits of what a person may write.
const (
	maxDepartments = 5000
	maxContacts    = 50
	maxMembers     = 1000
	maxText        = 200 // characters of a line
)

// Departments returns all departments, by id.
func (a *Atlas) Departments() []view.Department {
	out := slices.SortedFunc(maps.Values(a.is.Load().departments), func(a, b view.Department) int { return cmp.Compare(a.ID, b.ID) })
	if out == nil {
		out = []view.Department{}
	}
	return out
}

// Department returns one department.
func (a *Atlas) Department(id string) (view.Department, bool) {
	d, ok := a.is.Load().departments[id]
	return d, ok
}

// Member says whether a person belongs to a department.
func (a *Atlas) Member(department, person string) bool {
	return slices.Contains(a.is.Load().departments[department].Members, person)
}

// PutDepartment makes a department or replaces it. Its error is a *view.FieldError if it
// cannot be kept.
func (a *Atlas) PutDepartment(ctx context.Context, d view.Department) (view.Department, error) {
	err := a.change(ctx, partRest, func(tx *sql.Tx, s *state) error {
		if err := s.judge(&d); err != nil {
			return err
		}
		if _, known := s.departments[d.ID]; !known && len(s.departments) >= maxDepartments {
			return wrong("id", fmt.Sprintf("部门最多 %d 个", maxDepartments), fmt.Sprintf("there are at most %d departments", maxDepartments))
		}
		if err := putBody(ctx, tx, "department", d.ID, d); err != nil {
			return err
		}
		return a.o.Record(ctx, tx, view.Deed{What: "department.put", About: d.ID, Old: written(s.departments, d.ID), New: text(d)})
	})
	if err != nil {
		return d, fmt.Errorf("area: department %q: %w", d.ID, err)
	}
	return d, nil
}

// putBody writes a row of an id and a document.
func putBody(ctx context.Context, tx *sql.Tx, table, id string, doc any) error {
	b, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "insert into "+table+"(id, body) values(?, ?) on conflict(id) do update set body = excluded.body", id, string(b))
	return err
}

// DeleteDepartment removes a department that no route and no roster names. It returns
// view.ErrUnknown, or a *view.FieldError that says who names it.
func (a *Atlas) DeleteDepartment(ctx context.Context, id string) error {
	err := a.change(ctx, partRest, func(tx *sql.Tx, s *state) error {
		if _, ok := s.departments[id]; !ok {
			return view.ErrUnknown
		}
		for k, d := range s.routes {
			if d == id {
				where := cmp.Or(k.category, "*") + " × " + cmp.Or(k.area, "*")
				return wrong("id", "派单规则 "+where+" 仍指向该部门；请先修改", "the route "+where+" names it; change that first")
			}
		}
		for _, r := range s.rosters {
			if r.Department == id {
				return wrong("id", "值班表 "+r.ID+" 属于该部门；请先删除或修改", "the roster "+r.ID+" is its; delete or change that first")
			}
		}
		if _, err := tx.ExecContext(ctx, "delete from department where id = ?", id); err != nil {
			return err
		}
		return a.o.Record(ctx, tx, view.Deed{What: "department.delete", About: id, Old: written(s.departments, id)})
	})
	if err != nil {
		return fmt.Errorf("area: department %q: %w", id, err)
	}
	return nil
}

// judge cleans a department and says what is wrong with it.
func (s *state) judge(d *view.Department) error {
	if err := checkID("id", d.ID); err != nil {
		return err
	}
	if err := s.checkArea("area", &d.Area); err != nil {
		return err
	}
	if d.Authority != "" && !credit(d.Authority) {
		return wrong("authority", "统一社会信用代码应为 18 位，且校验位须正确", "a unified social credit code has 18 characters, the last of which checks the others")
	}
	if len(d.Contacts) > maxContacts || len(d.Members) > maxMembers {
		return wrong("contacts", fmt.Sprintf("联系人最多 %d 个，成员最多 %d 个", maxContacts, maxMembers), fmt.Sprintf("there are at most %d contacts and %d members", maxContacts, maxMembers))
	}
	lines := map[string]*string{"name.zh": &d.Name.Zh, "name.en": &d.Name.En}
	for i := range d.Contacts {
		c := &d.Contacts[i]
		at := fmt.Sprintf("contacts[%d].", i)
		lines[at+"name"], lines[at+"phone"], lines[at+"mail"], lines[at+"note"] = &c.Name, &c.Phone, &c.Mail, &c.Note
	}
	for _, field := range slices.Sorted(maps.Keys(lines)) {
		if err := line(field, lines[field]); err != nil {
			return err
		}
	}
	if d.Name.Zh == "" {
		return wrong("name.zh", "请填写部门名称", "write the department's Chinese name")
	}
	for i, m := range d.Members {
		if err := checkPerson(fmt.Sprintf("members[%d]", i), m); err != nil {
			return err
		}
	}
	slices.Sort(d.Members)
	d.Members = append([]string{}, slices.Compact(d.Members)...)
	d.Contacts = append([]view.Contact{}, d.Contacts...)
	return nil
}

func wrong(field, zh, en string) error {
	return &view.FieldError{Field: field, Text: view.Text{Zh: zh, En: en}}
}

// line cleans and judges one line of text.
func line(field string, s *string) error {
	*s = strings.TrimSpace(*s)
	if utf8.RuneCountInString(*s) > maxText || unseen(*s) {
		return wrong(field, fmt.Sprintf("最多 %d 个字符，不得换行或含不可见字符", maxText), fmt.Sprintf("write at most %d characters on one line, none of them invisible", maxText))
	}
	return nil
}

func checkID(field, id string) error {
	if obs.CheckID(id) != nil {
		return wrong(field, "编号由小写字母、数字和 - 组成，最多 48 个字符", "an id has small letters, digits and -, at most 48, and does not begin with -")
	}
	return nil
}

// checkPerson judges the id of a person.
func checkPerson(field, id string) error {
	good := len(id) >= 1 && len(id) <= 64 && !strings.ContainsRune("._-", rune(id[0])) &&
		strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789._-") == ""
	if !good {
		return wrong(field, "人员编号由小写字母、数字和 . _ - 组成，最多 64 个字符", "a person's id has small letters, digits and . _ -, at most 64, and begins with a letter or digit")
	}
	return nil
}

// checkArea shortens a code and says if no area has it; empty is allowed.
func (s *state) checkArea(field string, code *string) error {
	if *code == "" {
		return nil
	}
	c, why := ParseCode(*code)
	if why != nil {
		return wrong(field, why.Zh, why.En)
	}
	now, ok := s.tree.Resolve(c)
	if !ok {
		return wrong(field, fmt.Sprintf("没有区域 %s；请先导入区划", c), fmt.Sprintf("there is no area %s; import the areas first", c))
	}
	*code = string(now)
	return nil
}

// credit checks a unified social credit code: 17 characters weighted by powers of 3
// modulo 31, and one that makes the sum a multiple (GB 32100-2015).
func credit(code string) bool {
	const letters = "0123456789ABCDEFGHJKLMNPQRTUWXY" // without I, O, S, V and Z
	if len(code) != 18 {
		return false
	}
	sum, weight := 0, 1
	for i := range 17 {
		v := strings.IndexByte(letters, code[i])
		if v < 0 {
			return false
		}
		sum += v * weight
		weight = weight * 3 % 31
	}
	return strings.IndexByte(letters, code[17]) == (31-sum%31)%31
}
