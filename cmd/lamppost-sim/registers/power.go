package registers

// power has meters and inverters.
func power() []Table {
	return []Table{
		{ID: "sdm120", Maker: "Eastron", Model: "SDM120", Title: text("单相电能表", "single-phase energy meter"), Source: "Eastron SDM120 Modbus protocol",
			Baud: 2400, Format: "8N1", Address: 1, Rows: []Row{
				input(0x0000, "Voltage", f32, 1, "V").as("voltage", 230.2).places(0.1),
				input(0x0006, "Current", f32, 1, "A").as("current", 5.362).places(0.001),
				input(0x000C, "Active power", f32, 1, "W").as("power", 1234).places(0.1),
				input(0x0012, "Apparent power", f32, 1, "VA"),
				input(0x0018, "Reactive power", f32, 1, "var"),
				input(0x001E, "Power factor", f32, 1, "").in("power_factor", "1", 0.98).places(0.001),
				input(0x0046, "Frequency", f32, 1, "Hz").as("frequency", 50).places(0.01),
				input(0x0048, "Import active energy", f32, 1, "kWh").in("energy", "kW.h", 1024.5).places(0.01),
				input(0x004A, "Export active energy", f32, 1, "kWh"),
				input(0x0156, "Total active energy", f32, 1, "kWh"),
			}},
	}
}
