package uart

import (
	"slices"

	"github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// schema describes a profile as a JSON Schema, for editors. What needs two places of the
// file, or its fixtures, only the parser judges.
func schema() yamldoc.Schema {
	s := yamldoc.SchemaOf(Profile{}, func(path string) yamldoc.Note {
		if text, ok := obs.CheckNote(path); ok {
			return yamldoc.Note{Text: text}
		}
		return yamldoc.Note{Text: notes[path], OneOf: slices.Clone(words[path])}
	})
	s["description"] = "A part that has a serial line to itself: its messages and where the channels stand in them, where that comes from, and traffic that proves it. One file, named after its id."
	return s
}

// YAMLSchema says what UnmarshalNode reads.
func (*Bytes) YAMLSchema() yamldoc.Schema {
	long := yamldoc.SchemaOf(hexKeys{}, func(string) yamldoc.Note { return yamldoc.Note{Text: "Hexadecimal digits, in pairs."} })
	return yamldoc.Schema{"anyOf": []yamldoc.Schema{{"type": []string{"string", "number", "boolean"}}, long}}
}

// YAMLSchema says what UnmarshalText reads.
func (*Hex) YAMLSchema() yamldoc.Schema {
	return yamldoc.Schema{"type": []string{"string", "integer"}, "pattern": `^(?:\s*[0-9A-Fa-f]){2,}\s*$`}
}

// YAMLSchema says what UnmarshalText reads.
func (*Type) YAMLSchema() yamldoc.Schema { return yamldoc.Schema{"enum": typeNames()} }

// YAMLSchema says what UnmarshalNode reads.
func (*Length) YAMLSchema() yamldoc.Schema {
	long := yamldoc.SchemaOf(lengthKeys{}, func(path string) yamldoc.Note {
		return yamldoc.Note{Text: notes["frame.length."+path], OneOf: slices.Clone(words["frame.length."+path])}
	})
	return yamldoc.Schema{"anyOf": []yamldoc.Schema{{"type": "integer", "minimum": 1, "maximum": maxFrame}, long}}
}

// words are the keys of which only certain texts are valid.
var words = map[string][]string{
	"line.parity":        {"none", "even", "odd"},
	"lines.sum":          {"none", "xor"},
	"fields.sum":         {"none", "xor"},
	"frame.stuffing":     {"none", "shdlc", "slip"},
	"frame.sum.kind":     sumNames(),
	"frame.sum.order":    {"be", "le"},
	"frame.length.order": modbus.OrderNames(),
	"channels[].order":   modbus.OrderNames(),
	"faults[].order":     modbus.OrderNames(),
	"faults[].means":     meanings,
}

const (
	noteBegins  = "What every message begins with; others are passed over, and noise before one is told from it."
	noteEnds    = "What ends a message; default a line feed, before which a carriage return is taken off."
	noteLongest = "Bytes in the longest message, with its end; default 128."
	noteSum     = "xor: the message ends with * and two hexadecimal digits, as in NMEA 0183; default none."
	noteOrder   = "Order of the bytes; a is the highest. Default abcd."
	noteBits    = "A field inside the number: 3 (one bit) or 4-7; bit 0 is the lowest."
)

// notes say what each key is for.
var notes = map[string]string{
	"checks":                "By channel: how its values are tested, over what the metric says.",
	"checks.*":              "The tests of one channel.",
	"id":                    "The part's id, in small letters; the file is called the same.",
	"name":                  "The part's name for people.",
	"name.zh":               "In Chinese.",
	"name.en":               "In English.",
	"maker":                 "Who makes it.",
	"source":                "Where the format of its messages was taken from.",
	"source.document":       "Title of the document, with its revision.",
	"source.section":        "The section in it.",
	"sure":                  "false while something in this file is not settled; doubts then says what.",
	"doubts":                "What is not settled, one sentence each.",
	"doubts[]":              "One sentence.",
	"notes":                 "What the person who installs the part should know.",
	"notes[]":               "One sentence.",
	"every":                 "The shortest interval at which it may be read.",
	"warm_up":               "How long values do not count after switching on.",
	"warm_up_source":        "Who states the warm-up; without one, who states that none is needed. Left out if nobody does.",
	"line":                  "The serial line, as the part is delivered.",
	"line.baud":             "Speed in bit/s.",
	"line.parity":           "Parity.",
	"line.stop":             "Stop bits, 1 or 2.",
	"line.data":             "Data bits, 8 or 7; default 8.",
	"timeout":               "How long the part may take to answer, or between two messages of one that talks by itself; default 2s.",
	"ask":                   "What is sent before each sample, a text or {hex: …}; without it the part talks by itself.",
	"start":                 "What sets the part up: sent after opening, after it was switched on, and after a sample that failed.",
	"start[]":               "One command.",
	"pause":                 "The silence after each of start; default 100ms.",
	"restarts":              "A text with which the part says that it was switched on, and has forgotten how it was set.",
	"lines":                 "Messages of text from which a regular expression takes the numbers.",
	"lines.begins":          noteBegins,
	"lines.ends":            noteEnds,
	"lines.longest":         noteLongest,
	"lines.sum":             noteSum,
	"lines.match":           "A regular expression (RE2) with a named group for each channel: (?P<level>…).",
	"fields":                "Messages of text that consist of fields.",
	"fields.begins":         noteBegins,
	"fields.ends":           noteEnds,
	"fields.longest":        noteLongest,
	"fields.sum":            noteSum,
	"fields.separator":      "What stands between two fields; default a comma.",
	"fields.count":          "How many fields every message has; tells a torn one.",
	"frame":                 "Messages of bytes.",
	"frame.starts":          "What every frame begins with, in hexadecimal digits: FF 86.",
	"frame.length":          "Bytes in a frame, or the place in it that says so.",
	"frame.length.at":       "Where the number begins, from 0.",
	"frame.length.type":     "How it is held: uint8, uint16.",
	"frame.length.order":    noteOrder,
	"frame.length.add":      "What the number does not count.",
	"frame.ends":            "What every frame ends with, in hexadecimal digits.",
	"frame.sum":             "The checksum; without it nothing guards the frame.",
	"frame.sum.kind":        "How it is reckoned; see the driver's page.",
	"frame.sum.from":        "The first byte in it; default 0. Negative numbers count from the frame's end.",
	"frame.sum.to":          "The first byte that is not in it any more; default where the checksum stands.",
	"frame.sum.at":          "Where it stands; default at the end, before ends.",
	"frame.sum.order":       "Of two bytes: be, the high one first, or le.",
	"frame.sum.poly":        "Of crc8: the polynomial without its highest bit, 0x31.",
	"frame.sum.init":        "Of crc8: what it begins from; default 0.",
	"frame.sum.xor":         "Of crc8: what the result is inverted with; default 0.",
	"frame.sum.reflected":   "Of crc8: the lowest bit goes first.",
	"frame.stuffing":        "How bytes are escaped: shdlc, slip; default none.",
	"frame.longest":         "Bytes in the longest frame, where the length is not fixed; default 256.",
	"channels":              "What the part measures, in the order in which it is shown.",
	"channels[]":            "One quantity, and where it stands in a message.",
	"channels[].name":       "A metric of the catalogue, with a qualifier where one is measured twice: temp.inlet.",
	"channels[].group":      "Of lines: the expression's group; default the name, with _ for its dot.",
	"channels[].field":      "Of fields: its number, the first is 0.",
	"channels[].key":        "Of fields: the field that begins so; the number is its rest, or the next field.",
	"channels[].suffix":     "Of text: what stands behind the number, a unit.",
	"channels[].words":      "Of text: words that stand for numbers.",
	"channels[].words.*":    "The number.",
	"channels[].at":         "Of frames: where the number begins, from 0; negative from the frame's end.",
	"channels[].type":       "Of frames: how the number is held.",
	"channels[].order":      noteOrder,
	"channels[].bits":       noteBits,
	"channels[].scale":      "value = raw × scale + offset. A decimal, or a quotient of two.",
	"channels[].offset":     "value = raw × scale + offset.",
	"channels[].min":        "The least the part can measure, in the metric's unit.",
	"channels[].max":        "The most the part can measure, in the metric's unit.",
	"channels[].resolution": "The step of its values; of whole numbers in frames their scale, if left out.",
	"channels[].missing":    "Texts, or raw numbers, that mean \"no value\".",
	"channels[].missing[]":  "One of them.",
	"faults":                "What the part says of itself in its messages.",
	"faults[]":              "A text, a field or a number that says it.",
	"faults[].text":         "Of text: a word that says it, wherever it stands in a message.",
	"faults[].field":        "Of fields: the number of the field that says it.",
	"faults[].at":           "Of frames: where the number that says it begins.",
	"faults[].type":         "Of frames: how that number is held.",
	"faults[].order":        noteOrder,
	"faults[].bits":         noteBits,
	"faults[].is":           "Any of these contents says it.",
	"faults[].is[]":         "A text, or a raw number.",
	"faults[].isnt":         "Any content but these says it.",
	"faults[].isnt[]":       "A text, or a raw number.",
	"faults[].means":        "instrument: values are flagged bad. warm-up, no-echo: there are no values.",
	"faults[].channels":     "The channels that it is about; default all.",
	"faults[].channels[]":   "A channel's name.",
	"fixtures":              "What the part sends, which this profile must decode; each channel in one of them.",
	"fixtures[]":            "What was sent, and what must come out.",
	"fixtures[].source":     "published, captured or constructed; and where.",
	"fixtures[].text":       "What the part sent, as text; escapes in double quotes.",
	"fixtures[].bytes":      "What the part sent, in hexadecimal digits.",
	"fixtures[].values":     "Every channel: 21.5, none, none/warm-up, 21.5/fail/range.",
	"fixtures[].values.*":   "A number, or none, and how it is judged.",
	"fixtures[].refused":    "Of traffic that is wrong: timeout, checksum, protocol or device.",
}
