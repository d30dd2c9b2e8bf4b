package yamldoc

import (
	"encoding"
	"math"
	"reflect"
	"time"
)

// Schema is a JSON Schema (2020-12), ready to be marshalled.
type Schema = map[string]any

// Schemer is a type that reads itself and says what it accepts.
type Schemer interface{ YAMLSchema() Schema }

// Note is what a schema says of a key beyond its type.
type Note struct {
	Text  string   // for the person who writes the file
	OneOf []string // the texts that are valid; nil: any
}

// SchemaOf describes what Decode accepts into v, a struct or a pointer to one, as a
// JSON Schema for editors. note is asked for each key by its path, in which * stands
// for a map's keys and [] for a list's items: "buses.*.parity", "channels[].name".
//
// A schema is looser than Decode: it knows the shape of a file and nothing that
// depends on two of its places, and it lets a quoted number pass where a text may
// stand. What it refuses, Decode refuses.
func SchemaOf(v any, note func(path string) Note) Schema {
	s := schemer{note}
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return s.object(t, "")
}

type schemer struct{ note func(string) Note }

// of describes a value of type t. A map, list or pointer may also be left empty.
func (s schemer) of(t reflect.Type, path string) Schema {
	if t == reflect.TypeFor[*Node]() {
		return Schema{}
	}
	switch v := reflect.New(t).Interface().(type) {
	case Schemer:
		return v.YAMLSchema()
	case Unmarshaler:
		return Schema{}
	case *time.Duration:
		return Schema{"type": []string{"string", "integer"}, "pattern": durationPattern, "minimum": 0, "maximum": 0}
	case *Size:
		return Schema{"type": "string", "pattern": sizePattern}
	case encoding.TextUnmarshaler:
		return text()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return orNull(s.of(t.Elem(), path))
	case reflect.Struct:
		return orNull(s.object(t, path))
	case reflect.Map:
		return orNull(Schema{"type": "object", "additionalProperties": s.entry(t.Elem(), path+".*")})
	case reflect.Slice:
		return orNull(Schema{"type": "array", "items": s.entry(t.Elem(), path+"[]")})
	}
	return plainSchema(t)
}

const (
	amount          = `(?:\d+\.?\d*|\.\d+)`
	durationPattern = `^(?:` + amount + `(?:d|h|m|s|ms))+$|^0$`
	sizePattern     = `^` + amount + `(?:B|[kKMGT]B|[KMGT]iB)$`
)

// text is any single value: a text takes what looks like a number as it is written.
func text() Schema { return Schema{"type": []string{"string", "number", "boolean"}} }

func plainSchema(t reflect.Type) Schema {
	switch t.Kind() {
	case reflect.Bool:
		return Schema{"type": "boolean"}
	case reflect.String:
		return text()
	case reflect.Float32, reflect.Float64:
		return Schema{"type": "number"}
	case reflect.Int, reflect.Int64:
		return Schema{"type": "integer"}
	case reflect.Uint, reflect.Uint64:
		return Schema{"type": "integer", "minimum": 0}
	case reflect.Int8, reflect.Int16, reflect.Int32:
		return Schema{"type": "integer", "minimum": -math.Exp2(float64(t.Bits() - 1)), "maximum": math.Exp2(float64(t.Bits()-1)) - 1}
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return Schema{"type": "integer", "minimum": 0, "maximum": math.Exp2(float64(t.Bits())) - 1}
	}
	return Schema{}
}

// entry describes a value with what there is to be said of it.
func (s schemer) entry(t reflect.Type, path string) Schema {
	out := s.of(t, path)
	n := s.note(path)
	if n.Text != "" {
		out["description"] = n.Text
	}
	if n.OneOf != nil {
		delete(out, "type")
		out["enum"] = n.OneOf
	}
	return out
}

func (s schemer) object(t reflect.Type, path string) Schema {
	properties, required := Schema{}, []string{}
	fields, _ := fieldsOf(t, nil) // a wrong tag is told by whoever decodes
	for _, f := range fields {
		at := f.key
		if path != "" {
			at = path + "." + f.key
		}
		is := t.FieldByIndex(f.index).Type
		one := s.entry(is, at)
		bounded(one, is, f.limits)
		properties[f.key] = one
		if f.required {
			required = append(required, f.key)
		}
	}
	out := Schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

// orNull lets a key stand without a value.
func orNull(s Schema) Schema {
	switch t := s["type"].(type) {
	case string:
		if t == "object" || t == "array" {
			s["type"] = []string{t, "null"}
		}
	}
	return s
}
