package registers

// level has level probes, radars, range finders and flow meters.
func level() []Table {
	return []Table{
		{ID: "keller-36xw", Maker: "Keller", Model: "36XW", Title: text("投入式液位计", "submersible level probe"), Source: "Keller communication manual, series 30, v3.5",
			Baud: 9600, Format: "8N1", Address: 1, Also: []uint8{250}, Rows: []Row{
				holding(0x0000, "CH0", f32, 1, "bar"),
				holding(0x0002, "P1", f32, 1, "bar").in("level", "m", 1.5).places(0.001 * metreOfWater),
				holding(0x0004, "P2", f32, 1, "bar"),
				holding(0x0006, "T", f32, 1, "degC"),
				holding(0x0008, "TOB1", f32, 1, "degC").in("water_temp", "Cel", 18.4).places(0.01),
				holding(0x000A, "TOB2", f32, 1, "degC"),
			}},
	}
}
