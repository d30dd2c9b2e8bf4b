package yamldoc

import (
	"regexp"
	"slices"
	"strings"
)

var (
	// secrets are the keys behind which stands what must not be repeated in a log.
	secrets = regexp.MustCompile(`(?i)(?:^|[\s{,"'-])(?:password|passwd|secret|token)["']?\s*:(?:\s+|$|["'])`)

	secretKey = regexp.MustCompile(`(?i)^(?:password|passwd|secret|token)$`)

	// another begins a line with a key of its own.
	another = regexp.MustCompile(`^\s*(?:- )?\s*["']?[A-Za-z_][\w.-]*["']?\s*:(?:\s|$)`)
)

// maskedSecrets replaces each character of what stands behind a secret's key.
func maskedSecrets(line string) string {
	var out strings.Builder
	for {
		at := secrets.FindStringIndex(line)
		if at == nil {
			return out.String() + line
		}
		from := at[1]
		if c := line[from-1]; c == '"' || c == '\'' {
			from--
		}
		end := from + secretEnd(line[from:])
		out.WriteString(line[:from] + strings.Map(star, line[from:end]))
		line = line[end:]
	}
}

// secretEnd is where a secret ends that text begins with: where its quote does, or where
// nothing or another key follows. What a comma, a blank or a bracket ends for YAML may have
// been meant to go on.
func secretEnd(text string) int {
	if opensQuote(text) {
		if end := 1 + strings.IndexByte(text[1:], text[0]); end > 0 && next.MatchString(text[end:]) {
			return end + 1
		}
		return len(text)
	}
	for i, c := range text {
		if strings.ContainsRune(",]}", c) && next.MatchString(text[i:]) {
			return i
		}
	}
	return len(text)
}

func opensQuote(text string) bool {
	return text != "" && (text[0] == '"' || text[0] == '\'')
}

// shown is line n as it may be repeated: what goes on in it of a secret above is masked.
func shown(lines []string, n int) string {
	var o open
	for i, line := range lines[:n+1] {
		if hidden := o.takes(line); !hidden {
			o = opened(line)
		} else if i == n {
			return strings.Map(star, line)
		}
	}
	return lines[n]
}

// open is a secret that may go on below its line; the zero value: none.
type open struct {
	from   int  // the column from which what is below belongs to it; 0: none
	braces bool // it stands in braces, where columns say nothing
	quote  byte // that has not ended
}

// takes says whether the next line belongs to the secret.
func (o *open) takes(line string) bool {
	if o.quote != 0 {
		if strings.IndexByte(line, o.quote) >= 0 {
			o.quote = 0
			o.from, o.braces = 0, false
		}
		return true
	}
	if o.braces {
		return !another.MatchString(line)
	}
	return o.from > 0 && (strings.TrimSpace(line) == "" || len(line)-len(strings.TrimLeft(line, " ")) >= o.from)
}

// opened is the secret that a line ends in.
func opened(line string) (o open) {
	all := secrets.FindAllStringIndex(line, -1)
	if all == nil {
		return o
	}
	key, value := all[len(all)-1][0], all[len(all)-1][1]
	if strings.IndexByte(" \t{,\"'-", line[key]) >= 0 {
		key++
	}
	if c := line[value-1]; c == '"' || c == '\'' {
		value--
	}
	text := line[value:]
	if rest := strings.TrimSpace(text[secretEnd(text):]); rest != "" && rest != "," {
		return o // another key follows, or the braces end
	}
	if opensQuote(text) {
		if strings.IndexByte(text[1:], text[0]) >= 0 {
			return o
		}
		o.quote = text[0]
	}
	o.from, o.braces = key+1, strings.ContainsAny(line[:key], "{[")
	return o
}

// tornOff says whether a key is what a comma tore off the secret before it: {password: a,b}
// has a key b.
func (n *Node) tornOff(key string) bool {
	for i := slices.Index(n.names, key); i > 0 && n.child[n.names[i]].Kind() == Null; i-- {
		if secretKey.MatchString(n.names[i-1]) {
			return true
		}
	}
	return false
}

// told is a key as a message may repeat it.
func (n *Node) told(key string) string {
	if n.tornOff(key) {
		return "***"
	}
	return key
}
