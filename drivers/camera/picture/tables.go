package picture

import _ "embed"

// standardTables are the Huffman tables of ITU-T T.81 annex K.3 as one DHT
// segment: those that motion JPEG leaves out.
//
//go:embed standard.dht
var standardTables []byte
