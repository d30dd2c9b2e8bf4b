package area

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// decode returns the file's text, without a byte order mark.
func (r *reader) decode(data []byte) string {
	if r.Encoding = r.o.Encoding; r.Encoding == "" {
		r.Encoding = look(data)
	}
	var from encoding.Encoding
	switch r.Encoding {
	case "utf-8":
		from = nil
	case "utf-16":
		from = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case "gb18030":
		from = simplifiedchinese.GB18030
	default:
		r.wrong(view.Fault{}, "编码应为 utf-8、utf-16 或 gb18030", "the encoding is utf-8, utf-16 or gb18030")
		return ""
	}
	text := string(data)
	if from != nil {
		b, err := from.NewDecoder().Bytes(data)
		if err != nil {
			r.wrong(view.Fault{}, fmt.Sprintf("无法按 %s 解码", r.Encoding), fmt.Sprintf("it cannot be read as %s: %v", r.Encoding, err))
			return ""
		}
		text = string(b)
	}
	text = strings.TrimPrefix(text, "\ufeff")
	if at := damaged(text); at >= 0 {
		r.text = text
		r.wrong(r.place(at), fmt.Sprintf("此处不是有效的 %s；请另存为 UTF-8", r.Encoding), fmt.Sprintf("this is not %s; save the file as UTF-8", r.Encoding))
	}
	return text
}

// damaged returns where a text has what no encoding means, or a zero byte; -1: nowhere.
func damaged(s string) int {
	for i, c := range s {
		if c == utf8.RuneError || c == 0 {
			return i
		}
	}
	return -1
}
