package registers

// weather has wind vanes, anemometers, weather stations and noise meters.
func weather() []Table {
	return []Table{
		{ID: "sen0482", Maker: "DFRobot", Model: "SEN0482", Title: text("风向传感器", "wind vane"), Source: "DFRobot wiki SEN0482",
			Baud: 9600, Format: "8N1", Address: 2, Rows: []Row{
				holding(0x0000, "Wind direction angle", u16, 0.1, "deg").as("wind_dir", 90),
				holding(0x0001, "Wind direction, 16 sectors", u16, 1, ""),
			}},
		{ID: "sen0483", Maker: "DFRobot", Model: "SEN0483", Title: text("风速传感器", "anemometer"), Source: "DFRobot wiki SEN0483",
			Baud: 9600, Format: "8N1", Address: 2, Rows: []Row{
				holding(0x0000, "Wind speed", u16, 0.1, "m/s").as("wind_speed", 3.7),
			}},
		{ID: "weather-01f4", Model: "", Title: text("0x01F4 系列百叶箱气象站", "weather louver of the 0x01F4 family"),
			Source: "register list of the 0x01F4 family of louvers", Doubt: "one user of the map takes the wind speed in hundredths",
			Baud: 4800, Format: "8N1", Address: 1, Rows: []Row{
				holding(0x01F4, "Wind speed", u16, 0.1, "m/s").as("wind_speed", 2.5),
				holding(0x01F5, "Wind force", u16, 1, ""),
				holding(0x01F6, "Wind direction sector", u16, 1, ""),
				holding(0x01F7, "Wind direction", u16, 1, "deg").as("wind_dir", 90),
				holding(0x01F8, "Humidity", u16, 0.1, "%RH").in("rh", "%", 62.1),
				holding(0x01F9, "Temperature", s16, 0.1, "degC").in("temp", "Cel", 23.5),
				holding(0x01FA, "Noise", u16, 0.1, "dB").in("noise", "dB[SPL]", 50),
				holding(0x01FB, "PM2.5", u16, 1, "ug/m3").as("pm2_5", 12),
				holding(0x01FC, "PM10", u16, 1, "ug/m3").as("pm10", 23),
				holding(0x01FD, "Atmospheric pressure", u16, 0.1, "kPa").in("pressure", "hPa", 1012),
				holding(0x01FE, "Illuminance", u32, 1, "lux").in("illuminance", "lx", 25000),
				holding(0x0200, "Illuminance in hundreds", u16, 100, "lux"),
				holding(0x0201, "Rain", u16, 0.1, "mm").as("rain", 1.2),
				holding(0x0202, "Solar radiation", u16, 1, "W/m2").as("radiation", 450),
			}},
		{ID: "xy-md02", Model: "XY-MD02", Title: text("温湿度变送器（SHT20）", "temperature and humidity transmitter (SHT20)"), Source: "XY-MD02 manual",
			Baud: 9600, Format: "8N1", Address: 1, Rows: []Row{
				input(0x0001, "Temperature", s16, 0.1, "degC").in("temp", "Cel", 30.5),
				input(0x0002, "Humidity", u16, 0.1, "%RH").in("rh", "%", 54.6),
			}},
	}
}
