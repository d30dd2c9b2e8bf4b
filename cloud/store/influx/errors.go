package influx

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/api/http"
	"github.com/lamppost-city/lamppost/cloud/store"
)

// unavailable is an error after which the same write may succeed later.
type unavailable struct {
	hint       string
	retryAfter time.Duration
	err        error
}

func (u *unavailable) Error() string {
	if u.hint == "" {
		return u.err.Error()
	}
	return u.hint + ": " + u.err.Error()
}

func (u *unavailable) Unwrap() []error { return []error{store.ErrUnavailable, u.err} }

// hints say what to look at for answers that no waiting cures.
var hints = map[int]string{
	401: "the server does not accept the token (store.influx.token; user:password for 1.8)",
	403: "the token may not write to this bucket",
	404: "the bucket or database does not exist (store.influx.bucket; database/retention-policy for 1.8)",
	500: "the server fails; for 1.8, does the retention policy in store.influx.bucket exist?",
	503: "the server is overloaded",
	429: "the server is overloaded",
}

// classify wraps an error of the client so that the caller knows that everything
// may be written again later. It returns nil for nil.
func classify(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	u := &unavailable{err: err}
	var he *http.Error
	if errors.As(err, &he) {
		u.hint, u.retryAfter = hints[he.StatusCode], time.Duration(he.RetryAfter)*time.Second
	}
	if strings.Contains(err.Error(), "max-series-per-database") {
		u.hint = "the database has reached max-series-per-database; raise it, nothing is lost meanwhile"
	}
	return u
}

var droppedRE = regexp.MustCompile(`dropped=(\d+)`)

// fault says whether an answer blames the lines themselves: why is empty if it
// does not. all means that every one of the n lines was refused.
func fault(err error, n int) (why string, all bool) {
	var he *http.Error
	if !errors.As(err, &he) || he.StatusCode != 400 && he.StatusCode != 413 && he.StatusCode != 422 {
		return "", false
	}
	text := he.Message
	if text == "" {
		text = he.Error()
	}
	if strings.Contains(text, "max-series-per-database") {
		return "", false // the database is full, the lines are good
	}
	// A server older than 2 says how many lines it dropped of a batch it kept in
	// part. 1.8.3 stores nothing, and says no number, if a new field has two types
	// in one batch.
	if m := droppedRE.FindStringSubmatch(text); m != nil {
		dropped, err := strconv.Atoi(m[1])
		all = err == nil && dropped == n && strings.Contains(text, "beyond retention policy")
	}
	return fmt.Sprintf("%s (%d)", strings.TrimSpace(text), he.StatusCode), all
}
