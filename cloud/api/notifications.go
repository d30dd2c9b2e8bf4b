package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Notifications is what the API needs of who is told. Its errors are view.ErrUnknown, and
// view.ErrBusy for a channel that may send nothing now.
type Notifications interface {
	Log(ctx context.Context, q view.DeliveryQuery) ([]view.Delivery, error)
	Get(ctx context.Context, id string) (view.Delivery, error)
	States(ctx context.Context) ([]view.Way, error)
	// Test sends one message by a channel now, to a person or, with none, to its group.
	Test(ctx context.Context, channel, person string) (view.Delivery, error)
}

// notificationRoutes are those of the log of notifications and of its channels. With a door
// they are for who may change settings everywhere.
func (s *server) notificationRoutes() []route {
	return []route{
		{"GET", prefix + "/notifications", s.withNotifications(s.notifications)},
		{"GET", prefix + "/notifications/{id}", s.withNotifications(s.notification)},
		{"GET", prefix + "/channels", s.withNotifications(s.channels)},
		{"POST", prefix + "/channels/{id}/test", s.withNotifications(s.testChannel)},
	}
}

// withNotifications answers where nobody is told of anything.
func (s *server) withNotifications(do func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if s.Notifications == nil {
			return problem(http.StatusNotFound, "E7118", "", "没有设置通知，请在配置中写 notify", "nobody is told of anything; set notify in the configuration")
		}
		return do(w, r)
	}
}

// deliveryStates are the words that the parameter state may be.
var deliveryStates = map[string]bool{"": true, "queued": true, "sending": true, "sent": true, "refused": true, "given-up": true, "dropped": true}

func (s *server) notifications(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	limit, err := intParam(q, "limit", 100, 1, 500)
	if err != nil {
		return err
	}
	if !deliveryStates[q.Get("state")] {
		return badField("state", "应为 queued、sending、sent、refused、given-up 或 dropped", "write queued, sending, sent, refused, given-up or dropped")
	}
	list, err := s.Notifications.Log(r.Context(), view.DeliveryQuery{Channel: q.Get("channel"), State: q.Get("state"), Before: q.Get("before"), Limit: int(limit)})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{"notifications": append([]view.Delivery{}, list...)})
}

func (s *server) notification(w http.ResponseWriter, r *http.Request) error {
	d, err := s.Notifications.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, d)
}

func (s *server) channels(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Notifications.States(r.Context())
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{"channels": append([]view.Way{}, list...)})
}

// testChannel sends one message, and answers with what became of it.
func (s *server) testChannel(w http.ResponseWriter, r *http.Request) error {
	var body struct{ Person string }
	if err := decode(r, &body); err != nil {
		return err
	}
	d, err := s.Notifications.Test(r.Context(), r.PathValue("id"), body.Person)
	if errors.Is(err, view.ErrBusy) {
		return problem(http.StatusConflict, "E7119", "", "该渠道已达发送上限或暂停发送，请稍后再试", "this channel has reached its limit or is paused; try again in a moment")
	}
	if err != nil {
		return err
	}
	s.Log.Info("a notification channel was tested", "channel", d.Channel, "by", s.by(r, ""), "state", d.State)
	return send(w, http.StatusOK, d)
}
