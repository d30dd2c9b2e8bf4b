package command

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// columns writes rows with their cells under each other, by the width that they
// have on a terminal: a Chinese character takes two places. Nothing stands behind
// the last cell of a row.
func columns(w io.Writer, rows [][]string) error {
	_, err := io.WriteString(w, strings.Join(aligned(rows, 0), ""))
	return err
}

// aligned returns the rows as columns writes them. If width is not 0, the last cell of a
// row is broken where it would go beyond so many places, and goes on below itself.
func aligned(rows [][]string, width int) (lines []string) {
	var places []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(places) {
				places = append(places, 0)
			}
			if i < len(row)-1 { // the last one of a row has the rest of the line
				places[i] = max(places[i], yamldoc.Width(cell))
			}
		}
	}
	for _, row := range rows {
		line, at := "", 0
		for i, cell := range row[:max(len(row)-1, 0)] {
			line += cell + strings.Repeat(" ", places[i]-yamldoc.Width(cell)+2)
			at += places[i] + 2
		}
		if last := len(row) - 1; last >= 0 {
			cells := []string{row[last]}
			if width > 0 {
				cells = wrap(row[last], width-at)
			}
			line += strings.Join(cells, "\n"+strings.Repeat(" ", at))
		}
		lines = append(lines, strings.TrimRight(line, " ")+"\n")
	}
	return lines
}

// pick chooses the text of a language.
func pick(lang, en, zh string) string {
	if lang == "zh" {
		return zh
	}
	return en
}

// bytesText writes a size as people say it: 41.2 MB.
func bytesText(n float64) string {
	for _, u := range []struct {
		name string
		unit float64
	}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if n >= u.unit {
			return strconv.FormatFloat(n/u.unit, 'f', 1, 64) + " " + u.name
		}
	}
	return strconv.FormatFloat(n, 'f', 0, 64) + " B"
}

// grouped writes a number in groups of three: 1 204 331.
func grouped(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// filesText counts files.
func filesText(n int, lang string) string {
	if n == 1 {
		return pick(lang, "1 file", "1 个文件")
	}
	return fmt.Sprintf(pick(lang, "%d files", "%d 个文件"), n)
}

// longText writes a span with its largest unit.
func longText(d time.Duration, lang string) string {
	n, en, zh := d.Seconds(), "s", "秒"
	switch {
	case d >= 48*time.Hour:
		n, en, zh = d.Hours()/24, "days", "天"
	case d >= 2*time.Hour:
		n, en, zh = d.Hours(), "h", "小时"
	case d >= 2*time.Minute:
		n, en, zh = d.Minutes(), "min", "分钟"
	}
	return fmt.Sprintf("%.0f %s", n, pick(lang, en, zh))
}
