package view

// MapLayer is one file of what lies below everything on the map, like its rivers or its
// roads, by what is kept of it.
type MapLayer struct {
	ID       string         `json:"id"`
	File     string         `json:"file"`     // the name of the file that it came from
	Imported int64          `json:"imported"` // Unix ms
	Kinds    map[string]int `json:"kinds"`    // how many lines or surfaces of each
	Points   int            `json:"points"`   // positions that are kept
}

// MapImport says what an import of a layer did, or would do.
type MapImport struct {
	DryRun   bool      `json:"dry_run"`
	Encoding string    `json:"encoding"`
	Read     int       `json:"read"` // features in the file
	Layer    MapLayer  `json:"layer"`
	Change   string    `json:"change"`   // added, replaced, none
	Dropped  int       `json:"dropped"`  // positions that nobody would see: less than a metre from the line without them
	LeftOut  []LeftOut `json:"left_out"` // features that are no part of a map; the most first, at most 20
}

// LeftOut are features that an import leaves out for one reason.
type LeftOut struct {
	What string `json:"what"` // what the file says they are, like highway=traffic_signals
	N    int    `json:"n"`
}
