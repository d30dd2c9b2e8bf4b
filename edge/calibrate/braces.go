package calibrate

import (
	"slices"
	"strings"
)

// scan walks over YAML in braces and tells what is neither in quotes nor in a comment,
// character by character, with how deep it stands, until see says stop. At an opening
// bracket the depth is that outside, at a closing one as well.
func scan(lines []string, from spot, see func(at spot, c byte, depth int) (stop bool)) {
	depth, quote := 0, byte(0)
	before := byte(',') // the last character that is no space
	for i := from.line; i < len(lines); i++ {
		line, start := lines[i], 0
		if i == from.line {
			start = from.col
		}
		for j := start; j < len(line); j++ {
			c := line[j]
			switch {
			case quote == '"' && c == '\\':
				j++
				continue
			case quote != 0 && c == quote && quote == '\'' && strings.HasPrefix(line[j:], "''"):
				j++
				continue
			case quote != 0:
				if c != quote {
					continue
				}
				quote = 0
			case c == ' ' || c == '\t':
				continue
			case c == '#' && (j == 0 || line[j-1] == ' ' || line[j-1] == '\t'):
				j = len(line)
				continue
			case (c == '"' || c == '\'') && strings.IndexByte("[{,:", before) >= 0:
				quote = c
			case c == ']' || c == '}':
				depth--
			}
			if see(spot{i, j}, c, depth) {
				return
			}
			if c == '[' || c == '{' {
				depth++
			}
			before = c
		}
	}
}

// closing finds the bracket that closes the one at a place.
func closing(lines []string, at spot) (end spot, ok bool) {
	scan(lines, at, func(p spot, c byte, depth int) bool {
		end, ok = p, depth == 0 && p != at && (c == ']' || c == '}')
		return ok
	})
	return end, ok
}

// valueEnd finds the comma or bracket behind the entry that begins at a place, and the
// end of the entry itself.
func valueEnd(lines []string, at spot) (end, next spot, ok bool) {
	end = at
	scan(lines, at, func(p spot, c byte, depth int) bool {
		if ok = depth == 0 && c == ',' || depth < 0; ok {
			next = p
			return true
		}
		end = spot{p.line, p.col + 1}
		return false
	})
	return end, next, ok
}

// addInBraces writes a new key behind the last one of a device in braces.
func (e *editor) addInBraces(key string) error {
	at := e.valueAt(e.node)
	names := e.node.Keys()
	if len(names) == 0 {
		return errNotFound
	}
	end, next, ok := valueEnd(e.lines, e.keyAt(e.node.Node(names[len(names)-1])))
	if _, closed := closing(e.lines, at); !ok || !closed {
		return errNotFound
	}
	text := ", " + key + ": " + e.want.flow(key)
	if e.starts(next, ",") { // it ends with one; the new key goes behind it
		end, text = spot{next.line, next.col + 1}, " "+key+": "+e.want.flow(key)
	}
	e.cut(end, end, text)
	return nil
}

// changeInBraces replaces or deletes a key of a device in braces.
func (e *editor) changeInBraces(key string) error {
	at := e.keyAt(e.node.Node(key))
	end, next, ok := valueEnd(e.lines, at)
	value := e.want.flow(key)
	switch {
	case !ok:
		return errNotFound
	case value != "":
		e.cut(at, end, key+": "+value)
	case e.starts(next, ","):
		rest := e.lines[next.line][next.col+1:]
		e.cut(at, spot{next.line, len(e.lines[next.line]) - len(strings.TrimLeft(rest, " "))}, "")
	default:
		before := strings.TrimRight(e.lines[at.line][:at.col], " ")
		if !strings.HasSuffix(before, ",") {
			return errNotFound // alone, or first on its line
		}
		e.cut(spot{at.line, len(before) - 1}, end, "")
	}
	return nil
}

// cut replaces what stands from one place to another.
func (e *editor) cut(from, to spot, text string) {
	line := e.lines[from.line][:from.col] + text + e.lines[to.line][to.col:]
	e.lines = slices.Replace(e.lines, from.line, to.line+1, line)
}
