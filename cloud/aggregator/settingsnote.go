package aggregator

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// settingsFile keeps, in the data directory, the settings as the audit log knows them.
const settingsFile = "settings.audited"

// mostChanges is how many settings that have changed get a line of their own.
const mostChanges = 200

// noteSettings writes into the audit log which settings are others than at the last start:
// each with what it was and is, of secrets and addresses only that they are others. A program
// that dies between the two writes says it twice.
func (p *parts) noteSettings(ctx context.Context, key []byte) error {
	path := filepath.Join(p.o.Settings.Data, settingsFile)
	now := flatSettings(p.o.Settings, key)
	was, err := readSettings(path)
	if err != nil {
		return storage(err)
	}
	lines := settingLines(was, now)
	if len(lines) == 0 {
		return nil
	}
	err = p.db.Write(ctx, func(tx *sql.Tx) error {
		for _, e := range lines {
			e.At, e.Who, e.Result = time.Now().UnixMilli(), "system", "done"
			if err := p.audit.Append(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return storage(err)
	}
	b, err := json.Marshal(now)
	if err == nil {
		err = os.WriteFile(path+".part", b, 0o600)
	}
	if err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		return storage(err)
	}
	return nil
}

// readSettings reads the settings of the last start; nil: there was none, or what is left of
// it is damaged.
func readSettings(path string) (was map[string]string, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(b, &was) != nil {
		return nil, nil
	}
	return was, nil
}

// settingLines are the lines of the audit log about what has changed.
func settingLines(was, now map[string]string) (out []view.Audit) {
	if was == nil {
		return []view.Audit{{What: "settings.begin", New: fmt.Sprintf("%d settings", len(now))}}
	}
	keys := slices.Sorted(maps.Keys(now))
	for k := range was {
		if _, still := now[k]; !still {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for i, k := range keys {
		if was[k] == now[k] {
			continue
		}
		if len(out) == mostChanges {
			return append(out, view.Audit{What: "settings.change", New: fmt.Sprintf("and more, from %s on, of %d settings", k, len(keys)-i)})
		}
		out = append(out, view.Audit{What: "settings.change", About: k, Old: was[k], New: now[k]})
	}
	return out
}

// flatSettings are settings by their paths in the file. key hides secrets.
func flatSettings(settings any, key []byte) map[string]string {
	f := flat{out: map[string]string{}, key: key}
	f.walk("", reflect.ValueOf(settings))
	return f.out
}

type flat struct {
	out map[string]string
	key []byte
}

// walk notes a value and what is in it.
func (f *flat) walk(path string, v reflect.Value) {
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if !v.IsNil() {
			f.walk(path, v.Elem())
		}
		return
	}
	if text, ok := f.text(v); ok {
		f.put(path, text)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			if field.IsExported() && name != "-" {
				f.walk(strings.TrimPrefix(path+"."+cmp.Or(name, strings.ToLower(field.Name)), "."), v.Field(i))
			}
		}
	case reflect.Map:
		for at := v.MapRange(); at.Next(); {
			f.walk(fmt.Sprintf("%s.%v", path, at.Key()), at.Value())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			f.walk(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	}
}

// text is what a value is written as; ok is false for what consists of others.
func (f *flat) text(v reflect.Value) (text string, ok bool) {
	if !v.CanInterface() {
		return "", true
	}
	switch x := v.Interface().(type) {
	case encoding.TextMarshaler:
		b, err := x.MarshalText()
		return string(b), err == nil
	case fmt.Stringer:
		return x.String(), true
	}
	switch v.Kind() {
	case reflect.Struct, reflect.Map, reflect.Slice, reflect.Array:
		return "", false
	case reflect.Func, reflect.Chan:
		return "", true
	}
	return fmt.Sprint(v.Interface()), true
}

// put notes a value. The addresses of robots have their keys in them.
func (f *flat) put(path, text string) {
	if text == "" {
		return
	}
	last := path[strings.LastIndexByte(path, '.')+1:]
	if slices.ContainsFunc([]string{"token", "secret", "password", "url", "key"}, func(word string) bool { return last == word }) {
		h := hmac.New(sha256.New, f.key)
		h.Write([]byte(path + "\n" + text))
		text = fmt.Sprintf("hidden, %x", h.Sum(nil)[:4])
	}
	f.out[path] = text
}
