package registers

// weather has wind vanes, anemometers, weather stations and noise meters.
func weather() []Table {
	return append(wind(), stations()...)
}

func wind() []Table {
	return []Table{
		{ID: "sen0482", Maker: "DFRobot", Model: "SEN0482", Title: text("风向传感器", "wind vane"), Source: "DFRobot wiki SEN0482",
			Baud: 9600, Format: "8N1", Address: 2, Rows: []Row{
				holding(0x0000, "Wind direction angle", u16, 0.1, "deg").as("wind_dir", 90),
				holding(0x0001, "Wind direction, 16 sectors", u16, 22.5, "deg").again("wind_dir", "deg").around(16),
			}},
		{ID: "sen0483", Maker: "DFRobot", Model: "SEN0483", Title: text("风速传感器", "anemometer"), Source: "DFRobot wiki SEN0483",
			Baud: 9600, Format: "8N1", Address: 2, Rows: []Row{
				holding(0x0000, "Wind speed", u16, 0.1, "m/s").as("wind_speed", 3.7),
			}},
		{ID: "sen0657", Maker: "DFRobot", Model: "SEN0657/SEN0658", Title: text("超声波风速风向仪", "ultrasonic anemometer"), Source: "DFRobot wiki SEN0658",
			Baud: 4800, Format: "8N1", Address: 1, Rows: []Row{
				holding(0x01F4, "Wind speed", u16, 0.1, "m/s").as("wind_speed", 4.2),
				holding(0x01F6, "Wind direction, 8 sectors", u16, 45, "deg").as("wind_dir", 135).around(8),
			}},
		{ID: "rs-fsjt-n01", Maker: "Renke", Model: "RS-FSJT-N01", Title: text("风速变送器", "anemometer"), Source: "Renke RS-FSJT-N01 manual",
			Baud: 4800, Format: "8N1", Address: 1, Also: []uint8{0xFF}, Rows: []Row{
				holding(0x0000, "Wind speed", u16, 0.1, "m/s").as("wind_speed", 3.7),
			}},
		{ID: "rs-fx-n01", Maker: "Renke", Model: "RS-FX-N01", Title: text("风向变送器", "wind vane"), Source: "RS-FX-N01 manual V1.0, p. 9-10",
			Baud: 4800, Format: "8N1", Address: 1, Rows: []Row{
				holding(0x0000, "Wind direction, 8 sectors", u16, 45, "deg").again("wind_dir", "deg").around(8),
				holding(0x0001, "Wind direction, degrees", u16, 1, "deg").as("wind_dir", 90),
			}},
		{ID: "adtek-wsa", Maker: "Adtek", Model: "WSA", Title: text("风速与风量变送器", "wind speed and air volume transmitter"), Source: "Adtek WSA manual",
			Doubt: "order of the words of the number with a point", Baud: 4800, Format: "8N1", Address: 1, Rows: []Row{
				holding(0x0000, "Wind speed", u16, 0.1, "m/s").as("wind_speed", 5.1),
				holding(0x0001, "Air volume", u16, 0.1, "m3/h").again("air_flow", "m3/h"),
				holding(0x0002, "Air volume, real", f32, 1, "m3/h").as("air_flow", 1834.5),
				own(3, 0x07D0), holds(3, 0x07D1, "Baud rate", 1),
			}},
		{ID: "xm8589", Maker: "Xunchip", Model: "XM8589", Title: text("风速变送器", "anemometer"), Source: "Xunchip product page",
			Doubt: "the scale is not printed", Baud: 9600, Format: "8N1", Address: 1, Rows: []Row{
				holding(0x0000, "Wind speed", u16, 0.1, "m/s").as("wind_speed", 6.3),
				own(3, 0x0066), holds(3, 0x0067, "Baud rate", 2),
			}},
		{ID: "wm80", Maker: "Vaisala", Model: "WM80", Title: text("超声波风传感器", "ultrasonic wind sensor"), Source: "Vaisala WM80 documentation",
			Doubt: "function, order of the words and units", Address: 1, Rows: []Row{
				either(0x0000, "Wind speed", f32, 1, "m/s").as("wind_speed", 7.25),
				either(0x0002, "Wind direction", f32, 1, "deg").as("wind_dir", 211.5),
				either(0x0004, "Wind speed, instant", f32, 1, "m/s"),
				either(0x0008, "Wind speed, average", f32, 1, "m/s"),
				either(0x000C, "Wind lull", f32, 1, "m/s").as("wind_speed.lull", 5.25),
				either(0x000E, "Wind gust", f32, 1, "m/s").as("wind_gust", 9.75),
				either(0x0014, "Sonic temperature", f32, 1, "degC").in("temp.sonic", "Cel", 12.5),
				tells(0, 0x0201, "Error", "*", 0, 1),
			}},
		{ID: "metsens200", Maker: "Campbell Scientific", Model: "MetSENS200", Title: text("超声波风传感器", "ultrasonic wind sensor"), Source: "MetSENS manual",
			Doubt: "order of the words", Address: 1, Rows: []Row{
				holding(0, "Wind direction", f32, 1, "deg").as("wind_dir", 77),
				holding(2, "Wind speed", f32, 1, "m/s").as("wind_speed", 3.25),
				holding(4, "Compass heading", f32, 1, "deg"),
				holding(6, "Supply", f32, 1, "V").as("voltage.supply", 12.25),
				holding(8, "Average wind direction", f32, 1, "deg").as("wind_dir.average", 81),
				holding(10, "Average wind speed", f32, 1, "m/s").as("wind_speed.average", 2.75),
				holding(12, "Gust direction", f32, 1, "deg").as("wind_dir.gust", 99),
				holding(14, "Gust speed", f32, 1, "m/s").as("wind_gust", 5.5),
				holding(16, "Status", u32, 1, ""),
			}},
		{ID: "enginique-wind", Maker: "Enginique", Title: text("机械式风速风向仪", "mechanical anemometer and vane"), Source: "Enginique manual",
			Doubt: "scales and types", Address: 0x11, Rows: []Row{
				input(0x0001, "Wind speed", u16, 0.1, "m/s").as("wind_speed", 8.4),
				input(0x0006, "Wind direction", u16, 1, "deg").as("wind_dir", 300),
				input(0x000A, "Temperature", s16, 0.1, "degC").in("temp", "Cel", -4.5),
			}},
		{ID: "sm7901b", Maker: "SONBEST", Model: "SM7901B", Title: text("噪声变送器", "noise transmitter"), Source: "SONBEST SM7901B page",
			Baud: 9600, Format: "8N1", Address: 1, Rows: []Row{
				holding(0x0000, "Noise", u16, 0.1, "dB").in("noise", "dB[SPL]", 53.6),
				own(3, 0x0066), holds(3, 0x0067, "Baud rate", 3),
			}},
	}
}

