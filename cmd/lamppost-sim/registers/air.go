package registers

// air has gas and dust sensors.
func air() []Table {
	return []Table{
		{ID: "senseair-s8", Maker: "Senseair", Model: "S8", Title: text("二氧化碳传感器", "CO2 sensor"), Source: "Senseair S8 Modbus specification",
			Baud: 9600, Format: "8N1", Address: 0xFE, Wakes: true, Keeps: map[uint16]uint16{0x1F: 180}, Rows: []Row{
				tells(4, 0, "Status", "*", 0, 0x0011),
				holds(4, 1, "Alarm status", 0), holds(4, 2, "Output status", 0),
				input(3, "CO2", u16, 1, "ppm").in("co2", "[ppm]", 412),
				holds(4, 0x19, "Type, memory map, firmware, serial number", 0, 1, 1, 0x014F, 0x0319, 0x2C50),
			}},
		{ID: "sen0662", Maker: "DFRobot", Model: "SEN0662", Title: text("颗粒物传感器（BMV080）", "dust sensor (BMV080)"), Source: "DFRobot wiki SEN0662",
			Doubt: "what the status says", Address: 1, Rows: []Row{
				holds(4, 0x0000, "Product id", 0x0296),
				tells(4, 0x0004, "Status", "*", 0, 1),
				input(0x0006, "PM1", f32, 1, "ug/m3").as("pm1", 8.5),
				input(0x0008, "PM2.5", f32, 1, "ug/m3").as("pm2_5", 14.25),
				input(0x000A, "PM10", f32, 1, "ug/m3").as("pm10", 22.75),
			}},
		{ID: "cpn-air", Maker: "CPN", Title: text("室外空气站", "outdoor air station"), Source: "greenioiot repository",
			Doubt: "function, types, scales and units", Address: 255, Rows: []Row{
				either(0x0003, "SO2", u16, 1, "ug/m3").as("so2", 11),
				either(0x0004, "NO2", u16, 1, "ug/m3").as("no2", 37), either(0x0005, "CO", u16, 0.1, "mg/m3").as("co", 0.7),
				either(0x0006, "O3", u16, 1, "ug/m3").as("o3", 84),
				either(0x0007, "PM2.5", u16, 1, "ug/m3").as("pm2_5", 33),
				either(0x0008, "PM10", u16, 1, "ug/m3").as("pm10", 48),
				either(0x0009, "Temperature", s16, 0.1, "degC").in("temp", "Cel", 28.5),
				either(0x000A, "Relative humidity", u16, 0.1, "%RH").in("rh", "%", 66.5),
			}},
	}
}
