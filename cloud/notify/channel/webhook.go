package channel

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Webhook posts CloudEvents, signed as Standard Webhooks are.
type Webhook struct {
	Web
	URL    string
	Source string // of the CloudEvents, a URI reference: /aggregator/hz
	// Secrets are whsec_…: each signs, so that a receiver can change from one to the next.
	// None: the posts are not signed.
	Secrets []string
}

// cloudEvent is CloudEvents 1.0, structured JSON.
type cloudEvent struct {
	SpecVersion string          `json:"specversion"`
	ID          string          `json:"id"`
	Source      string          `json:"source"`
	Type        string          `json:"type"`
	Subject     string          `json:"subject,omitempty"`
	Time        string          `json:"time"`
	ContentType string          `json:"datacontenttype"`
	Repeat      bool            `json:"repeat,omitempty"` // extension: an earlier attempt may have arrived
	Data        json.RawMessage `json:"data"`
}

// document is the message as one CloudEvent. Its id and source are the same whenever it
// is sent: by them receivers drop what they have.
func document(m Message, source string) ([]byte, error) {
	return encode(cloudEvent{
		SpecVersion: "1.0", ID: m.Event.ID, Source: source, Type: m.Event.Type, Subject: m.Event.Subject,
		Time: m.Event.At.UTC().Format(time.RFC3339Nano), ContentType: "application/json", Repeat: m.Repeat, Data: m.Event.Data,
	})
}

// Send implements Sender.
func (w *Webhook) Send(ctx context.Context, m Message) error {
	body, err := document(m, w.Source)
	if err != nil {
		return err
	}
	h := http.Header{"Content-Type": {"application/cloudevents+json; charset=utf-8"}}
	if len(w.Secrets) > 0 {
		seconds := strconv.FormatInt(time.Now().Unix(), 10)
		signature, err := webhookSignature(w.Secrets, m.ID, seconds, body)
		if err != nil {
			return err
		}
		h.Set("webhook-id", m.ID)
		h.Set("webhook-timestamp", seconds)
		h.Set("webhook-signature", signature)
	}
	_, err = w.post(ctx, w.URL, h, body)
	return err
}

// webhookSignature is the header's value: one v1 signature for each secret.
func webhookSignature(secrets []string, id, seconds string, body []byte) (string, error) {
	all := make([]string, len(secrets))
	for i, s := range secrets {
		key, err := WebhookKey(s)
		if err != nil {
			return "", mistaken("%w", err)
		}
		all[i] = "v1," + sign(string(key), id+"."+seconds+"."+string(body))
	}
	return strings.Join(all, " "), nil
}

// WebhookKey returns the key of a secret: whsec_ and the base64 of 24 to 64 bytes, as
// Standard Webhooks wants it. Its error does not hold the secret.
func WebhookKey(secret string) ([]byte, error) {
	text, ok := strings.CutPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, fmt.Errorf("the webhook's secret is not whsec_ and the base64 of 24 to 64 bytes; make one with: echo whsec_$(openssl rand -base64 32)")
	}
	return key, nil
}
