package config

import "github.com/lamppost-city/lamppost/drivers/codec/yamldoc"

// Language is the language that a configuration asks for in so many words, zh or en,
// even one with mistakes: those are to be told in it. Empty: it asks for none.
func Language(file string, src []byte) string {
	doc, _ := yamldoc.Parse(file, src) // what is wrong with it, Load says
	if doc == nil {
		return ""
	}
	switch n := doc.Node("gateway", "language"); {
	case n == nil:
		return ""
	case n.Text() == "zh", n.Text() == "en":
		return n.Text()
	}
	return ""
}
