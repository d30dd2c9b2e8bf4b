package area

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// csv reads a table whose first line names its columns. Columns are parted by commas,
// semicolons or tabs, whichever the first line has most of.
func (r *reader) csv() {
	if !r.shortLines() {
		return
	}
	in := csv.NewReader(strings.NewReader(r.text))
	head, _, _ := strings.Cut(r.text, "\n")
	in.Comma = slices.MaxFunc([]rune{',', ';', '\t'}, func(a, b rune) int {
		return strings.Count(head, string(a)) - strings.Count(head, string(b))
	})
	in.FieldsPerRecord, in.ReuseRecord = -1, true
	var columns []string
	for !r.full() {
		record, err := in.Read()
		if err == io.EOF {
			return
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			r.wrong(r.column(bad.Line, bad.Column), "引号不成对，或引号外有多余字符", "a quote is not closed, or stands where none may be")
			return // where the next line begins is not known
		}
		if err != nil {
			r.wrong(view.Fault{}, "无法读取", err.Error())
			return
		}
		if columns == nil {
			if columns = r.header(record, in.FieldPos); columns == nil {
				return
			}
			continue
		}
		r.record(columns, record, in.FieldPos)
	}
}

// Bounds of a table, far beyond what a list of areas needs.
const (
	maxLine    = 64 << 10 // bytes
	maxColumns = 64
)

// shortLines says whether no line is longer than any can be: a record costs many times its
// length.
func (r *reader) shortLines() bool {
	n := 0
	for line := range strings.Lines(r.text) {
		if n++; len(line) > maxLine {
			r.wrong(view.Fault{Line: n}, "此行超过 64 KiB，不是区划表", "this line is longer than 64 KiB; no list of areas has such")
			return false
		}
	}
	return true
}

// header reads the names of the columns; a name that begins with # is of a column that
// is skipped.
func (r *reader) header(record []string, pos func(int) (line, column int)) (columns []string) {
	if len(record) > maxColumns {
		r.wrong(view.Fault{Line: 1}, "首行超过 64 列，不是区划表", "the first line has more than 64 columns; no list of areas has so many")
		return nil
	}
	for i, name := range record {
		name = strings.TrimSpace(name)
		field := ""
		for f, names := range fields {
			if slices.Contains(names, strings.ToLower(name)) {
				field = f
			}
		}
		line, col := pos(i)
		at := r.column(line, col)
		at.Field = shown(name)
		switch {
		case field == "" && !strings.HasPrefix(name, "#"):
			r.wrong(at, "没有这样的列；可用 code、name、name_en、parent、replaces、since（代码、名称、英文名称、上级代码、原代码、启用日期），不需要的列请删除或在列名前加 #",
				"there is no such column; there are code, name, name_en, parent, replaces, since; delete the column, or write # before its name to have it skipped")
		case field != "" && slices.Contains(columns, field):
			r.wrong(at, "此列出现了两次", "this column is there twice")
		}
		columns = append(columns, field)
	}
	if len(r.faults) == 0 && !slices.Contains(columns, "code") {
		r.wrong(view.Fault{Line: 1, Column: 1}, "缺少 code（代码）列", "there is no column code")
	}
	if len(r.faults) > 0 {
		return nil
	}
	return columns
}

// record reads one line.
func (r *reader) record(columns, record []string, pos func(int) (line, column int)) {
	line, _ := pos(0)
	if len(record) != len(columns) {
		r.wrong(view.Fault{Line: line, Column: 1}, "列数与首行不同；含逗号的名称请加引号", "it has not as many columns as the first line; a name with a comma needs quotes")
		return
	}
	values, where := map[string]string{}, map[string]int{}
	for i, f := range columns {
		if f != "" {
			values[f], where[f] = record[i], i
		}
	}
	type place struct{ line, column int }
	places := make([]place, len(record)) // pos is of this line only, and only until the next
	for i := range record {
		l, c := pos(i)
		places[i] = place{l, c}
	}
	r.row(values, func(field string) view.Fault {
		p := places[where[field]]
		if field == "code" { // kept for each line: counted without looking at the text before
			return view.Fault{Line: p.line}
		}
		return r.column(p.line, p.column)
	})
}
