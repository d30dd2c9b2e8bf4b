package yamldoc

import (
	"regexp"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/address"
)

var (
	// addresses begin with their scheme, or stand behind a key that wants one.
	addresses = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://|(?:^|[\s{,"'])(?:url|webhook|mqtt|brokers?|proxy|console)["']?\s*:\s+[\["'\s]*`)

	scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

	// next is what may follow an address in a line: its brackets end, and another key
	// or address comes, or nothing. Anything else is taken for more of the address, since
	// a password's quote, comma or # ends a text of YAML before its time.
	next = regexp.MustCompile(`^["']?[\s\]}]*(?:,\s*(?:[\[{]*\s*["']?[A-Za-z_][\w.-]*["']?\s*:\s.*|["']?(?:mqtts?|tcp|wss?|https?)://.*)?)?$`)
)

// maskedAddresses replaces the characters of each address but its scheme and host.
func maskedAddresses(line string) string {
	var out strings.Builder
	for done := 0; ; {
		at := addresses.FindStringIndex(line[done:])
		if at == nil {
			return out.String() + line[done:]
		}
		begin, body := done+at[0], done+at[1]
		if first := scheme.FindString(line[body:]); first != "" {
			begin, body = body, body+len(first)
		}
		whole := strings.HasSuffix(line[:body], "://")
		if !whole && strings.HasPrefix(line[body:], "{") { // more keys, and no address
			out.WriteString(line[done:body])
			done = body
			continue
		}
		quote := line[body-1 : body]
		if whole {
			quote = line[max(0, begin-1):begin]
		}
		end := body + addressEnd(line[body:], quote)
		out.WriteString(line[done:body])
		out.WriteString(starred(line[body:end], whole))
		done = end
	}
}

// addressEnd is where an address ends that line begins with, behind quote.
func addressEnd(line, quote string) int {
	end := len(line)
	switch quote {
	case `"`, `'`:
		if i := strings.Index(line, quote); i >= 0 {
			end = i
		}
	default:
		if i := strings.IndexAny(line, `,[]{}`); i >= 0 && line[i] != '[' { // that may be of a host
			end = i
		}
	}
	if !next.MatchString(line[end:]) {
		return len(line)
	}
	return end
}

// starred masks an address, or what stands where one belongs.
func starred(text string, whole bool) string {
	if !whole {
		if strings.ContainsAny(text, "@?#") {
			return strings.Map(star, text)
		}
		return text
	}
	from, to := address.Host(text)
	head, tail := text[:from], text[to:]
	at, slash := "", ""
	if from > 0 {
		head, at = head[:from-1], "@"
	}
	if to > 0 && tail != "" {
		slash, tail = tail[:1], tail[1:]
	}
	return strings.Map(star, head) + at + text[from:to] + slash + strings.Map(star, tail)
}
