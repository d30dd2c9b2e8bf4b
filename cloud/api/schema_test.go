package api

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// checker judges documents by the schemas of openapi.json: the part of JSON Schema
// that the file uses, and it fails on what it does not know.
type checker struct{ doc map[string]any }

func newChecker(t *testing.T) checker {
	t.Helper()
	var c checker
	if err := json.Unmarshal(openAPI, &c.doc); err != nil {
		t.Fatal(err)
	}
	return c
}

// resolve follows a $ref.
func (c checker) resolve(s map[string]any) map[string]any {
	ref, ok := s["$ref"].(string)
	if !ok {
		return s
	}
	at := c.doc
	for _, name := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		next, ok := at[name].(map[string]any)
		if !ok {
			panic("openapi.json: nothing at " + ref)
		}
		at = next
	}
	return c.resolve(at)
}

func (c checker) check(path string, schema map[string]any, v any) error {
	s := c.resolve(schema)
	for k := range s {
		switch k {
		case "type", "properties", "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems", "enum", "description", "pattern":
		default:
			return fmt.Errorf("%s: the checker does not know %q", path, k)
		}
	}
	if t, ok := s["type"]; ok && !slices.Contains(words(t), kind(v)) && !(kind(v) == "integer" && slices.Contains(words(t), "number")) {
		return fmt.Errorf("%s is %s, want %v", path, kind(v), t)
	}
	if e, ok := s["enum"].([]any); ok && !slices.Contains(e, v) {
		return fmt.Errorf("%s is %v, want one of %v", path, v, e)
	}
	switch v := v.(type) {
	case map[string]any:
		return c.object(path, s, v)
	case []any:
		return c.array(path, s, v)
	}
	return nil
}

func (c checker) object(path string, s map[string]any, v map[string]any) error {
	for _, name := range words(s["required"]) {
		if _, ok := v[name]; !ok {
			return fmt.Errorf("%s has no %q", path, name)
		}
	}
	props, _ := s["properties"].(map[string]any)
	for name, value := range v {
		sub, ok := props[name].(map[string]any)
		if !ok {
			if s["additionalProperties"] == false {
				return fmt.Errorf("%s has %q, which the schema does not", path, name)
			}
			if sub, ok = s["additionalProperties"].(map[string]any); !ok {
				continue
			}
		}
		if err := c.check(path+"."+name, sub, value); err != nil {
			return err
		}
	}
	return nil
}

func (c checker) array(path string, s map[string]any, v []any) error {
	if n, ok := s["minItems"].(float64); ok && len(v) < int(n) {
		return fmt.Errorf("%s has %d items, want %v", path, len(v), n)
	}
	if n, ok := s["maxItems"].(float64); ok && len(v) > int(n) {
		return fmt.Errorf("%s has %d items, want %v", path, len(v), n)
	}
	prefix, _ := s["prefixItems"].([]any)
	items, _ := s["items"].(map[string]any)
	for i, e := range v {
		sub := items
		if i < len(prefix) {
			sub = prefix[i].(map[string]any)
		}
		if sub == nil {
			continue
		}
		if err := c.check(fmt.Sprintf("%s[%d]", path, i), sub, e); err != nil {
			return err
		}
	}
	return nil
}

func kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == math.Trunc(v) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

func words(v any) (out []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, w := range v {
			out = append(out, w.(string))
		}
	}
	return out
}

// response returns the schema of one answer; nil if it is not JSON.
func (c checker) response(t *testing.T, method, path, status string) map[string]any {
	t.Helper()
	at := c.doc["paths"].(map[string]any)
	for _, k := range []string{path, strings.ToLower(method), "responses", status} {
		next, ok := at[k].(map[string]any)
		if !ok {
			t.Fatalf("openapi.json has no %s %s %s (at %q)", method, path, status, k)
		}
		at = c.resolve(next)
	}
	content, _ := at["content"].(map[string]any)
	media, ok := content["application/json"].(map[string]any)
	if !ok {
		return nil
	}
	return media["schema"].(map[string]any)
}

// The checker itself must be able to fail.
func TestCheckerFails(t *testing.T) {
	c := newChecker(t)
	for schema, docs := range map[string][]string{
		"Gap":    {`{}`, `[]`, `{"gateway":"g","from":1.5,"to":2,"why":"x","detail":""}`, `{"gateway":"g","from":1,"to":2,"why":"x","detail":"","more":1}`},
		"Series": {`{"stream":{},"points":[],"gaps":[],"reduced":true}`},
		"Camera": {`{"gateway":"g","device":"d","image":1,"t":null}`},
		"Values": {`{"now":1,"values":[{"v":"7"}]}`},
	} {
		for _, doc := range docs {
			var v any
			if err := json.Unmarshal([]byte(doc), &v); err != nil {
				t.Fatal(err)
			}
			if c.check("$", map[string]any{"$ref": "#/components/schemas/" + schema}, v) == nil {
				t.Errorf("%s is taken as a %s", doc, schema)
			}
		}
	}
}
