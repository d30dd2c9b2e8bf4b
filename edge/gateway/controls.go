package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/edge/control"
)

// askRewind is the question that AskRewind puts.
const askRewind = "rewind"

type rewindQuestion struct {
	SinceMS int64 `json:"since"` // Unix milliseconds; 0: everything
}

type rewindAnswer struct {
	Records uint64 `json:"records"`
}

// AskRewind asks the gateway that runs on the journal in dir to send again what it
// holds of the records taken at since or later; the zero time: everything. It
// returns how many of them a store had acknowledged. Errors: control.ErrAbsent if no
// gateway runs there, fs.ErrPermission, what the gateway says.
func AskRewind(ctx context.Context, dir string, since time.Time) (records uint64, err error) {
	q, a := rewindQuestion{}, rewindAnswer{}
	if !since.IsZero() {
		q.SinceMS = since.UnixMilli()
	}
	err = control.Ask(ctx, control.Path(dir), askRewind, q, &a)
	return a.Records, err
}

// controlLoop answers what is asked on this machine. Without a socket, on a disk
// that cannot be written for example, everything else goes on.
func (g *Gateway) controlLoop(ctx context.Context) error {
	handlers := map[string]control.Handler{
		askRewind: g.answerRewind, askMaintain: g.answerMaintain, askOutputs: g.answerOutputs, askSwitch: g.answerSwitch, askRules: g.answerRules, askWhy: g.answerWhy}
	for name, answer := range handlers {
		handlers[name] = g.afterStart(answer)
	}
	err := control.Serve(ctx, control.Path(g.opt.Config.Journal.Dir), handlers, nil)
	if err != nil {
		g.log.Warn("this gateway cannot be asked anything until its next start", "error", err)
	}
	return nil
}

// afterStart has a question wait until the gateway runs.
func (g *Gateway) afterStart(answer control.Handler) control.Handler {
	return func(ctx context.Context, with json.RawMessage) (any, error) {
		if !g.running(ctx) {
			return nil, errors.New("the gateway is still starting; ask again")
		}
		return answer(ctx, with)
	}
}

func (g *Gateway) answerRewind(_ context.Context, with json.RawMessage) (any, error) {
	var q rewindQuestion
	if err := json.Unmarshal(with, &q); err != nil || q.SinceMS < 0 {
		return nil, errors.New("since when? a time is needed")
	}
	if g.uplink == nil {
		return nil, errors.New("this gateway has no uplink: there is nobody to send anything to")
	}
	n, err := g.uplink.Rewind(q.SinceMS)
	if err != nil {
		return nil, fmt.Errorf("%w; %d records go again all the same", err, n)
	}
	g.log.Info("asked to send again", "since_ms", q.SinceMS, "records", n)
	return rewindAnswer{n}, nil
}
