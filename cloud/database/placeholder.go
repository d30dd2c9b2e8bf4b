package database

import (
	"strconv"
	"strings"
)

// maxHolder is the highest number of a placeholder that SQLite takes; PostgreSQL takes
// more.
const maxHolder = 32766

// numbered writes SQL's placeholders as PostgreSQL reads them: ?N becomes $N, and ? the
// one after the highest before it, as SQLite counts; each with the type of its value, or
// else the server would guess one from what it stands beside. Quotes and comments are left
// alone; so is a number that no engine takes, for the server to refuse.
func numbered(sql string, typed func(n int) string) string {
	if strings.IndexByte(sql, '?') < 0 {
		return sql
	}
	var b strings.Builder
	highest := 0
	ts := lex(sql)
	for i, t := range ts {
		n, ok := number(t, highest)
		if !ok {
			b.WriteString(t.text)
			continue
		}
		highest = max(highest, n)
		// Beside a name the dollar would be taken for a part of it.
		if i > 0 && ts[i-1].kind == word {
			b.WriteByte(' ')
		}
		b.WriteString("$" + strconv.Itoa(n) + typed(n))
		if i+1 < len(ts) && ts[i+1].kind == word {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// number returns which parameter a token stands for; ok is false if it stands for none.
func number(t token, highest int) (n int, ok bool) {
	if t.kind != holder {
		return 0, false
	}
	n = highest + 1
	if t.text != "?" {
		var err error
		if n, err = strconv.Atoi(t.text[1:]); err != nil {
			return 0, false
		}
	}
	return n, 1 <= n && n <= maxHolder
}
