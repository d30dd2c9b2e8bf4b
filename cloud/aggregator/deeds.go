package aggregator

import (
	"context"
	"database/sql"
	"net"
	"net/http"
	"time"

	"github.com/lamppost-city/lamppost/cloud/auth"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// linkKey is the key of a context for the address of who uses a link in a message.
type linkKey struct{}

// noteDeed writes what somebody did into the audit log, where there is one: without
// accounts nobody is known.
func (p *parts) noteDeed(ctx context.Context, tx *sql.Tx, d view.Deed) error {
	if p.audit == nil {
		return nil
	}
	e := view.Audit{At: time.Now().UnixMilli(), What: d.What, About: d.About, Old: d.Old, New: d.New, Result: "done"}
	who := auth.From(ctx)
	from, byLink := ctx.Value(linkKey{}).(string)
	switch {
	case who != nil:
		e.Who, e.Role, e.From = who.Person, who.Title(), who.From
	case byLink:
		e.Who, e.Role, e.From = d.Who, "link", from
	default:
		e.Who = "system"
	}
	return p.audit.Append(ctx, tx, e)
}

// noteRefusal writes into the audit log that who is logged in tried what they must not.
func (p *parts) noteRefusal(ctx context.Context, about string, last bool) error {
	who := auth.From(ctx)
	e := view.Audit{At: time.Now().UnixMilli(), Who: who.Person, Role: who.Title(), From: who.From, What: "request", About: about, Result: "refused"}
	if last {
		e.New = "more of these are not written down for a while"
	}
	return p.audit.Record(ctx, e)
}

// addressOf is where a request comes from.
func (p *parts) addressOf(r *http.Request) string {
	if p.door != nil {
		return p.door.Address(r)
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
