package auth

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// person is a row.
type person struct {
	ID, Name        string
	Active          bool
	Grants          []role.Grant
	password        string
	must            bool
	changed, made   int64
	last            int64
	issuer, subject string
	totp, pending   string
	step            int64
}

const personColumns = "id, name, active, grants, password, must_change, changed, made, last_login, issuer, subject, totp, pending, step"

// querier is a transaction or the pool for reading.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// load reads a person; known is false if there is none.
func load(ctx context.Context, q querier, id string) (p person, known bool, err error) {
	return scanPerson(q.QueryRowContext(ctx, "select "+personColumns+" from person where id = ?", id))
}

func scanPerson(row interface{ Scan(...any) error }) (p person, known bool, err error) {
	var active, must int
	var grants string
	err = row.Scan(&p.ID, &p.Name, &active, &grants, &p.password, &must, &p.changed, &p.made, &p.last, &p.issuer, &p.subject, &p.totp, &p.pending, &p.step)
	if errors.Is(err, sql.ErrNoRows) {
		return person{}, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(grants), &p.Grants)
	}
	p.Active, p.must = active != 0, must != 0
	return p, err == nil, err
}

func (p *person) insert(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "insert into person("+personColumns+") values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		p.ID, p.Name, number(p.Active), grantsText(p.Grants), p.password, number(p.must), p.changed, p.made, p.last, p.issuer, p.subject, p.totp, p.pending, p.step)
	return err
}

// update writes what an admin, a login or the owner changes. The one-time code's step
// has its own way, because two may race for it.
func (p *person) update(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `update person set name = ?, active = ?, grants = ?, password = ?, must_change = ?, changed = ?, last_login = ?, totp = ?, pending = ?
		where id = ?`, p.Name, number(p.Active), grantsText(p.Grants), p.password, number(p.must), p.changed, p.last, p.totp, p.pending, p.ID)
	return err
}

func number(is bool) int {
	if is {
		return 1
	}
	return 0
}

func grantsText(g []role.Grant) string {
	if g == nil {
		g = []role.Grant{}
	}
	b, err := json.Marshal(g)
	if err != nil {
		panic(err) // two strings
	}
	return string(b)
}

// words are what the audit log says of an account: name, rights, whether it is on.
func (p *person) words() string {
	var b strings.Builder
	b.WriteString(p.Name)
	for _, g := range p.Grants {
		fmt.Fprintf(&b, " %s:%s", g.Role, g.Area)
	}
	if !p.Active {
		b.WriteString(" off")
	}
	return b.String()
}

// Account is what others see of a person.
type Account struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	Active    bool         `json:"active"`
	Grants    []role.Grant `json:"grants"`
	Factor    bool         `json:"second_factor"` // one-time codes are set up
	External  bool         `json:"external"`      // another provider knows this person's password
	Made      int64        `json:"made"`          // Unix milliseconds
	LastLogin *int64       `json:"last_login"`    // null: never
}

func (p *person) account() Account {
	a := Account{ID: p.ID, Name: p.Name, Active: p.Active, Grants: append([]role.Grant{}, p.Grants...), Factor: p.totp != "", External: p.issuer != "", Made: p.made}
	if p.last != 0 {
		a.LastLogin = &p.last
	}
	return a
}

// checkID says what is wrong with the id of a person.
func checkID(id string) error {
	good := len(id) > 0 && len(id) <= 64 && id != "system"
	for i, r := range id {
		letter := r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
		good = good && (letter || i > 0 && (r == '.' || r == '_' || r == '-'))
	}
	if good {
		return nil
	}
	return &view.FieldError{Field: "id", Text: view.Text{
		Zh: "账号由 1 到 64 个小写字母、数字、点、下划线或连字符组成，以字母或数字开头", En: "write 1 to 64 small letters, digits, dots, underscores or hyphens, a letter or digit first"}}
}

// maxName bounds a name, in characters.
const maxName = 64

// checkName says what is wrong with a name that people will see.
func checkName(field, name string) error {
	switch {
	case strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > maxName:
		return &view.FieldError{Field: field, Text: view.Text{Zh: "请填写 1 到 64 个字符的名称", En: "write a name of 1 to 64 characters"}}
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }):
		return &view.FieldError{Field: field, Text: view.Text{Zh: "名称含有不可见或改变书写方向的字符", En: "the name has characters that cannot be seen or that turn the writing around"}}
	}
	return nil
}

func checkGrants(g []role.Grant) error {
	if err := role.Check(g); err != nil {
		return &view.FieldError{Field: "grants", Text: view.Text{Zh: "权限无效：请核对角色名称和区划代码，每项只写一次，最多 64 项", En: err.Error()}}
	}
	return nil
}