// The numbers that Vaisala sends for what is not there.
const (
	notSigned   = 0x7FFF
	notUnsigned = 0xFFFF
)

func stations() []Table {
	return []Table{
		{ID: "weather-01f4", Title: text("0x01F4 系列百叶箱气象站", "weather louver of the 0x01F4 family"),
			Source: "register list of the 0x01F4 family of louvers", Doubt: "one user of the map takes the wind speed in hundredths",
			Baud: 4800, Format: "8N1", Address: 1, Rows: []Row{
				holding(0x01F4, "Wind speed", u16, 0.1, "m/s").as("wind_speed", 2.5),
				holding(0x01F5, "Wind force", u16, 1, ""),
				holding(0x01F6, "Wind direction sector", u16, 45, "deg").again("wind_dir", "deg").around(8),
				holding(0x01F7, "Wind direction", u16, 1, "deg").as("wind_dir", 90),
				holding(0x01F8, "Humidity", u16, 0.1, "%RH").in("rh", "%", 62.1),
				holding(0x01F9, "Temperature", s16, 0.1, "degC").in("temp", "Cel", 23.5),
				holding(0x01FA, "Noise", u16, 0.1, "dB").in("noise", "dB[SPL]", 50),
				holding(0x01FB, "PM2.5", u16, 1, "ug/m3").as("pm2_5", 12),
				holding(0x01FC, "PM10", u16, 1, "ug/m3").as("pm10", 23),
				holding(0x01FD, "Atmospheric pressure", u16, 0.1, "kPa").in("pressure", "hPa", 1012),
				holding(0x01FE, "Illuminance", u32, 1, "lux").in("illuminance", "lx", 25000),
				holding(0x0200, "Illuminance in hundreds", u16, 100, "lux").again("illuminance", "lx"),
				holding(0x0201, "Rain", u16, 0.1, "mm").as("rain", 1.2),
				holding(0x0202, "Solar radiation", u16, 1, "W/m2").as("radiation", 450),
				holds(3, 0x0203, "reserved", 0),
			}},
		{ID: "wxt530", Maker: "Vaisala", Model: "WXT530", Title: text("气象变送器", "weather transmitter"), Source: "Vaisala WXT530 Modbus documentation",
			Doubt: "which values are signed, and with it which of the two numbers says that they are missing; the function of the settings", Address: 1, Rows: []Row{
				input(0x000A, "Relative humidity", s16, 0.1, "%RH").in("rh", "%", 61.5).missing(notSigned),
				input(0x000E, "Air pressure", u16, 0.1, "hPa").as("pressure", 1003.4).missing(notUnsigned),
				input(0x0012, "Wind direction", u16, 0.1, "deg").as("wind_dir", 187.5).missing(notUnsigned),
				input(0x0019, "Precipitation type", u16, 1, ""),
				input(0x001B, "Solar radiation", u16, 0.1, "W/m2").as("radiation", 612.5).missing(notUnsigned),
				input(0x001F, "Air temperature", s16, 0.1, "degC").in("temp", "Cel", -7.3).missing(notSigned),
				input(0x0023, "Dew point", s16, 0.1, "degC").in("dew_point", "Cel", -12.4).missing(notSigned),
				holds(3, 0x0000, "Altitude", 12), holds(3, 0x0007, "Rain reset", 0), own(3, 0x0009),
			}},
		{ID: "metsens300", Maker: "Campbell Scientific", Model: "MetSENS300", Title: text("温湿压传感器", "temperature, humidity and pressure sensor"), Source: "MetSENS manual",
			Doubt: "order of the words; the unit of the pressure", Address: 1, Rows: []Row{
				holding(0, "Pressure", f32, 1, "hPa").as("pressure", 1009.5),
				holding(2, "Relative humidity", f32, 1, "%RH").in("rh", "%", 47.25),
				holding(4, "Temperature", f32, 1, "degC").in("temp", "Cel", -3.5),
				holding(6, "Dew point", f32, 1, "degC").in("dew_point", "Cel", -12.75),
				holding(8, "Supply", f32, 1, "V").as("voltage.supply", 12.5),
			}},
		pyranometer("sr05-d1a3", "SR05-D1A3", 0), pyranometer("sr05-pv", "SR05-D1A3-PV", 0x1000),
		smp("smp3", "SMP3", 601), smp("smp10", "SMP10", 617),
		{ID: "elsner-p03", Maker: "Elsner", Model: "P03/3-Modbus", Title: text("气象站", "weather station"), Source: "Elsner P03/3-Modbus manual",
			Address: 1, Rows: []Row{
				input(0, "Temperature", s16, 0.1, "degC").in("temp", "Cel", -11.2),
				input(1, "Sun 1", u16, 1, "klx").in("illuminance.sun1", "lx", 71000), input(2, "Sun 2", u16, 1, "klx").in("illuminance.sun2", "lx", 35000),
				input(3, "Sun 3", u16, 1, "klx").in("illuminance.sun3", "lx", 12000),
				input(4, "Light", u16, 1, "lux").in("illuminance", "lx", 640),
				input(5, "Wind", u16, 0.1, "m/s").as("wind_speed", 5.6),
				input(6, "Rain", u16, 1, "").in("raining", "1", 1),
			}},
		{ID: "sensecap-one", Maker: "Seeed", Model: "SenseCAP ONE", Title: text("一体化气象站", "compact weather station"), Source: "SenseCAP ONE S-series user manual, 4.1",
			Baud: 9600, Format: "8N1", Address: 1, Rows: []Row{
				input(0x0000, "Air temperature", s32, 0.001, "degC").in("temp", "Cel", -8.125),
				input(0x0002, "Air humidity", s32, 0.001, "%RH").in("rh", "%", 71.25),
				input(0x0004, "Barometric pressure", s32, 0.001, "Pa").in("pressure", "hPa", 1001.25),
				input(0x0006, "Light intensity", s32, 0.001, "lux").in("illuminance", "lx", 85000.5),
				input(0x0008, "Wind direction, lowest", s32, 0.001, "deg").as("wind_dir.min", 101.2),
				input(0x000A, "Wind direction, highest", s32, 0.001, "deg").as("wind_dir.max", 145.6),
				input(0x000C, "Wind direction, average", s32, 0.001, "deg").as("wind_dir", 123.4),
				input(0x000E, "Wind speed, lowest", s32, 0.001, "m/s").as("wind_speed.min", 1.5),
				input(0x0010, "Wind speed, highest", s32, 0.001, "m/s").as("wind_gust", 6.789),
				input(0x0012, "Wind speed, average", s32, 0.001, "m/s").as("wind_speed", 4.321),
			}},
		{ID: "orch-s4", Maker: "Seeed", Model: "ORCH S4", Title: text("四合一气象传感器", "four-in-one weather sensor"), Source: "SenseCAP ORCH S4 user guide, 4.3",
			Doubt: "function", Baud: 9600, Format: "8N1", Address: 1, Rows: []Row{
				either(0x0000, "Temperature", s16, 0.01, "degC").in("temp", "Cel", -2.75),
				either(0x0001, "Humidity", u16, 0.01, "%RH").in("rh", "%", 55.55),
				either(0x0002, "Pressure", u32, 1, "Pa").in("pressure", "hPa", 1013.25),
				either(0x0004, "Light", u32, 0.001, "lux").in("illuminance", "lx", 120000.5),
				holds(0, 0x0006, "Device type, version", 4, 0x0B0A), own(0, 0x0010), holds(0, 0x0011, "Baud rate", 3),
			}},
		{ID: "xy-md02", Model: "XY-MD02", Title: text("温湿度变送器（SHT20）", "temperature and humidity transmitter (SHT20)"), Source: "XY-MD02 manual",
			Baud: 9600, Format: "8N1", Address: 1, Rows: []Row{
				input(0x0001, "Temperature", s16, 0.1, "degC").in("temp", "Cel", 30.5),
				input(0x0002, "Humidity", u16, 0.1, "%RH").in("rh", "%", 54.6),
				own(3, 0x0101), holds(3, 0x0102, "Baud rate", 0),
			}},
		{ID: "huawei-02312pbl", Maker: "Huawei", Model: "02312PBL", Title: text("温湿度传感器", "temperature and humidity sensor"), Source: "Huawei document on the 02312PBL",
			Address: 1, Rows: []Row{
				holding(0x0002, "Temperature", s16, 0.1, "degC").in("temp", "Cel", 24.6).missing(0x8000),
				holding(0x0003, "Humidity", u16, 0.1, "%RH").in("rh", "%", 28.7).missing(0x8000),
				holds(3, 0x0021, "NTC 1 to 6, none connected", 0x8000, 0x8000, 0x8000, 0x8000, 0x8000, 0x8000),
			}},
		{ID: "sen0600", Maker: "DFRobot", Model: "SEN0600", Title: text("土壤温湿度传感器", "soil moisture and temperature sensor"), Source: "DFRobot wiki SEN0600",
			Baud: 9600, Format: "8N1", Address: 1, Rows: []Row{
				holding(0x00, "Moisture", u16, 0.1, "%").as("soil_moisture", 31.4),
				holding(0x01, "Temperature", s16, 0.1, "degC").in("soil_temp", "Cel", -1.5),
			}},
	}
}

