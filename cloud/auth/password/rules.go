package password

import (
	"crypto/rand"
	_ "embed" // common.txt
	"strings"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/cloud/view"
)

//go:embed common.txt
var common string

// Bounds of a password, in characters. Long sentences in Chinese are good passwords.
const (
	minLength = 12
	maxLength = 128
)

// Judge says what is wrong with a new password for an account; nil: it is good. The
// rules are those of NIST SP 800-63B section 5.1.1: length, and not what is guessed
// first; no rule about capitals and digits, which only makes passwords alike.
func Judge(password string, account ...string) *view.FieldError {
	n := utf8.RuneCountInString(password)
	switch low := strings.ToLower(password); {
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return wrong("口令含有无法显示的字符", "the password has characters that cannot be typed again")
	case n < minLength:
		return wrong("口令至少 12 个字符；用几个不相干的词组成一句最容易记", "write at least 12 characters; a few words that do not belong together are easy to keep in mind")
	case n > maxLength:
		return wrong("口令最多 128 个字符", "write at most 128 characters")
	case repeated(low) || run(low):
		return wrong("口令只是重复或顺序排列的字符", "the password only repeats a few characters, or counts them up")
	case isCommon(low):
		return wrong("这是常见口令，最先被猜到；请换一个", "this password is one of those that are guessed first; take another")
	case names(low, account):
		return wrong("口令由账号名或本平台名称加几个字符组成，容易被猜到", "the password is the account's or this platform's name and little else")
	}
	return nil
}

func wrong(zh, en string) *view.FieldError {
	return &view.FieldError{Field: "password", Text: view.Text{Zh: zh, En: en}}
}

// repeated says whether a text is a unit of at most six characters over and over, or
// has fewer than five different ones.
func repeated(s string) bool {
	r := []rune(s)
	different := map[rune]bool{}
	for _, c := range r {
		different[c] = true
	}
	if len(different) < 5 {
		return true
	}
	for unit := 1; unit <= 6; unit++ {
		same := true
		for i := unit; i < len(r) && same; i++ {
			same = r[i] == r[i-unit]
		}
		if same {
			return true
		}
	}
	return false
}

// run says whether nearly every character follows the one before in the alphabet, in
// the digits or in a row of the keyboard, up or down.
func run(s string) bool {
	const rows = "abcdefghijklmnopqrstuvwxyz 01234567890 qwertyuiop[] asdfghjkl;' zxcvbnm,./ 1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/"
	r := []rune(s)
	steps := 0
	for i := 1; i < len(r); i++ {
		pair, back := string(r[i-1:i+1]), string([]rune{r[i], r[i-1]})
		if r[i] != ' ' && r[i-1] != ' ' && (strings.Contains(rows, pair) || strings.Contains(rows, back)) {
			steps++
		}
	}
	return steps*10 >= (len(r)-1)*8
}

// leet undoes the signs that are put in the place of letters.
func leet() *strings.Replacer {
	return strings.NewReplacer("@", "a", "4", "a", "0", "o", "1", "l", "!", "i", "3", "e", "$", "s", "5", "s", "7", "t")
}

// letters takes away what people hang onto a word: digits and signs at both ends.
func letters(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r < utf8.RuneSelf && (r < 'a' || r > 'z') })
}

// isCommon says whether a password, or what remains of it without signs in the place of
// letters and without digits at its ends, stands in the list.
func isCommon(s string) bool {
	forms := map[string]bool{s: true, letters(s): true, leet().Replace(s): true, leet().Replace(letters(s)): true}
	for line := range strings.Lines(common) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") && forms[line] {
			return true
		}
	}
	return false
}

// names says whether a password holds the account's or this platform's name and fewer
// than eight characters beside it.
func names(s string, account []string) bool {
	for _, name := range append([]string{"lamppost", "路灯"}, account...) {
		name = strings.ToLower(name)
		if utf8.RuneCountInString(name) < 2 || !strings.Contains(s, name) {
			continue
		}
		if rest := strings.ReplaceAll(s, name, ""); utf8.RuneCountInString(rest) < 8 {
			return true
		}
	}
	return false
}

// Random returns a password for a person to type once: four groups of five letters and
// digits that are not mistaken for each other, 100 bits by chance.
func Random() string {
	t := strings.ToLower(rand.Text())[:20] // base32: a to z and 2 to 7
	return t[:5] + "-" + t[5:10] + "-" + t[10:15] + "-" + t[15:]
}
