package area

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Limits of a file.
const (
	MaxFile   = 32 << 20  // bytes
	maxRows   = 50_000    // areas: they are written in one transaction, for which other writers wait
	maxPoints = 2_000_000 // corners of all shapes
	maxFaults = 100       // then the rest is not looked at
	maxName   = 100       // characters
)

// ReadOptions says what is known about a file. The zero value finds it out, and takes
// its positions as WGS 84.
type ReadOptions struct {
	Format   string // csv, geojson; empty: as the content looks
	Encoding string // utf-8, utf-16, gb18030; empty: as the bytes look
	// GCJ02: its positions are shifted as those of Chinese street maps, and are converted.
	GCJ02 bool
}

// Row is one area as a file says it. What the file does not say is empty.
type Row struct {
	Code     Code
	Name     view.Text
	Parent   Code
	Replaces []Code
	Since    int64
	Shape    Shape
	at       view.Fault // its place, without a text
}

// File is what Read found in one.
type File struct {
	Name, Format, Encoding string
	Rows                   []Row
}

// Read reads a list of areas, CSV or GeoJSON. The error, if there is one, is view.Faults.
func Read(name string, data []byte, o ReadOptions) (File, error) {
	r := &reader{File: File{Name: name, Format: o.Format}, o: o}
	r.each = r.bounded
	if len(data) > MaxFile {
		r.tooLarge()
		return r.File, r.faults
	}
	if r.text = r.decode(data); len(r.faults) > 0 {
		return r.File, r.faults
	}
	if r.Format == "" {
		r.Format = "csv"
		if strings.HasPrefix(strings.TrimSpace(r.text), "{") {
			r.Format = "geojson"
		}
	}
	switch r.Format {
	case "csv":
		r.csv()
	case "geojson":
		r.geojson()
	default:
		r.wrong(view.Fault{}, "格式应为 csv 或 geojson", "the format is csv or geojson")
	}
	if len(r.faults) == 0 && len(r.Rows) == 0 {
		r.wrong(view.Fault{}, "文件中没有区域", "there is no area in the file")
	}
	if len(r.faults) > 0 {
		return r.File, r.faults
	}
	return r.File, nil
}

// reader gathers what is in a file and what is wrong with it.
type reader struct {
	File
	o      ReadOptions
	text   string
	points int
	faults view.Faults
	each   func(at view.Fault, f *feature) // takes a feature of GeoJSON
}

func (r *reader) tooLarge() {
	r.wrong(view.Fault{}, fmt.Sprintf("文件超过 %d MB，请分成几个文件", MaxFile>>20), fmt.Sprintf("the file is larger than %d MB; split it", MaxFile>>20))
}

func (r *reader) wrongName(at view.Fault) {
	r.wrong(at, fmt.Sprintf("名称最多 %d 个字符，不得含不可见字符", maxName), fmt.Sprintf("a name has at most %d characters, none of them invisible", maxName))
}

// wrong notes a fault at a place.
func (r *reader) wrong(at view.Fault, zh, en string) {
	at.File, at.Text = r.Name, view.Text{Zh: zh, En: en}
	r.faults = append(r.faults, at)
}

// full says that there are enough faults, or more rows than may be.
func (r *reader) full() bool {
	if len(r.Rows) > maxRows {
		r.Rows = nil
		r.wrong(view.Fault{}, fmt.Sprintf("区域超过 %d 个，请分成几个文件", maxRows), fmt.Sprintf("there are more than %d areas; split the file", maxRows))
		return true
	}
	return len(r.faults) >= maxFaults
}

// place says where a byte of the text is.
func (r *reader) place(offset int) view.Fault {
	head := r.text[:min(max(offset, 0), len(r.text))]
	line := head[strings.LastIndexByte(head, '\n')+1:]
	return view.Fault{Line: strings.Count(head, "\n") + 1, Column: utf8.RuneCountInString(line) + 1}
}

// column is where a byte of a line is, in characters.
func (r *reader) column(line, offset int) view.Fault {
	rest := r.text
	for range line - 1 {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	return view.Fault{Line: line, Column: utf8.RuneCountInString(rest[:min(max(offset, 1)-1, len(rest))]) + 1}
}

// fields are the names by which a file may call what it says, the first is ours.
var fields = map[string][]string{
	"code":     {"code", "代码", "区划代码", "编码"},
	"name":     {"name", "name_zh", "名称"},
	"name_en":  {"name_en", "英文名称"},
	"parent":   {"parent", "上级代码"},
	"replaces": {"replaces", "原代码"},
	"since":    {"since", "启用日期"},
}

// row reads the fields of one area; at says where each stands.
func (r *reader) row(values map[string]string, at func(field string) view.Fault) {
	before := len(r.faults)
	row := Row{at: at("code")}
	say := func(field, zh, en string) {
		place := at(field)
		place.Field = field
		r.wrong(place, zh, en)
	}
	code := func(field, text string) Code {
		c, why := ParseCode(text)
		if why != nil {
			say(field, fmt.Sprintf("“%s”：%s", shown(text), why.Zh), fmt.Sprintf("%q: %s", shown(text), why.En))
		}
		return c
	}
	row.Code = code("code", values["code"])
	if p := strings.TrimSpace(values["parent"]); p != "" {
		row.Parent = code("parent", p)
	}
	for _, old := range strings.FieldsFunc(values["replaces"], func(c rune) bool { return unicode.IsSpace(c) || c == ';' || c == '；' || c == '、' }) {
		row.Replaces = append(row.Replaces, code("replaces", old))
	}
	row.Name = view.Text{Zh: strings.TrimSpace(values["name"]), En: strings.TrimSpace(values["name_en"])}
	for _, f := range [...]struct{ field, text string }{{"name", row.Name.Zh}, {"name_en", row.Name.En}} {
		if utf8.RuneCountInString(f.text) > maxName || unseen(f.text) {
			place := at(f.field)
			place.Field = f.field
			r.wrongName(place)
		}
	}
	if d := strings.TrimSpace(values["since"]); d != "" {
		t, err := time.Parse(time.DateOnly, d)
		if err != nil || t.Year() < 1949 || t.Year() > 2199 {
			say("since", "日期请写成 2026-01-31", "write the day as 2026-01-31")
		}
		row.Since = t.UnixMilli()
	}
	if len(r.faults) == before {
		r.Rows = append(r.Rows, row)
	}
}

// shown is a text from outside in a message.
func shown(s string) string {
	if n := []rune(s); len(n) > 40 {
		return string(n[:40]) + "…"
	}
	return s
}

// unseen finds control characters, and those that turn the direction of writing and so
// could make one name look like another.
func unseen(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r) })
}

// known are the byte order marks by which an encoding is told.
var known = []struct {
	mark     []byte
	encoding string
}{{[]byte("\xef\xbb\xbf"), "utf-8"}, {[]byte("\xff\xfe"), "utf-16"}, {[]byte("\xfe\xff"), "utf-16"}, {[]byte("\x84\x31\x95\x33"), "gb18030"}}

// look finds a file's encoding by its first bytes, else by whether it is UTF-8.
func look(data []byte) string {
	for _, k := range known {
		if bytes.HasPrefix(data, k.mark) {
			return k.encoding
		}
	}
	if utf8.Valid(data) {
		return "utf-8"
	}
	return "gb18030"
}
