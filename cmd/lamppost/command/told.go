package command

import (
	"io"

	"github.com/lamppost-city/lamppost/cmd/chinese"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// told shows problems in a language. What package chinese does not know, which a driver
// from elsewhere may say, stands as it is behind what its id means.
func told(all yamldoc.Problems, lang string, w io.Writer) error {
	if lang != "zh" {
		return all.Render(w)
	}
	out := make(yamldoc.Problems, len(all))
	for i, p := range all {
		msg, ok := chinese.Sentence(p.Msg)
		if title := problemsZH[p.ID]; !ok && title != "" {
			msg = title + "（" + p.Msg + "）"
		}
		p.Msg, p.Hint = msg, chinese.Or(p.Hint)
		out[i] = p
	}
	return out.RenderIn(w, "zh")
}
