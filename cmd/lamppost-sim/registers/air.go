package registers

// air has gas and dust sensors.
func air() []Table {
	return []Table{
		{ID: "senseair-s8", Maker: "Senseair", Model: "S8", Title: text("二氧化碳传感器", "CO2 sensor"), Source: "Senseair S8 Modbus specification",
			Baud: 9600, Format: "8N1", Address: 0xFE, Wakes: true, Rows: []Row{
				tells(4, 0, "Status", "*", 0, 0x0020),
				holds(4, 1, "Alarm status", 0), holds(4, 2, "Output status", 0),
				input(3, "CO2", u16, 1, "ppm").in("co2", "[ppm]", 412),
			}},
	}
}
