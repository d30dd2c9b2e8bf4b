package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cmd/chinese"
	"github.com/lamppost-city/lamppost/drivers"
	busprocess "github.com/lamppost-city/lamppost/drivers/bus/process"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/process"
	"github.com/spf13/cobra"
)

// trial tries a driver that is a program of its own.
type trial struct {
	spec    drivers.ProcessSpec
	child   *busprocess.Child
	timeout time.Duration
	last    process.Answer
	id      uint64
}

const (
	trialQuestions = 100             // at most, for what a program keeps
	trialTime      = 5 * time.Second // for them
	trialGrowth    = 4_000_000       // bytes that a program may grow meanwhile
)

// tryProgram runs a program as the gateway would, and shows what it keeps of the
// protocol.
func tryProgram(c *cobra.Command, command []string, timeout time.Duration, lang string) error {
	t := &trial{spec: drivers.ProcessSpec{Command: command, Lines: 1 << 20}, timeout: timeout} // it is asked faster than it ever will be
	var err error
	if t.child, err = busprocess.New(busprocess.Config{ProcessSpec: t.spec}); err != nil {
		return &exit{exitUsage, err, "lamppost driver test -- /usr/bin/python3 /etc/lamppost/part.py"}
	}
	defer t.child.Close()
	broken := 0
	for i, p := range []struct {
		en, zh string
		keep   func(context.Context) error
	}{
		{"it answers a question", "能回答提问", t.answers},
		{"an answer repeats its question's id", "回答带有提问的编号", t.repeatsIDs},
		{"a key that it does not know is passed over", "忽略不认识的键", t.passesOver},
		{"what it cannot do it says", "不会做的事明确说明", t.refuses},
		{"it writes nothing but answers", "标准输出上只有回答", t.keepsQuiet},
		{"it keeps no memory", "不占用越来越多的内存", t.keepsNothing},
		{"the end of its input ends it", "输入结束后自行退出", t.goes},
	} {
		word, err := pick(lang, "kept", "符合"), p.keep(c.Context())
		if c.Context().Err() != nil {
			return cutShort(c.Context())
		}
		if err != nil {
			broken++
			word = pick(lang, "BROKEN", "不符")
		}
		fmt.Fprintf(c.OutOrStdout(), "%s%s %s\n", word, strings.Repeat(" ", max(0, 8-yamldoc.Width(word))), pick(lang, p.en, p.zh))
		if err != nil {
			fmt.Fprintf(c.OutOrStdout(), "         %s\n", pick(lang, err.Error(), chinese.Or(err.Error())))
		}
		if i == 0 && err != nil {
			break // one that answers nothing keeps nothing else either
		}
	}
	t.told(c.OutOrStdout(), lang)
	if broken > 0 {
		return &exit{code: exitFindings}
	}
	return nil
}

// told shows what the program said, so that one sees whether it is right.
func (t *trial) told(w io.Writer, lang string) {
	switch {
	case t.last.Fault != "":
		fmt.Fprintf(w, pick(lang, "it reports the fault %s %q\n", "程序报告故障：%s %q\n"), t.last.Fault, t.last.Text)
	case t.last.Readings != nil:
		var channels []string
		for name, v := range t.last.Readings {
			channels = append(channels, name+" "+v.String())
		}
		slices.Sort(channels)
		fmt.Fprintf(w, pick(lang, "it reads %s\n", "程序读到：%s\n"), strings.Join(channels, ", "))
	}
	for _, line := range t.child.Health().Said {
		fmt.Fprintf(w, pick(lang, "it notes: %s\n", "程序备注：%s\n"), line)
	}
}

// ask puts a question and returns its answer.
func (t *trial) ask(ctx context.Context, question []byte, id uint64) (a process.Answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	var wrong error
	_, err = t.child.Ask(ctx, question, func(line []byte) bool {
		got, perr := process.Parse(line)
		switch {
		case perr != nil:
			wrong = perr
		case got.ID != id:
			wrong = fmt.Errorf("answer %d to question %d", got.ID, id)
		}
		a = got
		return perr == nil && got.ID == id
	})
	if errors.Is(err, drivers.ErrTimeout) {
		err = fmt.Errorf("%s: %w in %v", question, err, t.timeout)
	}
	if err != nil && wrong != nil {
		err = wrong
	}
	return a, err
}

func (t *trial) sample(ctx context.Context) (err error) {
	t.id++
	t.last, err = t.ask(ctx, process.Question(t.id), t.id)
	return err
}

func (t *trial) answers(ctx context.Context) error { return t.sample(ctx) }

func (t *trial) repeatsIDs(ctx context.Context) error {
	for _, id := range []uint64{7, 70_000, 1 << 40} {
		if _, err := t.ask(ctx, process.Question(id), id); err != nil {
			return err
		}
	}
	return nil
}

func (t *trial) passesOver(ctx context.Context) error {
	_, err := t.ask(ctx, []byte(`{"v":1,"id":8,"do":"sample","later":[1,{"x":null}]}`), 8)
	return err
}

func (t *trial) refuses(ctx context.Context) error {
	a, err := t.ask(ctx, []byte(`{"v":1,"id":9,"do":"dance"}`), 9)
	if err == nil && a.Fault != "protocol" {
		return fmt.Errorf(`asked to dance it does not answer {"id":9,"fault":"protocol",…}`)
	}
	return err
}

func (t *trial) keepsQuiet(context.Context) error {
	if n := t.child.Health().Strays; n > 0 {
		return fmt.Errorf("%d lines that answer nothing; write notes on standard error", n)
	}
	return nil
}

func (t *trial) keepsNothing(ctx context.Context) error {
	began, before := time.Now(), t.memory()
	for range trialQuestions {
		if err := t.sample(ctx); err != nil {
			return err
		}
		if before == 0 { // it is looked at once a second
			before = t.memory()
		}
		if time.Since(began) > trialTime {
			break
		}
	}
	if now := t.memory(); before > 0 && now > before+trialGrowth {
		return fmt.Errorf("it grew from %.1f to %.1f MB in %d questions", float64(before)/1e6, float64(now)/1e6, t.id)
	}
	return nil
}

func (t *trial) memory() int64 { return t.child.Health().Memory }

func (t *trial) goes(context.Context) error {
	began := time.Now()
	if err := t.child.Close(); err != nil {
		return err
	}
	if took := time.Since(began); took >= busprocess.Grace {
		return fmt.Errorf("it was still there after %v and was killed", busprocess.Grace)
	}
	return nil
}
