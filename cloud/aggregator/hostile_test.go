package aggregator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/notify/channel/channeltest"
	"github.com/lamppost-city/lamppost/cloud/settings"
)

// hostile are texts that try to be more than text, each with a word by which it is found
// again.
func hostile() []string {
	texts := []string{
		`<script>window.hostile=1</script><img src=x onerror="window.hostile=1">`, `"><svg/onload=window.hostile=1>'</textarea></p>`,
		`{{.Secret}} {{constructor.constructor('window.hostile=1')()}} ${7*7} %s%n`, `{value} {text} {area} {place}`,
		"a\r\nBcc: evil@example.org\r\n\r\n<b>x</b>", "nul\x00here", "esc\x1b[31m\x1b]0;title\a", "c1\u009b31m\u0085next", "turn\u202egnp.exe\u2066x",
		"zero\u200bwidth\ufeff", `=cmd|'/c calc'!A1`, `@SUM(1+1)*cmd`, "sp ace,com=ma\\back\"quote\nriver v=1 2", "[click](http://evil.example) ![i](http://evil.example/i.png)",
		"@all <at id=all></at> <@all> @13800000000", "bad\xff\xfeutf8", "line\u2028para\u2029", "__proto__ constructor", strings.Repeat("长", 600),
	}
	for i := range texts {
		mark := fmt.Sprintf(" m%02dz", i)
		if texts[i] += mark; len(texts[i]) > 1000 {
			texts[i] = mark[1:] + " " + texts[i]
		}
	}
	return texts
}

// marks are the words by which the texts are found again.
func marks() (out []string) {
	for i := range hostile() {
		out = append(out, fmt.Sprintf("m%02dz", i))
	}
	return out
}

// quoted is a text as a JSON string, with the bytes that are no UTF-8 as they are.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteString("\\" + string(rune(c)))
		case c < ' ':
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// asText is a document with a text in place of the word TEXT.
func asText(t testing.TB, document any, text string) []byte {
	t.Helper()
	b, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(b, []byte(`"TEXT"`), []byte(quoted(text)))
}

// unseen are characters that a person does not see, or that turn the writing around.
func unseen(s string, but string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) && !strings.ContainsRune(but, r)
	})
}

// described are the schemas of an openapi.json.
type described struct{ doc map[string]any }

// resolved follows a $ref.
func (d described) resolved(schema any) doc {
	s, _ := schema.(doc)
	ref, ok := s["$ref"].(string)
	if !ok {
		return s
	}
	var at any = d.doc
	for _, name := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		at = at.(doc)[name]
	}
	return d.resolved(at)
}

// texts lists where in a document that a schema describes there are texts, as paths of keys;
// "0" is the first of a list.
func (d described) texts(schema any, at []string) (out [][]string) {
	s := d.resolved(schema)
	properties, _ := s["properties"].(doc)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		out = append(out, d.texts(properties[name], append(at[:len(at):len(at)], name))...)
	}
	kind := fmt.Sprint(s["type"])
	switch {
	case strings.Contains(kind, "array") && s["items"] == nil:
		out = append(out, append(at[:len(at):len(at)], "0"))
	case strings.Contains(kind, "array"):
		out = append(out, d.texts(s["items"], append(at[:len(at):len(at)], "0"))...)
	case strings.Contains(kind, "string") && s["enum"] == nil:
		out = append(out, at)
	}
	return out
}

// textsOf are the places for texts in the body of a route.
func textsOf(t *testing.T, method, path string) [][]string {
	t.Helper()
	for _, file := range []string{"../api/openapi.json", "../auth/web/openapi.json"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d described
		if err := json.Unmarshal(b, &d.doc); err != nil {
			t.Fatal(err)
		}
		var at any = d.doc
		for _, key := range []string{"paths", path, strings.ToLower(method), "requestBody", "content", "application/json"} {
			at = d.resolved(at)[key]
		}
		if body, ok := at.(doc); ok {
			return d.texts(body["schema"], nil)
		}
	}
	return nil
}

// put writes a value into a document, at a path of keys.
func put(document any, at []string, v any) any {
	if len(at) == 0 {
		return v
	}
	if at[0] == "0" {
		list, _ := document.([]any)
		if len(list) == 0 {
			list = []any{nil}
		}
		list[0] = put(list[0], at[1:], v)
		return list
	}
	d, _ := document.(doc)
	if d == nil {
		d = doc{}
	}
	d[at[0]] = put(d[at[0]], at[1:], v)
	return d
}

// lines keeps what is logged.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// besieged is a center into which hostile texts are put wherever there is a place for one.
type besieged struct {
	t *testing.T
	*matrix
	*channeltest.Receivers
	super *asked // a person with every role everywhere
	log   *lines
	sent  map[string]bool // what gateways have sent, which is kept as it came
	live  *lines          // what the live stream says
}

