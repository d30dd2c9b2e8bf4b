package registers

import "github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"

// water has water-quality probes.
func water() []Table {
	return append(yosemitech(), []Table{
		{ID: "phg-2091", Maker: "BOQU", Model: "PHG-2091", Title: text("pH 变送器", "pH meter"), Source: "distributor's page on the PHG-2091",
			Baud: 9600, Format: "8N1", Address: 1, Rows: []Row{
				holding(0x2600, "Temperature", f32, 1, "degC").dcba().in("water_temp", "Cel", 25),
				holding(0x2602, "pH", f32, 1, "pH").dcba().in("ph", "[pH]", 7.04),
			}},
		{ID: "kuntze", Maker: "Kuntze", Title: text("水质控制器", "water-quality controller"), Source: "register list of Kuntze controllers",
			Doubt: "units of the disinfectants and of the conductivity", Address: 1, Rows: []Row{
				holding(4136, "pH", dec, 1, "pH").in("ph", "[pH]", 7.24).places(0.01),
				holding(4160, "Temperature", dec, 1, "degC").in("water_temp", "Cel", 18.7).places(0.1),
				holding(4680, "DIS1", dec, 1, "mg/L").as("disinfectant", 0.35).places(0.01),
				holding(6000, "DIS2", dec, 1, "mg/L").as("disinfectant.second", 1.25).places(0.01),
				holding(4688, "Redox", dec, 1, "mV").as("orp", 712).places(1),
				holding(4728, "EC", dec, 1, "mS/cm").in("conductivity", "uS/cm", 1413).places(0.001),
				holding(5832, "OCI", dec, 1, "").places(0.01),
			}},
		{ID: "aqua-troll-400", Maker: "In-Situ", Model: "Aqua TROLL 400", Title: text("多参数水质仪", "multiparameter sonde"), Source: "Aqua TROLL 400 Modbus guide",
			Doubt: "whether the printed numbers begin at 0 or at 1", Baud: 19200, Format: "8E1", Address: 1, Rows: append(append(
				block(1538, "pH", "pH", 17, 145, func(r Row) Row { return r.in("ph", "[pH]", 7.2) }),
				block(1546, "pH voltage", "mV", 18, 162, func(r Row) Row { return r.as("electrode", -12.5) })...),
				block(1554, "ORP", "mV", 19, 162, func(r Row) Row { return r.as("orp", -215.5) })...)},
		{ID: "hach-tss", Maker: "Hach", Model: "TSS EX1 sc", Title: text("浊度与悬浮物探头", "turbidity and solids probe"), Source: "TSS EX1 sc manual",
			Doubt: "order of the words", Address: 1, Rows: []Row{
				holding(0, "Turbidity FNU/NTU", f32, 1, "FNU").in("turbidity", "{NTU}", 23.5),
				holding(2, "Turbidity EBC", f32, 1, "EBC"),
				holding(4, "Solids mg/L", f32, 1, "mg/L").as("suspended", 41.25),
				holding(6, "Solids g/L", f32, 1, "g/L").again("suspended", "mg/L"),
				holding(8, "Solids percent", f32, 1, "%"),
			}},
		{ID: "hach-uvas", Maker: "Hach", Model: "UVAS sc", Title: text("紫外吸收探头", "UV absorption probe"), Source: "UVAS sc manual",
			Doubt: "order of the words, the numbers of the units", Address: 1, Rows: []Row{
				holding(0, "Measured value", f32, 1, "/m").as("uv_absorption", 12.75),
				holds(3, 2, "Unit", 0),
			}},
		{ID: "trios-tph", Maker: "TriOS", Model: "TpH", Title: text("pH 探头", "pH probe"), Source: "TriOS TpH manual",
			Doubt: "order of the words; what the quality index says", Baud: 9600, Address: 1, Rows: []Row{
				own(3, 0), holds(3, 1, "Timeout, baud rate", 10, 0),
				holding(1000, "pH", f32, 1, "pH").in("ph", "[pH]", 6.875),
				holding(1002, "Temperature", f32, 1, "degC").in("water_temp", "Cel", 14.25),
				holds(3, 1004, "Quality index", 0),
				holding(1500, "pH, scaled", f32, 1, "pH"),
				holding(1502, "Temperature, scaled", f32, 1, "degC"),
			}},
		leveline("leveline", "LeveLine", false), leveline("leveline-ctd", "LeveLine CTD", true),
	}...)
}

// block is a parameter of In-Situ's: the value, what it is, its unit, how good it is,
// the number that stands for it when the sensor is gone, and its possible units.
func block(at uint16, name, unit string, id, units uint16, channel func(Row) Row) []Row {
	value := channel(holding(at, name, f32, 1, unit))
	return []Row{
		value,
		holds(3, at+2, name+" id, units", id, units),
		tells(3, at+4, name+" quality", value.Channel, 0, 3),
		holds(3, at+5, name+" sentinel, available units", 0, 0, units),
	}
}

func leveline(id, model string, conducts bool) Table {
	t := Table{ID: id, Maker: "Aquaread", Model: model, Title: text("水位记录仪", "level logger"), Source: "Aquaread LeveLine manual", Address: 1, Rows: []Row{
		input(0x0000, "Temperature", s16, 0.01, "degC").in("water_temp", "Cel", 16.26),
		input(0x0001, "Pressure", s32, 0.1, "mbar").in("water_pressure", "kPa", 101.25),
		own(3, 0), holds(3, 1, "RTU, baud rate, parity", 0, 3, 0),
	}}
	if conducts {
		t.Doubt = "scale of the conductivity, unit of the salinity"
		t.Rows = append(t.Rows, input(0x0003, "EC", u32, 1, "uS/cm").as("conductivity", 70123),
			input(0x0009, "Salinity", u16, 0.01, "PSU").in("salinity", "g/kg", 35.25))
	}
	return t
}

