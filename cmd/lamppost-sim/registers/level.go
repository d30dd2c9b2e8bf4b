package registers

import "github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"

// level has level probes, radars, range finders and flow meters.
func level() []Table {
	return []Table{
		keller("keller-36xw", "36XW", text("投入式液位计", "submersible level probe"),
			holding(0x0002, "P1", f32, 1, "bar").in("level", "m", 1.5).places(0.001*metreOfWater)),
		keller("keller-33x", "33X", text("压力变送器", "pressure transmitter"),
			holding(0x0002, "P1", f32, 1, "bar").in("water_pressure", "kPa", 123.45)),
		{ID: "lx-80", Maker: "Geolux", Model: "LX-80", Title: text("雷达水位计", "radar level sensor"), Source: "Geolux LX-80 manual",
			Doubt: "types, scales and units", Address: 1, Rows: []Row{
				holds(3, 0x0018, "Firmware", 0x0203),
				holding(0x001A, "Temperature", s16, 1, "degC").in("temp", "Cel", 21),
				holding(0x001B, "Signal to noise ratio", u16, 1, "dB").as("snr", 34),
				holding(0x0020, "Relative level", s16, 1, "mm").in("level.instant", "m", 1.234),
				holding(0x0021, "Average level", s16, 1, "mm").in("level", "m", 1.23),
				holding(0x0022, "Sensor height", u16, 1, "mm"),
			}},
		radar("sdi-radar-300w", "SDI-RADAR-300W", false), radar("sdi-radar-300wl", "SDI-RADAR-300WL", true),
		{ID: "h3553t", Maker: "Xylem/YSI", Model: "H-3553T", Title: text("气泡式水位计", "compact bubbler"), Source: "H-3553T manual",
			Doubt: "order of the words; units of stage and pressure; whether register 29 is the 29th or the 30th", Address: 1, Rows: []Row{
				holding(29, "Stage", f32, 1, "m").as("level", 3.625),
				holding(31, "Pressure", f32, 1, "kPa"),
				holding(33, "Temperature", f32, 1, "degC").in("temp", "Cel", 17.5),
				holding(35, "Battery", f32, 1, "V").as("voltage.battery", 12.625),
			}},
		ultrasonic("urm13", "URM13 (SEN0310)", 0x0B, 1, 1, "cm"),
		ultrasonic("urm14", "URM14 (SEN0358)", 0x0C, 2, 1, "0.1mm"),
		ultrasonic("urm15", "URM15 (SEN0519)", 0x0F, 5, 0.1, "cm"),
		{ID: "level-832008489", Model: "832008489 / LevelPro 100", Title: text("通用投入式液位变送器", "generic submersible level transmitter"), Source: "manual 832008489",
			Doubt: "the unit of the value", Baud: 9600, Format: "8N1", Address: 1, Rows: []Row{
				own(3, 0x0000), holds(3, 0x0001, "Baud rate", 3), holds(3, 0x0003, "Decimals", 3),
				holding(0x0004, "Value", s16, 0.001, "m").as("level", 2.345),
			}},
		{ID: "tuf-2000m", Model: "TUF-2000M", Title: text("超声波流量计", "ultrasonic flow meter"), Source: "TUF-2000M manual",
			Baud: 9600, Format: "8N1", Address: 1, Rows: []Row{
				holding(0, "Flow rate", f32, 1, "m3/h").cdab().as("flow", -1.25),
				holding(2, "Energy flow rate", f32, 1, "GJ/h").cdab(),
				holding(4, "Velocity", f32, 1, "m/s").cdab().as("velocity", -0.375),
				holding(6, "Fluid sound speed", f32, 1, "m/s").cdab().as("sound_speed", 1482.5),
				holding(8, "Positive accumulator", s32, 1, "m3").cdab().as("volume", 123456),
				holding(10, "Positive accumulator, decimal part", f32, 1, "m3").cdab(),
			}},
	}
}

// keller is a part of Keller's series 30. The second map holds the same as whole
// numbers: hundredths of a millibar and of a degree.
func keller(id, model string, title scenario.Text, p1 Row) Table {
	p1 = p1.missing(0x7FFFFFFF) // "not a number" has many forms; this is theirs
	return Table{ID: id, Maker: "Keller", Model: model, Title: title, Source: "Keller communication manual, series 30, v3.5",
		Baud: 9600, Format: "8N1", Address: 1, Also: []uint8{250}, Doubt: "whether any of them answers to 250", Rows: []Row{
			holding(0x0000, "CH0", f32, 1, "bar"),
			p1,
			holding(0x0004, "P2", f32, 1, "bar"),
			holding(0x0006, "T", f32, 1, "degC"),
			holding(0x0008, "TOB1", f32, 1, "degC").in("water_temp", "Cel", 18.4).places(0.01),
			holding(0x000A, "TOB2", f32, 1, "degC"),
			holding(0x0010, "CH0, integer", s32, 0.00001, "bar"),
			holding(0x0012, "P1, integer", s32, 0.00001, "bar").again(p1.Channel, p1.Metric),
			holding(0x0014, "P2, integer", s32, 0.00001, "bar"),
			holding(0x0016, "T, integer", s32, 0.01, "degC"),
			holding(0x0018, "TOB1, integer", s32, 0.01, "degC").again("water_temp", "Cel"),
			holding(0x001A, "TOB2, integer", s32, 0.01, "degC"),
		}}
}

// radar is one of FTS's flow radars; those with an L measure the level as well.
func radar(id, model string, levels bool) Table {
	t := Table{ID: id, Maker: "FTS", Model: model, Title: text("雷达流速流量计", "radar flow sensor"), Source: "SDI-RADAR-300W manual",
		Doubt: "types, and the units of tilt, direction and discharge", Format: "8E1", Address: 1, Rows: []Row{
			holding(0x0003, "Surface speed", s16, 1, "mm/s").in("velocity.instant", "m/s", -1.234),
			holding(0x0004, "Average surface speed", s16, 1, "mm/s").in("velocity", "m/s", -1.2),
			holding(0x0005, "Tilt angle", s16, 1, "deg").as("tilt", 44),
			holding(0x0008, "Flow direction", u16, 1, ""),
			holding(0x0010, "Discharge", u16, 1, "m3/s").as("discharge", 12),
		}}
	if levels {
		t.Title = text("雷达流速水位计", "radar flow and level sensor")
		t.Rows = append(t.Rows, holding(0x0014, "Level health", u16, 1, ""),
			holding(0x0015, "Level", s16, 1, "mm").in("level", "m", 2.718),
			holding(0x0027, "Temperature", s16, 1, "degC").in("temp", "Cel", 23))
	}
	return t
}

// ultrasonic is one of DFRobot's range finders on RS-485.
func ultrasonic(id, model string, address uint8, product uint16, step float64, unit string) Table {
	distance := holding(0x0005, "Distance", u16, step, unit).in("distance", "m", 1.23)
	if id == "urm15" {
		distance = distance.missing(0xFFFF)
	}
	return Table{ID: id, Maker: "DFRobot", Model: model, Title: text("超声波测距传感器", "ultrasonic ranger"), Source: "DFRobot wiki " + model,
		Baud: 19200, Format: "8N1", Address: address, Rows: []Row{
			holds(3, 0x0000, "PID, VID", product, 0x0010), own(3, 0x0002), holds(3, 0x0003, "Serial parameters", 5, 1),
			distance,
			holding(0x0006, "Internal temperature", s16, 0.1, "degC").in("temp", "Cel", 23.5),
			holds(3, 0x0007, "External temperature compensation, control", 0, 0),
		}}
}
