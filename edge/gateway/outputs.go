package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/edge/action"
	"github.com/lamppost-city/lamppost/edge/control"
	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/status"
)

// What AskOutputs and AskSwitch put as questions.
const (
	askOutputs = "outputs"
	askSwitch  = "switch"
)

// switchWait is how long an asker waits for the hardware. It is less than the socket
// gives a question.
const switchWait = 8 * time.Second

type switchQuestion struct {
	Output string `json:"output"`
	On     bool   `json:"on"`
	ForMS  int64  `json:"for_ms,omitempty"`
	Sudo   string `json:"sudo,omitempty"` // who became root to ask
}

// switchAnswer tells how the output stands, also where what was asked failed.
type switchAnswer struct {
	Output  status.Output `json:"output"`
	Refused bool          `json:"refused,omitempty"`
	Error   string        `json:"error,omitempty"`
}

// ErrRefused says that an output must not be switched on now, and why.
var ErrRefused = action.ErrRefused

// AskOutputs asks the gateway that runs on the journal in dir how its outputs stand.
// Errors: control.ErrAbsent if no gateway runs there, fs.ErrPermission.
func AskOutputs(ctx context.Context, dir string) (outputs []status.Output, err error) {
	err = control.Ask(ctx, control.Path(dir), askOutputs, struct{}{}, &outputs)
	return outputs, err
}

// AskSwitch asks the gateway that runs on the journal in dir to switch an output, and
// waits until the hardware has taken it. On: for d, 0: as long as it may be. Off: what
// is asked for now counts no more, and for d, unless it is 0, nothing does. sudo names
// who became root for that, if anybody. Errors: as AskOutputs; ErrRefused; what the
// gateway or the hardware says. The output is as it then stands, unless the error is
// one of asking.
func AskSwitch(ctx context.Context, dir, output string, on bool, d time.Duration, sudo string) (status.Output, error) {
	q, a := switchQuestion{Output: output, On: on, ForMS: d.Milliseconds(), Sudo: sudo}, switchAnswer{}
	switch err := control.Ask(ctx, control.Path(dir), askSwitch, q, &a); {
	case err != nil:
		return status.Output{}, err
	case a.Refused:
		return a.Output, fmt.Errorf("%w: %s", ErrRefused, a.Error)
	case a.Error != "":
		return a.Output, errors.New(a.Error)
	}
	return a.Output, nil
}

func (g *Gateway) answerOutputs(context.Context, json.RawMessage) (any, error) {
	return g.outputViews(), nil
}

func (g *Gateway) answerSwitch(ctx context.Context, with json.RawMessage) (any, error) {
	var q switchQuestion
	if err := json.Unmarshal(with, &q); err != nil || q.ForMS < 0 || q.ForMS > (30*24*time.Hour).Milliseconds() {
		return nil, errors.New("which output, and for how long? at most 30 days")
	}
	g.mu.Lock()
	s := g.switchingNow()
	g.mu.Unlock()
	if s == nil {
		return nil, errors.New("this gateway has no outputs; add them under outputs: in its configuration")
	}
	ctx, stop := context.WithTimeout(ctx, switchWait)
	defer stop()
	do := s.board.Off
	if q.On {
		do = s.board.On
	}
	v, err := do(ctx, q.Output, asker(ctx, q.Sudo), time.Duration(q.ForMS)*time.Millisecond)
	if errors.Is(err, action.ErrUnknown) {
		return nil, fmt.Errorf("%w; this gateway has %q", err, s.names)
	}
	a := switchAnswer{Output: s.show(v, g.clock.BootMS()), Refused: errors.Is(err, action.ErrRefused)}
	if err != nil {
		a.Error = strings.TrimPrefix(err.Error(), action.ErrRefused.Error()+": ")
	}
	return a, nil
}

// asker is who asks: the user on the other end of the socket, and whose wish it was if
// that user is root. The first the kernel says, the second is said.
func asker(ctx context.Context, sudo string) string {
	who := control.Asker(ctx)
	if sudo != "" && len(sudo) <= 32 {
		who = sudo + " as " + who
	}
	return who
}

// switchingNow is the present generation's. The caller holds the lock.
func (g *Gateway) switchingNow() *switching {
	if g.gen == nil {
		return nil
	}
	return g.gen.switching
}

// outputViews is what is shown of the outputs.
func (g *Gateway) outputViews() []status.Output {
	g.mu.Lock()
	s := g.switchingNow()
	g.mu.Unlock()
	out := []status.Output{}
	if s == nil {
		return out
	}
	now := g.clock.BootMS()
	for _, v := range s.board.Views() {
		out = append(out, s.show(v, now))
	}
	return out
}

// show turns moments into how long ago and how long yet.
func (s *switching) show(v action.View, now int64) status.Output {
	left := func(t int64) int64 {
		if t == 0 {
			return 0
		}
		return max(t-now, 1)
	}
	return status.Output{ID: v.ID, Name: s.outputs[v.ID].Name, State: v.State, ForMS: max(now-v.Since, 0), Why: string(v.Why), By: v.By,
		LeftMS: left(v.Until), Asked: v.Asked, Block: v.Block, Says: v.Says, HeldMS: left(v.Held), Fault: v.Fault, Detail: v.Detail}
}

// outputHealth is what is wrong with the outputs. The caller holds the lock.
func (g *Gateway) outputHealth(now int64) (out []health.Output) {
	s := g.switchingNow()
	if s == nil {
		return nil
	}
	for _, v := range s.board.Views() {
		if v.Fault != "" {
			out = append(out, health.Output{ID: v.ID, Fault: v.Fault, Detail: v.Detail, For: time.Duration(max(now-v.FaultSince, 0)) * time.Millisecond,
				On: v.State == "on" || v.State == "switching-on"})
		}
	}
	return out
}
