package area

import (
	"strings"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Code is an area's code in its shortest form: 2, 4, 6, 9 or 12 digits, without the
// zeros that pad lower levels, or the 15 characters of a grid cell.
type Code string

// Level is how far down an area lies.
type Level int

// The levels, by the length of a code.
const (
	Province  Level = 1 + iota // 2 digits
	City                       // 4
	District                   // 6
	Street                     // 9
	Community                  // 12
	Cell                       // 15 characters
)

// levels are the words for the levels, by their number.
var levels = [...]struct{ key, zh string }{
	{"", ""}, {"province", "省"}, {"city", "市"}, {"district", "区县"}, {"street", "街道"}, {"community", "社区"}, {"cell", "网格"},
}

// String returns the level's key: province, city, district, street, community, cell.
func (l Level) String() string { return levels[l].key }

// lengths of the codes of the levels.
var lengths = [...]int{0, 2, 4, 6, 9, 12, 15}

// Level returns the level that the code's length says; 0 if it is no code.
func (c Code) Level() Level {
	for l, n := range lengths {
		if l > 0 && len(c) == n {
			return Level(l)
		}
	}
	return 0
}

// Above returns the code of the area that the digits say c lies in, empty above a
// province and for a cell whose number does not begin with a community's.
func (c Code) Above() Code {
	l := c.Level()
	if l <= Province {
		return ""
	}
	head := string(c[:lengths[l-1]])
	if !digits(head) {
		return ""
	}
	return shorten(head)
}

// ParseCode reads a code: 2, 4, 6, 9 or 12 digits, padded with zeros or not, or 15
// digits and capital letters. Its error says what would be right.
func ParseCode(s string) (Code, *view.Text) {
	s = strings.TrimSpace(s)
	switch {
	case len(s) == lengths[Cell] && strings.Trim(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "":
		return Code(s), nil
	case len(s) == lengths[Cell] && strings.Trim(strings.ToUpper(s), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "":
		return "", &view.Text{Zh: "网格编码应使用大写字母", En: "the code of a grid cell has capital letters"}
	case !digits(s):
		return "", &view.Text{Zh: "区划代码只含数字（15 位网格编码可含大写字母）", En: "an area code has digits only (15 characters of a grid cell: digits and capital letters)"}
	case Code(s).Level() == 0:
		return "", &view.Text{Zh: "区划代码为 2、4、6、9 或 12 位数字，网格编码为 15 位", En: "an area code has 2, 4, 6, 9 or 12 digits, that of a grid cell 15 characters"}
	case strings.HasPrefix(s, "00"):
		return "", &view.Text{Zh: "区划代码以省级代码开头，不能是 00；表格软件可能丢掉了开头的数字", En: "an area code begins with a province, which is never 00; did a spreadsheet shift the digits?"}
	}
	return shorten(s), nil
}

// shorten takes off the zeros that pad lower levels.
func shorten(s string) Code {
	for l := Code(s).Level(); l > Province; l-- {
		if strings.Trim(s[lengths[l-1]:], "0") != "" {
			break
		}
		s = s[:lengths[l-1]]
	}
	return Code(s)
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
