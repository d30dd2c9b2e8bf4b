package aggregator

import (
	"context"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/auth"
	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/notify"
	"github.com/lamppost-city/lamppost/cloud/notify/link"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// mayByLink says whether a person may acknowledge by a link what is in an area. Whom the
// settings name, and who has no account, may: somebody decided that they are told.
func (p *parts) mayByLink(ctx context.Context, person, area string) bool {
	who, err := p.bearer(ctx, person)
	return err == nil && (who == nil || who.May(role.Acknowledge, area))
}

// bearer is the account to which a link was sent; nil: it was sent to nobody who has one.
func (p *parts) bearer(ctx context.Context, person string) (*auth.Principal, error) {
	if p.book == nil || person == "" {
		return nil, nil
	}
	from, _ := ctx.Value(linkKey{}).(string)
	who, known, err := p.book.Bearer(ctx, person, from)
	if err != nil || !known {
		return nil, err
	}
	return who, nil
}

// byLink returns as whom a link acts: as the account that it was sent to, if that may do it
// now; else as by, with the channel behind the name where people have accounts, since nobody
// has proved to be that.
func (p *parts) byLink(ctx context.Context, g link.Grant, by string) (string, error) {
	who, err := p.bearer(ctx, g.Person)
	if err != nil {
		return "", err
	}
	if who == nil {
		if p.book != nil && g.Person != "" {
			by += " (" + g.Channel + ")"
		}
		return by, nil
	}
	area, err := p.areaOf(ctx, g.Subject)
	if err != nil {
		return "", err
	}
	if !who.May(role.Acknowledge, area) {
		return "", notify.ErrNoRight
	}
	return who.Person, nil
}

// areaOf is where an alert or a case is.
func (p *parts) areaOf(ctx context.Context, subject string) (string, error) {
	id, ok := strings.CutPrefix(subject, caseSubject)
	if !ok {
		a, err := p.cases.Get(ctx, subject)
		return a.Area, err
	}
	if p.docket == nil {
		return "", view.ErrUnknown
	}
	d, err := p.docket.Get(ctx, id, linkActor("link"), time.Now())
	return d.Case.Opening.Area, err
}
