package config

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Schema describes a configuration as a JSON Schema, for editors: the keys that Load
// decodes, with those of each driver's own options, which the driver is asked for.
// profiles are ids to propose. What needs two places of the file, only Load judges.
func Schema(kinds []drivers.Kind, profiles []string) yamldoc.Schema {
	s := yamldoc.SchemaOf(keys{}, note)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "Lamppost gateway configuration"
	s["description"] = "What one gateway reads, where it reports, and what it does on its own."
	in := func(path ...string) yamldoc.Schema {
		at := s
		for _, key := range path {
			at = at[key].(yamldoc.Schema)
		}
		return at
	}
	buses := in("properties", "buses", "additionalProperties")
	var one []yamldoc.Schema
	for _, kind := range busKinds {
		one = append(one, yamldoc.Schema{"required": []string{kind}})
	}
	buses["oneOf"] = one
	in("properties", "rules", "additionalProperties")["anyOf"] = []yamldoc.Schema{{"required": []string{"when", "severity"}}, {"required": []string{"levels"}}, {"required": []string{"use"}}}
	levels := in("properties", "rules", "additionalProperties", "properties", "levels")
	levels["propertyNames"] = yamldoc.Schema{"enum": severities}
	in("properties", "devices")["additionalProperties"] = deviceSchema(kinds, profiles)
	return s
}

// deviceSchema is one device: the keys of all, and those of its driver.
func deviceSchema(kinds []drivers.Kind, profiles []string) yamldoc.Schema {
	common := yamldoc.SchemaOf(deviceKeys{}, func(path string) yamldoc.Note { return note("devices.*." + path) })["properties"].(yamldoc.Schema)
	common["address"] = yamldoc.Schema{"description": notes["devices.*.address"],
		"anyOf": []yamldoc.Schema{{"type": "integer", "minimum": 0, "maximum": 255}, {"type": "string", "pattern": "^[0-9A-Za-z]$"}}}
	var names []string
	var each []yamldoc.Schema
	for _, k := range kinds {
		names = append(names, k.Name)
		is := yamldoc.Schema{"properties": yamldoc.Schema{"driver": yamldoc.Schema{"const": k.Name}}, "required": []string{"driver"}}
		if alone := profileAlone(kinds, k); alone != nil {
			is = yamldoc.Schema{"anyOf": []yamldoc.Schema{is, alone}}
		}
		each = append(each, yamldoc.Schema{"if": is, "then": kindSchema(k, common)})
	}
	common["driver"] = yamldoc.Schema{"description": notes["devices.*.driver"], "enum": names}
	common["profile"] = yamldoc.Schema{"type": "string", "description": notes["devices.*.profile"], "examples": profiles}
	return yamldoc.Schema{"type": "object", "properties": common,
		"anyOf": []yamldoc.Schema{{"required": []string{"driver"}}, {"required": []string{"profile"}}}, "allOf": each}
}

// profileAlone is a device without driver: whose profile means k; nil: none does. One
// that is not known here, a site's own, is taken for the first driver's.
func profileAlone(kinds []drivers.Kind, k drivers.Kind) yamldoc.Schema {
	if k.Profiles == nil {
		return nil
	}
	first := kinds[slices.IndexFunc(kinds, func(o drivers.Kind) bool { return o.Profiles != nil })]
	which := yamldoc.Schema{"enum": k.Profiles}
	if k.Name == first.Name {
		var others []string
		for _, o := range kinds {
			if o.Name != k.Name {
				others = append(others, o.Profiles...)
			}
		}
		if which = (yamldoc.Schema{}); others != nil {
			which["not"] = yamldoc.Schema{"enum": others}
		}
	}
	which["description"] = notes["devices.*.profile"]
	return yamldoc.Schema{"required": []string{"profile"}, "not": yamldoc.Schema{"required": []string{"driver"}},
		"properties": yamldoc.Schema{"profile": which}}
}

// errAsked ends the planning of a driver that was only asked for its options.
var errAsked = errors.New("only asked")

