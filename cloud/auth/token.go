package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// Token is what its owner and admins see of a program's token, or of a screen's.
type Token struct {
	ID     string       `json:"id"`
	Person string       `json:"person"` // whose it is
	Name   string       `json:"name"`   // what it is for
	Grants []role.Grant `json:"grants"`
	Rate   int          `json:"rate"` // requests a minute
	Made   int64        `json:"made"` // Unix milliseconds
	Ends   int64        `json:"ends"`
	Used   *int64       `json:"used"` // to the minute; null: never
	Screen bool         `json:"screen"`
}

// Bounds of tokens.
const (
	tokenPrefix = "lp_" // by which scanners find tokens that were published by mistake
	tokenID     = 12    // characters
	maxTokens   = 50    // of one person that are valid
	maxRate     = 6000  // requests a minute
	maxLife     = 366 * 24 * time.Hour
)

func (t *Token) check(now int64) error {
	if err := checkName("name", t.Name); err != nil {
		return err
	}
	if err := checkGrants(t.Grants); err != nil {
		return err
	}
	bad := func(field, zh, en string) error {
		return &view.FieldError{Field: field, Text: view.Text{Zh: zh, En: en}}
	}
	switch {
	case len(t.Grants) == 0:
		return bad("grants", "请至少写一项权限", "write at least one grant")
	case slices.ContainsFunc(t.Grants, func(g role.Grant) bool { return g.Role == role.Admin }):
		return bad("grants", "令牌不能有管理员权限", "a token cannot be an admin")
	case t.Rate < 1 || t.Rate > maxRate:
		return bad("rate", "每分钟请求数应为 1 到 6000", "write a rate of 1 to 6000 requests a minute")
	case t.Ends <= now || t.Ends > now+maxLife.Milliseconds():
		return bad("ends", "截止时间应在今后一年以内", "write an end within the next year")
	}
	return nil
}

// MakeToken makes a token for the principal with name, grants, rate and end of t, and
// returns it and its value, which is told this once. Its grants must lie within the
// principal's own.
func (b *Book) MakeToken(ctx context.Context, p *Principal, t Token) (Token, string, error) {
	if err := t.check(b.now()); err != nil {
		return Token{}, "", err
	}
	if p.Token != "" || !p.Anywhere(role.MakeToken) || !role.Within(t.Grants, p.Grants(), b.o.Tree) {
		return Token{}, "", b.refuse(ctx, p, "token.make", t.Name)
	}
	value := t.begin(p.Person, b.now())
	err := b.write(ctx, "token", func(tx *sql.Tx) error { return b.insertToken(ctx, tx, p, t, value, "token.make") })
	if err != nil {
		return Token{}, "", err
	}
	return t, value, nil
}

// begin makes a new token of t, of which name, grants, rate, end and kind are set, and returns
// its value.
func (t *Token) begin(person string, now int64) (value string) {
	t.ID, t.Person, t.Made, t.Used = strings.ToLower(rand.Text())[:tokenID], person, now, nil
	return tokenPrefix + t.ID + "_" + random()
}

// insertToken stores a new token and notes what was done.
func (b *Book) insertToken(ctx context.Context, tx *sql.Tx, p *Principal, t Token, value, deed string) error {
	var n int
	if err := tx.QueryRowContext(ctx, "select count(*) from api_token where person = ? and revoked = 0 and ends > ?", t.Person, t.Made).Scan(&n); err != nil {
		return err
	}
	if n >= maxTokens {
		return &view.FieldError{Field: "name", Text: view.Text{Zh: "每人最多 50 个有效令牌，请先吊销不用的", En: "you have 50 valid tokens; revoke one that is not used"}}
	}
	screen := 0
	if t.Screen {
		screen = 1
	}
	if _, err := tx.ExecContext(ctx, "insert into api_token(id, hash, person, name, grants, rate, made, ends, used, revoked, screen) values(?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)",
		t.ID, digest(value), t.Person, t.Name, grantsText(t.Grants), t.Rate, t.Made, t.Ends, screen); err != nil {
		return err
	}
	words := person{Name: t.Name, Grants: t.Grants, Active: true}
	return b.note(ctx, tx, p, deed, t.ID, "", words.words(), nil)
}

