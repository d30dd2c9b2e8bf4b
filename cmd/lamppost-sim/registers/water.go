package registers

// water has water-quality probes.
func water() []Table {
	return []Table{
		{ID: "phg-2091", Maker: "BOQU", Model: "PHG-2091", Title: text("pH 变送器", "pH meter"), Source: "distributor's page on the PHG-2091",
			Baud: 9600, Format: "8N1", Address: 1, Rows: []Row{
				holding(0x2600, "Temperature", f32, 1, "degC").dcba().in("water_temp", "Cel", 25),
				holding(0x2602, "pH", f32, 1, "pH").dcba().in("ph", "[pH]", 7.04),
			}},
	}
}
