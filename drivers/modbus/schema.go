package modbus

import (
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// schema describes a profile as a JSON Schema, for editors. What needs two places of
// the file, or its fixtures, only ParseProfile judges.
func schema() yamldoc.Schema {
	s := yamldoc.SchemaOf(Profile{}, func(path string) yamldoc.Note {
		if text, ok := obs.CheckNote(path); ok {
			return yamldoc.Note{Text: text}
		}
		return noteOf(path)
	})
	s["required"] = append(s["required"].([]string), "identify")
	s["description"] = "A Modbus part: its channels and their registers, where that comes from, and exchanges that prove it. One file, named after its id."
	return s
}

// noteOf is what the schema says of a key.
func noteOf(path string) yamldoc.Note { return yamldoc.Note{Text: notes[path], OneOf: words[path]} }

// words are the keys of which only certain texts are valid.
var words = map[string][]string{
	"line.parity":              {"none", "even", "odd"},
	"channels[].type":          codec.TypeNames(),
	"facts[].type":             codec.TypeNames(),
	"identify.type":            codec.TypeNames(),
	"channels[].order":         codec.OrderNames(),
	"facts[].order":            codec.OrderNames(),
	"identify.order":           codec.OrderNames(),
	"signs[].type":             codec.TypeNames(),
	"signs[].order":            codec.OrderNames(),
	"status[].type":            codec.TypeNames(),
	"status[].order":           codec.OrderNames(),
	"status[].flag":            {"fail", "suspect", "missing"},
	"status[].why":             {"instrument", "warm-up", "calibration", "maintenance", "switched-off", "manual"},
	"channels[].decimals.type": codec.TypeNames(),
}

// notes say what each key is for.
var notes = map[string]string{
	"checks":                       "By channel: how its values are tested, over what the metric says.",
	"checks.*":                     "The tests of one channel.",
	"id":                           "The part's id, in small letters; the file is called the same.",
	"name":                         "The part's name for people.",
	"name.zh":                      "In Chinese.",
	"name.en":                      "In English.",
	"maker":                        "Who makes it.",
	"source":                       "Where the register map was taken from.",
	"source.document":              "Title of the document, with its revision.",
	"source.section":               "The section in it.",
	"sure":                         "false while something in this file is not settled; doubts then says what.",
	"doubts":                       "What is not settled, one sentence each.",
	"doubts[]":                     "One sentence.",
	"notes":                        "What the person who installs the part should know.",
	"notes[]":                      "One sentence.",
	"line":                         "The serial line, as the part is delivered.",
	"line.baud":                    "Speed in bit/s.",
	"line.parity":                  "Parity.",
	"line.stop":                    "Stop bits, 1 or 2.",
	"address":                      "The part's address as delivered.",
	"timeout":                      "How long the part may take before it answers; default 500ms.",
	"turnaround":                   "The silence it wants between two requests; default none.",
	"every":                        "The shortest interval at which it may be read.",
	"warm_up":                      "How long values do not count after switching on.",
	"warm_up_source":               "Who states the warm-up; without one, who states that none is needed. Left out if nobody does.",
	"max_registers":                "Registers in one request, 1 to 125; default 125. Many small parts allow fewer.",
	"max_bits":                     "Coils or inputs in one request, 1 to 2000; default 2000.",
	"gap":                          "How many unused registers or bits may be read over to save a request; default 0.",
	"identify":                     "What only this part answers, asked before its values count, and again after each failure; or none, if its document names no such thing.",
	"identify.function":            "3 (holding registers) or 4 (input registers).",
	"identify.register":            "Address on the wire, counted from 0.",
	"identify.type":                "How the registers hold the number.",
	"identify.text":                "So many registers of text, two characters each.",
	"identify.order":               "Order of the bytes; a is the highest.",
	"identify.equals":              "What the registers hold, in the order abcd; a list where models differ.",
	"identify.begins":              "What the text begins with.",
	"identify.vendor":              "What the vendor's name begins with, asked by function 43/14.",
	"identify.product":             "What the product code begins with, asked by function 43/14.",
	"signs":                        "What the part answers and others may, too: looked at after the first values; what does not fit is told as a suspicion.",
	"signs[]":                      "A register that the part has, and what is known of its content.",
	"signs[].function":             "3 (holding registers) or 4 (input registers).",
	"signs[].register":             "Address on the wire, counted from 0.",
	"signs[].type":                 "How the registers hold the number.",
	"signs[].text":                 "So many registers of text, two characters each.",
	"signs[].order":                "Order of the bytes; a is the highest.",
	"signs[].begins":               "What the text begins with, as those of several models do.",
	"signs[].not":                  "Beginnings that are known to be those of other models.",
	"signs[].not[]":                "One beginning, like YL01.",
	"signs[].own_address":          "true: it holds the part's address on the line.",
	"signs[].among":                "It holds one of these, in the order abcd.",
	"signs[].among[]":              "One content, like 0.",
	"signs[].within":               "It holds a number from the first of these to the second.",
	"signs[].within[]":             "A whole number.",
	"signs[].repeats":              "It holds a channel's value once more.",
	"signs[].scale":                "value = number × scale. A decimal, or a quotient of two.",
	"signs[].by":                   "How far it may be from what was read of the channel, in the metric's unit: both were not read at once.",
	"start":                        "The request after which the part measures; it carries nothing.",
	"start.function":               "3 or 4 (asks for count registers, or none), or 16 (writes none).",
	"start.register":               "Address on the wire, counted from 0.",
	"start.count":                  "How many registers are asked for; default none.",
	"status":                       "Registers in which the part says what its values are worth.",
	"status[]":                     "One register, and with which contents the values count.",
	"status[].function":            "3 (holding registers) or 4 (input registers).",
	"status[].register":            "Address on the wire, counted from 0.",
	"status[].type":                "How the registers hold the number.",
	"status[].order":               "Order of the bytes; a is the highest.",
	"status[].bits":                "A field inside the number: 3 (one bit) or 4-7; bit 0 is the lowest.",
	"status[].ok":                  "Contents with which the values count.",
	"status[].ok[]":                "One content, like 0.",
	"status[].flag":                "How the values are flagged with any other; default fail.",
	"status[].why":                 "The reason that is given; default instrument.",
	"status[].channels":            "The channels it speaks of; default all.",
	"status[].channels[]":          "A channel of this profile.",
	"facts":                        "What the part says of itself: serial number, firmware. Shown to people, never stored as a value.",
	"facts[]":                      "A number (type) or a text (text).",
	"facts[].name":                 "Its name: serial_number, firmware.",
	"facts[].function":             "3 (holding registers) or 4 (input registers).",
	"facts[].register":             "Address on the wire, counted from 0.",
	"facts[].type":                 "How the registers hold the number.",
	"facts[].text":                 "So many registers of text, two characters each.",
	"facts[].order":                "Order of the bytes; a is the highest.",
	"channels":                     "What the part measures, in the order in which it is shown.",
	"channels[]":                   "One quantity, and where it stands.",
	"channels[].name":              "A metric of the catalogue, with a qualifier where one is measured twice: temp.inlet.",
	"channels[].function":          "1 (coil), 2 (discrete input), 3 (holding register) or 4 (input register).",
	"channels[].register":          "Address on the wire, counted from 0: \"40003\" in a manual is usually function 3, register 2.",
	"channels[].type":              "How the registers hold the number; a coil or input has none.",
	"channels[].order":             "Order of the bytes on the wire; a is the highest. Default abcd.",
	"channels[].bits":              "A field inside the number: 3 (one bit) or 4-7; bit 0 is the lowest.",
	"channels[].scale":             "value = raw × scale + offset. A decimal, or a quotient of two.",
	"channels[].offset":            "value = raw × scale + offset.",
	"channels[].min":               "The least the part can measure, in the metric's unit.",
	"channels[].max":               "The most the part can measure, in the metric's unit.",
	"channels[].resolution":        "The step of its values, where it is not the scale.",
	"channels[].decimals":          "Where the part keeps how many of the number's digits are decimals.",
	"channels[].decimals.register": "Address on the wire, counted from 0.",
	"channels[].decimals.type":     "How the register holds it.",
	"channels[].optional":          "true: models of the series do without it and refuse it.",
	"channels[].missing":           "Register contents that mean \"no value\".",
	"channels[].missing[]":         "One content, like 0x7FFF.",
	"fixtures":                     "Exchanges that this profile must decode; each channel and fact in one of them.",
	"fixtures[]":                   "A request, the answer to it, and what must come out.",
	"fixtures[].source":            "published, captured or constructed; and where.",
	"fixtures[].request":           "The whole RTU frame in hex, with its CRC.",
	"fixtures[].response":          "The whole RTU frame in hex, with its CRC.",
	"fixtures[].values":            "The channels' values, exactly; none for a channel without one.",
	"fixtures[].values.*":          "A number, with flag and reason where it is not good (412/fail/instrument), or none.",
	"fixtures[].status":            "What the status registers in the answer make of channels.",
	"fixtures[].status.*":          "pass, or flag and reason, like fail/instrument.",
	"fixtures[].facts":             "The facts, as texts.",
	"fixtures[].facts.*":           "The text, or the number in quotes.",
}