func besiege(t *testing.T, edit ...func(*settings.Settings)) *besieged {
	log, r := &lines{}, channeltest.New(t)
	m := &matrix{center: openLogged(t, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), append(edit, longLimits, everyChannel(t, r, ", per_minute: 6000"))...)}
	m.theCity()
	var every []doc
	for _, r := range role.All() {
		every = append(every, doc{"role": r, "area": role.Everywhere})
	}
	made := m.admin.want(201, "POST", "/api/v1/auth/accounts", doc{"id": "owner", "name": "x", "grants": every})
	b := &besieged{t: t, matrix: m, Receivers: r, log: log, sent: map[string]bool{}}
	b.super = &asked{m: m, role: 5, area: role.Everywhere, id: "owner", password: "tulip otter brass 94", page: m.enter("owner", made["password"].(string))}
	b.super.want(200, "PUT", "/api/v1/departments/water", doc{"name": doc{"zh": "x"}, "members": []string{"owner"}})
	b.case1 = b.super.want(201, "POST", "/api/v1/cases", doc{"kind": "06026", "area": "330105003001", "severity": "blue", "text": "x"})["id"].(string)
	b.live = b.follow()
	return b
}

// secrets are texts that nobody sees and that lock an account when they are wrong.
var secrets = []string{"password", "old", "new", "code"}

// Every text in every field of every route, by whoever may send it: it is taken or it is
// refused, and nothing else happens. The fields are those that openapi.json describes.
func (b *besieged) everyField() {
	t := b.t
	fields, tries, taken := 0, 0, 0
	for i := range rights {
		r := &rights[i]
		places := textsOf(t, r.method, r.path)
		if r.method == "GET" || slices.Contains([]string{"/api/v1/auth/login", "/api/v1/auth/logout", "/api/v1/auth/screen"}, r.path) {
			continue
		}
		for _, at := range places {
			if slices.Contains(secrets, at[len(at)-1]) {
				continue
			}
			fields++
			for _, text := range hostile() {
				tries++
				if b.oneField(r, at, text) < 300 {
					taken++
				}
			}
		}
	}
	t.Logf("%d texts in %d fields, %d were taken", tries, fields, taken)
	if fields < 60 || taken < 100 {
		t.Errorf("only %d fields were tried, and %d texts taken", fields, taken)
	}
}

// oneField sends a request with a text in a field and returns the status.
func (b *besieged) oneField(r *right, at []string, text string) int {
	var document any = doc{}
	if r.body != nil {
		var raw any
		if s, ok := r.body(b.super).(string); ok {
			raw = json.RawMessage(s)
		} else {
			raw = r.body(b.super)
		}
		plain, err := json.Marshal(raw)
		if err != nil || json.Unmarshal(plain, &document) != nil {
			b.t.Fatal(err)
		}
	}
	document = put(document, at, "TEXT")
	one := *r
	one.body = func(*asked) any { return string(asText(b.t, document, text)) }
	status, answer := b.super.send(&one)
	if status >= 500 || status == 401 || status == 429 || !json.Valid([]byte(answer)) || !utf8.ValidString(answer) {
		b.t.Errorf("%s %s %s with %.60q in %s = %d %.300q", r.method, r.path, r.about, text, strings.Join(at, "."), status, answer)
	}
	return status
}

// everyName imports areas that are called so, by CSV and by GeoJSON, and returns the codes of
// those that are taken.
func (b *besieged) everyName() (codes []string) {
	t := b.t
	for i, name := range hostile() {
		code := fmt.Sprintf("330105003%03d", 100+i)
		csv := `code,name,parent` + "\n" + code + `,"` + strings.ReplaceAll(name, `"`, `""`) + `",330105003` + "\n"
		feature := asText(t, doc{"type": "FeatureCollection", "features": []doc{{"type": "Feature", "properties": doc{"code": code, "name": "TEXT", "parent": "330105003"}, "geometry": doc{"type": "Polygon", "coordinates": [][][]float64{{{120, 30}, {120.1, 30}, {120.1, 30.1}, {120, 30.1}, {120, 30}}}}}}}, name)
		taken := 0
		for kind, body := range map[string]string{"text/csv": csv, "application/geo+json": string(feature)} {
			status, answer := (&asked{m: b.matrix, page: b.admin}).send(&right{method: "PUT", target: path("/api/v1/areas?name=TEXT"), header: []string{"Content-Type", kind}, body: plain(body)})
			if status != 200 && status != 422 || !json.Valid([]byte(answer)) || unseen(answer, "\n") {
				t.Errorf("an area called %.40q by %s = %d %.200q", name, kind, status, answer)
			}
			if status == 200 {
				taken++
			}
		}
		if taken == 0 {
			name = "a quiet place"
			if status, answer := (&asked{m: b.matrix, page: b.admin}).send(&right{method: "PUT", target: path("/api/v1/areas"), header: []string{"Content-Type", "text/csv"}, body: plain("code,name,parent\n" + code + "," + name + ",330105003\n")}); status != 200 {
				t.Fatal(answer)
			}
		}
		codes = append(codes, code)
	}
	return codes
}
