package channel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Sender carries messages to one receiver. It is safe for concurrent use.
type Sender interface {
	// Send makes one attempt and returns when the receiver has taken the message, has
	// refused it, or ctx ends. Every error is an *Error.
	Send(ctx context.Context, m Message) error
}

// Message is what is to be told, in a form that each channel can show.
type Message struct {
	ID     string    // the same whenever the message is sent again
	Repeat bool      // an earlier attempt may have arrived
	At     time.Time // when it was made
	Level  string    // red, orange, yellow, blue, or empty
	Lang   string    // zh or en: of the few words that a channel adds
	Title  string    // one line
	Lines  []string  // below it, plain text
	Links  []Link
	To     []Person // whom to address; a mail channel without an address of its own needs one
	Thread string   // what it is about; mail programs show mails about the same together
	First  bool     // nothing was told about Thread before
	Event  Event    // the same for machines
}

// Link is a link that this program made. URL holds no spaces, quotes or brackets.
type Link struct{ Text, URL string }

// Person is somebody, and where each channel finds them. Empty: not there.
type Person struct {
	ID     string
	Name   string
	Lang   string // zh, en; empty: the channel's
	Mail   string
	Mobile string // as DingTalk and WeCom mention people
	WeCom  string // user id
	Feishu string // open id (ou_…)
}

// Event is the message as a CloudEvent.
type Event struct {
	ID, Type, Subject string
	At                time.Time
	Data              json.RawMessage
}

// Fate is what to do with a message that was not taken.
type Fate int

// What may become of a message.
const (
	Later    Fate = iota // try again
	Mistaken             // nothing will pass until somebody mends the channel's settings
	Never                // this message will not be taken, others may be
)

// Error says that a message was not taken, or that nobody knows.
type Error struct {
	Fate  Fate
	After time.Duration // the receiver wants to be left alone for so long; 0: it did not say
	Maybe bool          // the message may have arrived
	Err   error         // without credentials
}

// Error implements error.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func later(maybe bool, err error) error { return &Error{Fate: Later, Maybe: maybe, Err: err} }

func mistaken(format string, args ...any) error {
	return &Error{Fate: Mistaken, Err: fmt.Errorf(format, args...)}
}

func never(format string, args ...any) error {
	return &Error{Fate: Never, Err: fmt.Errorf(format, args...)}
}

// asError keeps an *Error and makes one of anything else.
func asError(err error, maybe bool) error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return later(maybe, err)
}
