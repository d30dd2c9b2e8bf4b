package aggregator_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/settings"
)

// A link in a mail is as good as the account that the mail was sent to, at the moment when
// it is used: whoever may not acknowledge gets none, one whose account is switched off is
// turned away, and what is written down is the account. Whom the settings name without an
// account may, as that.
func TestLinksActAsWhomTheyWereSentTo(t *testing.T) {
	r := newReceivers(t)
	notifying := r.notifying(t.TempDir())
	c := open(t, func(s *settings.Settings) {
		notifying(s)
		for id, name := range map[string]string{"li": "李岚", "chen": "陈水", "boss": "赵局长"} {
			s.Notify.People[id] = settings.Person{Name: name, Mail: id + "@example.org"}
		}
		s.Notify.Rules["all"] = settings.Rule{Channels: []string{"mail"}, People: []string{"li", "chen", "boss"}}
	})
	c.importAreas("code,name,parent\n99,省,\n9901,市,99\n990101,甲区,9901\n990101003,街道,990101\n990101003012,社区,990101003\n")
	disp := c.hire("zhao", "dispatcher", "9901")
	c.hire("li", "operator", "990101")
	c.hire("chen", "viewer", "990101")
	raise := func(text string) string {
		return disp.want(201, "POST", "/api/v1/cases", doc{"kind": "06026", "area": "990101003012", "severity": "red", "text": text})["id"].(string)
	}
	link := regexp.MustCompile(`https://console\.example\.org(/notify/acknowledge\?t=[A-Za-z0-9_.=-]+)`)
	press := func(mail string) int {
		t.Helper()
		found := link.FindStringSubmatch(mail)
		if found == nil {
			t.Fatalf("no link in %s", mail)
		}
		u, err := url.Parse(found[1])
		if err != nil {
			t.Fatal(err)
		}
		answer, err := c.admin.client.PostForm(c.admin.console+u.Path, url.Values{"t": {u.Query().Get("t")}})
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}

	first := raise("河堤渗水")
	mail := r.want(&r.mails, "li@example.org", "新案件：河堤渗水")
	if link.MatchString(r.want(&r.mails, "chen@example.org", "新案件：河堤渗水")) {
		t.Error("a viewer's mail has a link to acknowledge by")
	}
	c.admin.want(200, "POST", "/api/v1/auth/accounts/li", doc{"active": false})
	if got := press(mail); got != 403 {
		t.Errorf("the link of an account that is switched off answers %d, want 403", got)
	}
	if k := disp.want(200, "GET", "/api/v1/cases/"+first, nil); k["state"] != "raised" {
		t.Errorf("the case is %v, want raised", k["state"])
	}
	c.admin.want(200, "POST", "/api/v1/auth/accounts/li", doc{"active": true})
	if got := press(mail); got != 200 {
		t.Errorf("the link of an operator answers %d", got)
	}
	if k := disp.want(200, "GET", "/api/v1/cases/"+first, nil); k["state"] != "acknowledged" || k["seen_by"] != "li" {
		t.Errorf("the case is %v, seen by %v; want acknowledged by li", k["state"], k["seen_by"])
	}

	second := raise("井盖缺失")
	if got := press(r.want(&r.mails, "boss@example.org", "新案件：井盖缺失")); got != 200 {
		t.Errorf("the link of who has no account answers %d", got)
	}
	if k := disp.want(200, "GET", "/api/v1/cases/"+second, nil); !strings.HasPrefix(k["seen_by"].(string), "赵局长 (") {
		t.Errorf("seen by %v, want the name with the channel", k["seen_by"])
	}
}

// A case is raised where there is an area, and closed with an answer that can be read.
func TestCasesNeedAnAreaAndWords(t *testing.T) {
	c := open(t)
	c.importAreas("code,name,parent\n99,省,\n9901,市,99\n990101,甲区,9901\n")
	disp := c.hire("zhao", "dispatcher", "*")
	if got, body := disp.ask("POST", "/api/v1/cases", doc{"kind": "06026", "area": "330105", "severity": "blue", "text": "x"}); got != 400 {
		t.Errorf("a case in an area that there is not: %d %s", got, body)
	}
	id := disp.want(201, "POST", "/api/v1/cases", doc{"kind": "06026", "area": "990101", "severity": "blue", "text": "路灯不亮"})["id"].(string)
	for _, nothing := range []string{"", " \u200b\u3000\u2060", "\u00ad\u034f", "\u3164\u2800", "\ufe0f\u0301"} {
		disp.does(400, id, "note", "*", doc{"why": nothing})
	}
	disp.does(200, id, "note", "*", doc{"why": "1"})
}