// pyranometer is one of Hukseflux's; the models with the suffix PV have the same
// table further up.
func pyranometer(id, model string, at uint16) Table {
	return Table{ID: id, Maker: "Hukseflux", Model: model, Title: text("总辐射表", "pyranometer"), Source: "SR05 manual; Campbell Scientific SR05 manual",
		Baud: 19200, Format: "8E1", Address: 1, Rows: []Row{
			own(3, at), holds(3, at+0x0001, "Serial communication settings", 5),
			holding(at+0x0002, "Irradiance", s32, 0.01, "W/m2").as("radiation", 900),
			holding(at+0x0006, "Sensor temperature", s16, 0.01, "degC").in("temp.body", "Cel", -6.25),
			holding(at+0x0007, "Sensor resistance", u16, 0.1, "ohm"),
			holds(3, at+0x0008, "Scaling factors", 100, 100),
			holds(3, at+0x0020, "Sensor model", letters(model)...),
			holds(3, at+0x0028, "Serial number", 4711), holds(3, at+0x002D, "reserved, always 0", 0),
		}}
}

// letters are a text, two characters to a register, in eight registers.
func letters(text string) (words []uint16) {
	for i := range 8 {
		var pair [2]byte
		copy(pair[:], text[min(2*i, len(text)):])
		words = append(words, uint16(pair[0])<<8|uint16(pair[1]))
	}
	return words
}

// smp is one of Kipp & Zonen's smart pyranometers.
func smp(id, model string, kind uint16) Table {
	return Table{ID: id, Maker: "Kipp & Zonen", Model: model, Title: text("智能总辐射表", "smart pyranometer"), Source: "SMP series manual, appendix A",
		Doubt: "the link's settings, the bits of the status", Baud: 19200, Format: "8E1", Address: 1, Rows: []Row{
			holds(0, 0, "IO_DEVICE_TYPE", kind), holds(0, 1, "IO_DATAMODEL_VERSION", 102), holds(0, 2, "IO_OPERATIONAL_MODE", 1),
			tells(0, 3, "IO_STATUS_FLAGS", "*", 0, 1), holds(0, 4, "IO_SCALE_FACTOR", 0),
			either(5, "Irradiance", s16, 1, "W/m2").as("radiation", 675),
			either(6, "Irradiance, raw", s16, 1, "W/m2"),
			either(7, "Standard deviation", s16, 1, "W/m2"),
			either(8, "Body temperature", s16, 0.1, "degC").in("temp.body", "Cel", 25.1),
		}}
}