// kindSchema is a device of one driver: its options are those of the struct that it
// decodes. One that decodes nothing, or in a way of its own, is not judged. What the
// common keys hold is judged outside.
func kindSchema(k drivers.Kind, common yamldoc.Schema) yamldoc.Schema {
	var options any
	if _, err := k.Plan(func(out any) error {
		options = out
		return errAsked
	}); options == nil || err == nil {
		return yamldoc.Schema{}
	}
	t := reflect.TypeOf(options)
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return yamldoc.Schema{}
	}
	told := optionNotes(k.Readme)
	own := yamldoc.SchemaOf(options, func(path string) yamldoc.Note { return yamldoc.Note{Text: told[path]} })
	properties := own["properties"].(yamldoc.Schema)
	for key := range common {
		properties[key] = true
	}
	delete(own, "type")
	return own
}

// optionNotes takes the meaning of each option from a driver's page: the rows of the
// tables headed key, default, meaning.
func optionNotes(readme string) map[string]string {
	out, inside := map[string]string{}, false
	for line := range strings.Lines(readme) {
		line = strings.TrimSpace(line)
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		switch {
		case line == "| key | default | meaning |":
			inside = true
		case !strings.HasPrefix(line, "|"):
			inside = false
		case inside && len(cells) == 3:
			out[strings.Trim(cells[0], "`")] = strings.ReplaceAll(cells[2], "`", "")
		}
	}
	return out
}

// YAMLSchema says what UnmarshalNode reads.
func (*texts) YAMLSchema() yamldoc.Schema {
	one := yamldoc.Schema{"type": []string{"string", "number", "boolean"}}
	return yamldoc.Schema{"anyOf": []yamldoc.Schema{one, {"type": []string{"object", "null"}, "additionalProperties": false, "properties": yamldoc.Schema{"zh": one, "en": one}}}}
}

// YAMLSchema says what UnmarshalNode reads.
func (*action) YAMLSchema() yamldoc.Schema {
	id := yamldoc.Schema{"type": "string"}
	long := yamldoc.SchemaOf(struct {
		Output string `yaml:"output,required"`
		For    string `yaml:"for"`
	}{}, func(string) yamldoc.Note { return yamldoc.Note{} })
	return yamldoc.Schema{"anyOf": []yamldoc.Schema{id, long}}
}

// note says what there is to be said of a key.
func note(path string) yamldoc.Note {
	key := path[strings.LastIndexByte(path, '.')+1:]
	text, ok := notes[path]
	if test, in := obs.CheckNote(path); in {
		text, ok = test, true
	}
	if !ok {
		text = notes[key]
	}
	valid := words[key]
	if path == "outputs.*.active" || path == "devices.*.active" {
		valid = []string{"high", "low"}
	}
	return yamldoc.Note{Text: text, OneOf: slices.Clone(valid)}
}

// words are the keys of which only certain texts are valid, wherever they stand.
var words = map[string][]string{
	"language": {"zh", "en"},
	"trust[]":  {"kernel", "uplink"},
	"order":    {"oldest", "newest"},
	"compress": {"auto", "on", "off"},
	"severity": severities,
	"method":   methods,
	"then":     thens,
	"parity":   {"none", "even", "odd", "mark", "space"},
	"pull":     {"up", "down", "none"},
	"rs485":    {string(serial.Auto), string(serial.Kernel), string(serial.RTS), string(serial.RTSLow), string(serial.Off)},
	"echo":     {string(serial.EchoAuto), string(serial.EchoOn), string(serial.EchoOff)},
}

// YAMLSchema says what UnmarshalNode reads.
func (*pictures) YAMLSchema() yamldoc.Schema {
	long := yamldoc.SchemaOf(struct {
		Camera string `yaml:"camera,required"`
		After  string `yaml:"after"`
	}{}, func(path string) yamldoc.Note {
		return yamldoc.Note{Text: map[string]string{"camera": "The camera's id.", "after": "From the raise to the last picture, 2s to 10m; 0s: none."}[path]}
	})
	return yamldoc.Schema{"anyOf": []yamldoc.Schema{{"type": "string"}, long}}
}
