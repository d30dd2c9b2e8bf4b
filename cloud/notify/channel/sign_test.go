package channel

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// The makers' signatures, against values computed by other programs (Go and Python).
func TestSignatures(t *testing.T) {
	const secret = "SECtest0123456789abcdef"
	d := &DingTalk{Token: "tok", Secret: secret}
	at := d.address(time.UnixMilli(1700000000000))
	if want := "sign=%2FlfnxUUu80FwVTsIlv2F1cMGBb%2BPxEKAwYh%2FbsRxXcc%3D"; !strings.Contains(at, want) || !strings.HasPrefix(at, "https://oapi.dingtalk.com/robot/send?access_token=tok&") {
		t.Errorf("DingTalk %s, want %s", at, want)
	}
	u, err := url.Parse(at)
	if err != nil || u.Query().Get("timestamp") != "1700000000000" {
		t.Errorf("timestamp %q, %v", u.Query(), err)
	}
	if got, want := feishuSign("feishutestsecret", "1700000000"), "x/Zu40sfBTIz1QUNQHKO5U23lgSzndtkCSSxk0gTol4="; got != want {
		t.Errorf("Feishu %s, want %s", got, want)
	}
	got, err := webhookSignature([]string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("Standard Webhooks %s, %v, want %s", got, err, want)
	}
	two, err := webhookSignature([]string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx"}, "a", "1", nil)
	if err != nil || len(strings.Fields(two)) != 2 {
		t.Errorf("two secrets give %q, %v", two, err)
	}
}

func TestWebhookKey(t *testing.T) {
	for _, bad := range []string{"", "whsec_", "geheim!", "whsec_####", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"} {
		if _, err := WebhookKey(bad); err == nil || len(bad) > 6 && strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
