package chinese

// tables are all sentences.
var tables = [...][]pair{documents, assembled, parserWords, rules, packs, rehearsals, derived, gateways, wiring, duties, values, profiles, registers, messages, parts, faults, programs, others, options, system}
