package aggregator_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/notify/channel/channeltest"
	"github.com/lamppost-city/lamppost/cloud/settings"
)

// peoples are the channels on which many things are told together; machines have each event.
var peoples = []string{"dingtalk", "wecom", "feishu", "mail"}

// everyChannel is the section notify with a channel of each kind, to these receivers; more is
// added to each channel's settings.
func everyChannel(t *testing.T, r *channeltest.Receivers, more string) func(*settings.Settings) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"token": channeltest.Token, "secret": channeltest.Secret, "hook": channeltest.HookSecret} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set, err := settings.Parse("cloud.yaml", []byte(strings.NewReplacer("HOST", r.URL, "DIR", dir, "SMTP", r.SMTP, "BROKER", r.Broker,
		"MAILBOX", channeltest.Mailbox, "PATH", channeltest.HookPath, "TOPIC", channeltest.Topic, "MORE", more, "ALL", strings.Join(channeltest.Kinds(), ", ")).Replace(`
notify:
  console: https://console.example.org
  allow: [127.0.0.1]
  channels:
    dingtalk: {dingtalk: {url: "HOST", token_file: DIR/token, secret_file: DIR/secret} MORE}
    wecom: {wecom: {url: "HOST", key_file: DIR/token} MORE}
    feishu: {feishu: {url: "HOST", hook_file: DIR/token, secret_file: DIR/secret} MORE}
    webhook: {webhook: {url: "HOSTPATH", secret_files: [DIR/hook]} MORE}
    mail: {mail: {server: "SMTP", security: none, from: lamppost@example.org, to: [MAILBOX]} MORE}
    mqtt: {mqtt: {broker: "mqtt://BROKER", topic: TOPIC} MORE}
  rules:
    all: {channels: [ALL]}
`)), false)
	if err != nil {
		t.Fatal(err)
	}
	return func(s *settings.Settings) { s.Notify = set.Notify }
}