// Tokens lists a person's valid tokens, the newest first. Others than the person need the
// right to change the account.
func (b *Book) Tokens(ctx context.Context, p *Principal, person string) ([]Token, error) {
	if _, err := b.owner(ctx, p, person, "token.list"); err != nil {
		return nil, err
	}
	rows, err := b.o.DB.Read().QueryContext(ctx, "select id, name, grants, rate, made, ends, used, screen from api_token where person = ? and revoked = 0 and ends > ? order by made desc, id",
		person, b.now())
	if err != nil {
		return nil, fmt.Errorf("auth: tokens: %w", err)
	}
	defer rows.Close()
	list := []Token{}
	for rows.Next() {
		t := Token{Person: person}
		var grants string
		var used int64
		if err := rows.Scan(&t.ID, &t.Name, &grants, &t.Rate, &t.Made, &t.Ends, &used, &t.Screen); err != nil {
			return nil, fmt.Errorf("auth: tokens: %w", err)
		}
		if err := json.Unmarshal([]byte(grants), &t.Grants); err != nil {
			return nil, fmt.Errorf("auth: tokens: %w", err)
		}
		if used != 0 {
			t.Used = &used
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// RevokeToken ends a token of a person for ever. The error is view.ErrUnknown if there is
// none.
func (b *Book) RevokeToken(ctx context.Context, p *Principal, person, id string) error {
	if _, err := b.owner(ctx, p, person, "token.revoke"); err != nil {
		return err
	}
	return b.write(ctx, "token", func(tx *sql.Tx) error {
		ended, err := one(tx.ExecContext(ctx, "update api_token set revoked = ? where id = ? and person = ? and revoked = 0", b.now(), id, person))
		if err != nil {
			return err
		}
		if !ended {
			return view.ErrUnknown
		}
		return b.note(ctx, tx, p, "token.revoke", id, "", "", nil)
	})
}

// tokenOf returns the id in a token's value; false: it is none.
func tokenOf(value string) (id string, ok bool) {
	rest, ok := strings.CutPrefix(value, tokenPrefix)
	if !ok || len(rest) != tokenID+1+52 || rest[tokenID] != '_' {
		return "", false
	}
	return rest[:tokenID], true
}

// AuthenticateToken returns who has a program's token, counts the request, and notes that it
// is used; see Flush. Errors are ErrSession, also for a screen's, and *Slow if it comes too soon.
func (b *Book) AuthenticateToken(ctx context.Context, value, address string) (*Principal, error) {
	return b.authenticate(ctx, value, address, false)
}

func (b *Book) authenticate(ctx context.Context, value, address string, screen bool) (*Principal, error) {
	id, ok := tokenOf(value)
	if !ok {
		return nil, fmt.Errorf("auth: %w", ErrSession)
	}
	p, t, err := b.token(ctx, id, address)
	if err == nil && (p.Screen != screen || subtle.ConstantTimeCompare([]byte(t.hash), []byte(digest(value))) != 1) {
		err = ErrSession
	}
	if err != nil {
		return nil, fmt.Errorf("auth: token: %w", err)
	}
	if wait := b.rates.take(b.o.Now(), id, t.rate); wait > 0 {
		return nil, &Slow{Wait: wait}
	}
	b.touched.use(touchToken.of(id), b.touched.since(touchToken.of(id), t.used), b.now())
	return p, nil
}

// kept is what is needed of a token's row.
type kept struct {
	hash string
	rate int
	used int64
}

// token returns who has the token with an id, if it is valid still; whoever asks must have
// shown its value.
func (b *Book) token(ctx context.Context, id, address string) (p *Principal, t kept, err error) {
	var owner, name, text string
	var ends, revoked int64
	var screen bool
	err = b.o.DB.Read().QueryRowContext(ctx, "select hash, person, name, grants, rate, ends, used, revoked, screen from api_token where id = ?", id).
		Scan(&t.hash, &owner, &name, &text, &t.rate, &ends, &t.used, &revoked, &screen)
	if err != nil {
		return nil, t, noRow(err, ErrSession)
	}
	if revoked != 0 || ends <= b.now() {
		return nil, t, ErrSession
	}
	who, known, err := load(ctx, b.o.DB.Read(), owner)
	if err != nil {
		return nil, t, err
	}
	if !known || !who.Active {
		return nil, t, ErrSession
	}
	var grants []role.Grant
	if err := json.Unmarshal([]byte(text), &grants); err != nil {
		return nil, t, fmt.Errorf("%s: %w", id, err)
	}
	return &Principal{Person: owner, Name: name, Token: id, Screen: screen, From: address, layers: [][]role.Grant{who.Grants, grants}, tree: b.o.Tree}, t, nil
}