// serial is "YL0916112101" as the probes send it, after a byte 09. What stands behind YL
// tells the type of the probe: 01 oxygen, 09 conductivity, 29 turbidity, 43 pH and 48
// chlorophyll are known; those of the other probes are made up, each its own.
func serial(kind string) []uint16 {
	var words []uint16
	for text := "\tYL" + kind + "16112101\x00"; len(text) > 1; text = text[2:] {
		words = append(words, uint16(text[0])<<8|uint16(text[1]))
	}
	return words
}

// yosemitech are probes that measure when they are told to, say nothing to a request
// for a register that they do not have, and send the low byte of a number first.
func yosemitech() []Table {
	const doubt = "whether a request to start has the count 0 or 1, what a probe sends that was not started"
	probe := func(model, kind, zh, en string, rows ...Row) Table {
		return Table{ID: "yosemitech-" + model, Maker: "Yosemitech", Model: "Y" + model[1:], Title: text(zh, en), Source: "Yosemitech " + model + " Modbus protocol",
			Doubt: doubt, Baud: 9600, Format: "8N1", Address: 1, Also: []uint8{0xFF}, Gaps: modbusslave.Silent, Start: &Start{3, 0x2500},
			Rows: append(rows, holds(3, 0x0900, "Serial number", serial(kind)...), holds(3, 0x3000, "Slave id", 1))}
	}
	temperature := func(at uint16) Row {
		return holding(at, "Temperature", f32, 1, "degC").dcba().in("water_temp", "Cel", 25)
	}
	parameter := func(name, unit string) Row { return holding(0x2602, name, f32, 1, unit).dcba() }
	failing := tells(3, 0x2604, "Error", "*", 0, 1)
	y520 := probe("y520", "09", "电导率探头", "conductivity probe", temperature(0x2600), parameter("Conductivity", "mS/cm").in("conductivity", "uS/cm", 1413), failing)
	y520.Start = &Start{16, 0x1C00}
	y520.Doubt = "the unit of the conductivity"
	y4000 := Table{ID: "yosemitech-y4000", Maker: "Yosemitech", Model: "Y4000", Title: text("多参数水质仪", "multiparameter sonde"), Source: "Yosemitech Y4000 Modbus protocol",
		Doubt: doubt, Baud: 9600, Format: "8N1", Address: 1, Also: []uint8{0xFF}, Gaps: modbusslave.Silent, Start: &Start{3, 0x2500}, Rows: []Row{
			holding(0x2601, "Dissolved oxygen", f32, 1, "mg/L").dcba().as("do", 8.25),
			holding(0x2603, "Turbidity", f32, 1, "NTU").dcba().in("turbidity", "{NTU}", 13.5),
			holding(0x2605, "Conductivity", f32, 1, "mS/cm").dcba().in("conductivity", "uS/cm", 1413),
			holding(0x2607, "pH", f32, 1, "pH").dcba().in("ph", "[pH]", 7.5),
			holding(0x2609, "Temperature", f32, 1, "degC").dcba().in("water_temp", "Cel", 19.5),
			holding(0x260B, "ORP", f32, 1, "mV").dcba().as("orp", -120.5),
			holding(0x260D, "Chlorophyll", f32, 1, "ug/L").dcba().as("chlorophyll", 4.75),
			holding(0x260F, "Blue-green algae", f32, 1, "ug/L").dcba().as("phycocyanin", 1.5),
			tells(3, 0x0800, "Errors", "*", 0, 1), holds(3, 0x1400, "Serial number", serial("20")...), holds(3, 0x3000, "Slave id", 1),
		}}
	return []Table{
		probe("y504", "01", "光学溶解氧探头", "optical oxygen probe", temperature(0x2600),
			parameter("Saturation", "1").in("do_saturation", "%", 98.5), holding(0x2604, "Dissolved oxygen", f32, 1, "mg/L").dcba().as("do", 8.5)),
		probe("y511", "29", "浊度探头", "turbidity probe", temperature(0x2600), parameter("Turbidity", "NTU").in("turbidity", "{NTU}", 10.8), failing),
		probe("y513", "47", "蓝绿藻探头", "blue-green algae probe", temperature(0x2600), parameter("Blue-green algae", "ug/L").as("phycocyanin", 2.25), failing),
		probe("y514", "48", "叶绿素探头", "chlorophyll probe", temperature(0x2600), parameter("Chlorophyll", "ug/L").as("chlorophyll", 3.5), failing),
		y520,
		probe("y532", "43", "pH 探头", "pH probe", temperature(0x2400), holding(0x2800, "pH", f32, 1, "pH").dcba().in("ph", "[pH]", 6.75), holding(0x1200, "Voltage", f32, 1, "mV").dcba().as("electrode", 14.5)),
		probe("y533", "44", "氧化还原电位探头", "redox probe", temperature(0x2400), holding(0x1200, "ORP", f32, 1, "mV").dcba().as("orp", -135.5)),
		probe("y551", "51", "COD 探头", "COD probe", temperature(0x2600), parameter("COD", "mg/L").as("cod", 31.5), failing, holding(0x1200, "Turbidity", f32, 1, "NTU").dcba().in("turbidity", "{NTU}", 17.25)),
		probe("y700", "60", "压力水位探头", "pressure probe", temperature(0x2400), parameter("Pressure", "bar").in("water_pressure", "kPa", 26.61)),
		y4000,
	}
}
