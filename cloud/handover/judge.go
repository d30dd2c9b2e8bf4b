package handover

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Limits of what a person may write, in characters, and of a shift.
const (
	maxNotes = 4000
	maxNote  = 1000
	maxTodo  = 50
	maxLine  = 200
	maxWord  = 128
	maxShift = 7 * 24 * time.Hour
	// ahead is how long before its end a shift may be handed over.
	ahead = 24 * time.Hour
)

// judge cleans what a person wrote, and says what cannot be kept. Whether there is such an
// area, the caller has judged.
func judge(h *view.Handover) error {
	if err := CheckShift(h.From, h.To, h.Written); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		text *string
		most int
		long bool
	}{{"roster", &h.Roster, maxWord, false}, {"next", &h.Next, maxWord, false}, {"notes", &h.Notes, maxNotes, true}} {
		if err := checkText(f.name, f.text, f.most, f.long); err != nil {
			return err
		}
	}
	if len(h.Todo) > maxTodo {
		return wrong("todo", fmt.Sprintf("待办最多 %d 条", maxTodo), fmt.Sprintf("there are at most %d things to do", maxTodo))
	}
	todo := []string{}
	for i, line := range h.Todo {
		if err := checkText(fmt.Sprintf("todo.%d", i), &line, maxLine, false); err != nil {
			return err
		}
		if line != "" {
			todo = append(todo, line)
		}
	}
	h.Todo = todo
	return nil
}

// CheckShift judges the times of a shift, in Unix milliseconds: it lasts at most a week, has
// begun, and ends within a day from now. The error is a *view.FieldError.
func CheckShift(from, to, now int64) error {
	switch {
	case from < 1 || from > now:
		return wrong("from", "班次应已开始", "the shift must have begun")
	case to <= from || to-from > maxShift.Milliseconds():
		return wrong("to", "班次最长 7 天，且结束晚于开始", "a shift ends after it begins, and lasts at most 7 days")
	case to > now+ahead.Milliseconds():
		return wrong("to", "班次应在 24 小时内结束", "the shift must end within 24 hours")
	}
	return nil
}

// checkText cleans a text and judges it.
func checkText(field string, text *string, most int, lines bool) error {
	*text = strings.TrimSpace(strings.ReplaceAll(*text, "\r\n", "\n"))
	switch {
	case utf8.RuneCountInString(*text) > most:
		return wrong(field, fmt.Sprintf("最多 %d 个字符", most), fmt.Sprintf("at most %d characters", most))
	case !utf8.ValidString(*text) || strings.ContainsFunc(*text, func(r rune) bool {
		return unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r) && (!lines || r != '\n' && r != '\t')
	}):
		return wrong(field, "含有不可见字符", "it has invisible characters")
	}
	return nil
}

func wrong(field, zh, en string) error {
	return &view.FieldError{Field: field, Text: view.Text{Zh: zh, En: en}}
}
