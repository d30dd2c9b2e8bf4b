package notify

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/cloud/notify/channel"
	"github.com/lamppost-city/lamppost/cloud/notify/link"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// AckPath is where the page for acknowledging by a link stands, below the console's address.
const AckPath = "/notify/acknowledge"

const (
	maxForm = 4 << 10 // bytes
	maxName = 80      // characters
)

// Pages returns the handler of AckPath. GET shows what the link is about and asks; only
// POST, from the button there, calls acknowledge, with who did it: the person that the link
// was sent to, or the name that was written. about says in one sentence what a subject is;
// acknowledge may return view.ErrAcknowledged; both may return [ErrNoRight], of somebody whose
// account has lost what it had when the message was sent.
func (o *Office) Pages(about func(ctx context.Context, g link.Grant) (view.Text, error),
	acknowledge func(ctx context.Context, g link.Grant, by string) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := page{Zh: !strings.HasPrefix(r.Header.Get("Accept-Language"), "en")}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer") // the address is the token
		h.Set("X-Robots-Tag", "noindex")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			o.ask(w, r, p, about)
		case http.MethodPost:
			o.confirm(w, r, p, acknowledge)
		default:
			h.Set("Allow", "GET, HEAD, POST")
			p.show(w, http.StatusMethodNotAllowed, view.Text{Zh: "不支持该方法", En: "not with this method"})
		}
	})
}

// page is what the page shows.
type page struct {
	Zh    bool
	Says  string
	About string
	Token string // empty: there is nothing to confirm
	Named bool   // the link knows who uses it
	Name  string
}

var sheet = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="{{if .Zh}}zh-CN{{else}}en{{end}}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{if .Zh}}确认告警{{else}}Acknowledge{{end}}</title>
<h1>{{if .Zh}}确认告警{{else}}Acknowledge{{end}}</h1>
{{with .Says}}<p role="status">{{.}}</p>{{end}}{{with .About}}<p><strong>{{.}}</strong></p>{{end}}
{{if .Token}}<form method="post"><input type="hidden" name="t" value="{{.Token}}">
{{if .Named}}<p>{{.Name}}</p>{{else}}<p><label>{{if .Zh}}您的姓名{{else}}Your name{{end}} <input name="by" required maxlength="80" autocomplete="name"></label></p>{{end}}
<p><button>{{if .Zh}}我已看到，确认{{else}}I have seen it: acknowledge{{end}}</button></p></form>{{end}}
</html>
`))

func (p page) show(w http.ResponseWriter, status int, says view.Text) {
	p.Says = says.En
	if p.Zh {
		p.Says = says.Zh
	}
	w.WriteHeader(status)
	_ = sheet.Execute(w, p) // whoever asked is gone
}

// ask shows what a link is about, and the button.
func (o *Office) ask(w http.ResponseWriter, r *http.Request, p page, about func(context.Context, link.Grant) (view.Text, error)) {
	token := r.URL.Query().Get("t")
	g, err := o.Grant(r.Context(), token, time.Now())
	if err == nil {
		var what view.Text
		if what, err = about(r.Context(), g); err == nil {
			p.About, p.Token = channel.Plain(in(what, map[bool]string{true: "zh", false: "en"}[p.Zh])), token
		}
	}
	if err != nil {
		status, says := explain(err)
		p.show(w, status, says)
		return
	}
	p.Name, p.Named = o.name(g)
	p.show(w, http.StatusOK, view.Text{})
}

// name says who uses a link, if it was sent to one person.
func (o *Office) name(g link.Grant) (string, bool) {
	if g.Person == "" {
		return "", false
	}
	if p, ok := o.o.Person(g.Person); ok && p.Name != "" {
		return p.Name, true
	}
	return g.Person, true
}

// confirm acknowledges.
func (o *Office) confirm(w http.ResponseWriter, r *http.Request, p page, acknowledge func(ctx context.Context, g link.Grant, by string) error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		p.show(w, http.StatusBadRequest, view.Text{Zh: "提交的内容过长或不完整", En: "the form is too long or not whole"})
		return
	}
	written := channel.Plain(r.PostForm.Get("by"))
	err := o.Spend(r.Context(), r.PostForm.Get("t"), time.Now(), func(g link.Grant) error {
		by, named := o.name(g)
		if !named {
			by = written
		}
		if by == "" {
			return errName
		}
		if !named {
			by += " (" + g.Channel + ")" // nobody has proved to be that
		}
		if utf8.RuneCountInString(by) > maxName {
			return errName
		}
		return acknowledge(r.Context(), g, by)
	})
	if err != nil {
		status, says := explain(err)
		p.show(w, status, says)
		return
	}
	p.show(w, http.StatusOK, view.Text{Zh: "已确认，谢谢。", En: "Acknowledged. Thank you."})
}

// ErrNoRight is the error of a link that was sent to somebody who may not acknowledge.
var ErrNoRight = errors.New("notify: no right to acknowledge")

var errName = errors.New("no name")

// explain words an error for the person who followed a link.
func explain(err error) (int, view.Text) {
	switch {
	case errors.Is(err, link.ErrForged):
		return http.StatusNotFound, view.Text{Zh: "链接不完整或无效，请从通知中重新打开。", En: "The link is not whole, or not one of ours: open it from the message again."}
	case errors.Is(err, link.ErrExpired):
		return http.StatusGone, view.Text{Zh: "链接已过期，请在控制台确认。", En: "The link is too old: acknowledge in the console."}
	case errors.Is(err, ErrSpent):
		return http.StatusGone, view.Text{Zh: "链接已用过。", En: "The link was used before."}
	case errors.Is(err, ErrNoRight):
		return http.StatusForbidden, view.Text{Zh: "您的账号不能在此确认，请联系值班人员。", En: "Your account may not acknowledge this: call whoever is on duty."}
	case errors.Is(err, view.ErrAcknowledged):
		return http.StatusConflict, view.Text{Zh: "已有人确认。", En: "Somebody has acknowledged it already."}
	case errors.Is(err, view.ErrUnknown):
		return http.StatusNotFound, view.Text{Zh: "该告警已不存在。", En: "There is no such alert any more."}
	case errors.Is(err, errName):
		return http.StatusBadRequest, view.Text{Zh: "请返回并填写姓名，短一些，最多 80 个字符。", En: "Go back and write your name, or a shorter one: 80 characters at most."}
	}
	var wrong *view.FieldError
	if errors.As(err, &wrong) {
		return http.StatusBadRequest, wrong.Text
	}
	return http.StatusServiceUnavailable, view.Text{Zh: "暂时无法确认，请稍后再试，或在控制台确认。", En: "It cannot be acknowledged just now: try again later, or in the console."}
}
