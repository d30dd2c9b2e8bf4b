package registers

// power has meters, inverters and modules of inputs.
func power() []Table {
	return []Table{
		{ID: "sdm120", Maker: "Eastron", Model: "SDM120", Title: text("单相电能表", "single-phase energy meter"), Source: "Eastron SDM120 Modbus protocol",
			Baud: 2400, Format: "8N1", Address: 1, Rows: eastron()},
		{ID: "sdm220", Maker: "Eastron", Model: "SDM220", Title: text("单相电能表", "single-phase energy meter"), Source: "Eastron SDM220 Modbus protocol",
			Baud: 2400, Format: "8N1", Address: 1, Rows: eastron()},
		{ID: "sdm230", Maker: "Eastron", Model: "SDM230", Title: text("单相电能表", "single-phase energy meter"), Source: "Eastron SDM230 Modbus protocol",
			Baud: 2400, Format: "8N1", Address: 1, Rows: eastron()},
		{ID: "sdm630", Maker: "Eastron", Model: "SDM630", Title: text("三相电能表", "three-phase energy meter"), Source: "Eastron SDM630 Modbus protocol",
			Baud: 9600, Format: "8N1", Address: 1, Rows: sdm630()},
		pzemAC("pzem-004t", "PZEM-004T v3"), pzemAC("pzem-016", "PZEM-016"),
		pzemDC("pzem-003", "PZEM-003"), pzemDC("pzem-017", "PZEM-017"),
		{ID: "selec-em2m", Maker: "Selec", Model: "EM2M", Title: text("单相电能表", "single-phase energy meter"), Source: "Selec EM2M register list",
			Address: 1, Rows: []Row{
				input(0x0000, "Total active energy", f32, 1, "kWh").cdab().in("energy.total", "kW.h", 5136.25),
				input(0x0002, "Import active energy", f32, 1, "kWh").cdab().in("energy", "kW.h", 5123.75),
				input(0x0004, "Export active energy", f32, 1, "kWh").cdab().in("energy_export", "kW.h", 12.5),
				input(0x000E, "Active power", f32, 1, "kW").cdab().in("power", "W", -1250),
				input(0x0010, "Reactive power", f32, 1, "kvar").cdab().in("power_reactive", "V.A{reactive}", 250),
				input(0x0012, "Apparent power", f32, 1, "kVA").cdab().in("power_apparent", "V.A", 1312.5),
				input(0x0014, "Voltage", f32, 1, "V").cdab().as("voltage", 229.5),
				input(0x0016, "Current", f32, 1, "A").cdab().as("current", 5.75),
				input(0x0018, "Power factor", f32, 1, "").cdab().in("power_factor", "1", 0.9375),
				input(0x001A, "Frequency", f32, 1, "Hz").cdab().as("frequency", 49.96875),
			}},
		{ID: "havells-solar", Maker: "Havells", Title: text("光伏逆变器", "solar inverter"), Source: "register list of Havells solar inverters",
			Doubt: "the scale of the module's temperature", Address: 1, Rows: []Row{
				holding(0x0006, "PV1 voltage", u16, 0.1, "V").as("voltage.pv1", 312.4),
				holding(0x0007, "PV1 current", u16, 0.01, "A").as("current.pv1", 6.25),
				holding(0x000A, "PV1 power", u16, 10, "W").as("power.pv1", 1950),
				holding(0x000C, "Total power", u16, 10, "W").as("power", 1890),
				holding(0x000E, "Frequency", u16, 0.01, "Hz").as("frequency", 50.02),
				holding(0x000F, "Phase 1 voltage", u16, 0.1, "V").as("voltage.l1", 231.7),
				holding(0x0010, "Phase 1 current", u16, 0.01, "A").as("current.l1", 8.15),
				holding(0x0015, "Total energy", u32, 1, "kWh").in("energy", "kW.h", 123456),
				holding(0x0019, "Energy today", u16, 0.01, "kWh").in("energy.today", "kW.h", 12.34),
				holding(0x001B, "Module temperature", s16, 1, "degC").in("temp.module", "Cel", 41),
			}},
		{ID: "growatt-pv", Maker: "Growatt", Title: text("光伏逆变器（早期寄存器表）", "solar inverter (older register map)"), Source: "Growatt RTU protocol, older map",
			Doubt: "the link's settings", Baud: 9600, Format: "8N1", Address: 1, Rows: []Row{
				holds(4, 0, "Status", 1),
				input(1, "PV power", u32, 0.1, "W").as("power.pv", 7123.4),
				input(3, "PV1 voltage", u16, 0.1, "V").as("voltage.pv1", 405.6),
				input(4, "PV1 current", u16, 0.1, "A").as("current.pv1", 9.8),
				input(11, "Grid power", u32, 0.1, "W").as("power", 3912.5),
				input(13, "Grid frequency", u16, 0.01, "Hz").as("frequency", 49.98),
				input(14, "Phase 1 voltage", u16, 0.1, "V").as("voltage.l1", 233.1),
				input(26, "Energy today", u32, 0.1, "kWh").in("energy.today", "kW.h", 21.4),
				input(28, "Total energy", u32, 0.1, "kWh").in("energy", "kW.h", 98765.4),
				input(32, "Module temperature", s16, 0.1, "degC").in("temp.module", "Cel", -5.5),
			}},
		{ID: "waveshare-ai-8ch", Maker: "Waveshare", Model: "Modbus RTU Analog Input 8CH", Title: text("八路模拟量输入模块", "module of eight analogue inputs"), Source: "Waveshare wiki",
			Baud: 9600, Format: "8N1", Address: 1, Rows: append(eight(4, 0, 12),
				holds(3, 0x1000, "Range codes, 4-20 mA", 3, 3, 3, 3, 3, 3, 3, 3))},
		{ID: "adam-4017", Maker: "Advantech", Model: "ADAM-4017+", Title: text("八路模拟量输入模块", "module of eight analogue inputs"), Source: "register list of the ADAM-4017+",
			Doubt: "what the raw code stands for in each range", Baud: 9600, Format: "8N1", Address: 1, Rows: codes()},
	}
}

// eight are inputs in microamperes; what hangs on them decides what they mean.
func eight(function uint8, at uint16, mA float64) (rows []Row) {
	for i, name := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
		r := input(at+uint16(i), "Channel "+name, u16, 1, "uA").in("loop_current.in"+name, "mA", mA)
		r.Function = function
		rows = append(rows, r)
	}
	return rows
}

func codes() (rows []Row) {
	for i, name := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
		rows = append(rows, holding(uint16(i), "Channel "+name, u16, 1, ""))
	}
	return rows
}

// eastron is the table that the single-phase meters share.
func eastron() []Row {
	return append([]Row{
		input(0x0000, "Voltage", f32, 1, "V").as("voltage", 230.2).places(0.1),
		input(0x0006, "Current", f32, 1, "A").as("current", 5.362).places(0.001),
		input(0x000C, "Active power", f32, 1, "W").as("power", 1234).places(0.1),
		input(0x0012, "Apparent power", f32, 1, "VA").in("power_apparent", "V.A", 1260.5).places(0.1),
		input(0x0018, "Reactive power", f32, 1, "var").in("power_reactive", "V.A{reactive}", -251.3).places(0.1),
		input(0x001E, "Power factor", f32, 1, "").in("power_factor", "1", 0.98).places(0.001),
	}, totals()...)
}

// totals are the counters and the frequency, which all of them have.
func totals() []Row {
	node := own(3, 0x0014)
	node.Type = f32
	return []Row{node, holds(3, 0x0012, "Network parity and stop bits, 0 as a number with a point", 0, 0),
		input(0x0046, "Frequency", f32, 1, "Hz").as("frequency", 50).places(0.01),
		input(0x0048, "Import active energy", f32, 1, "kWh").in("energy", "kW.h", 1024.5).places(0.01),
		input(0x004A, "Export active energy", f32, 1, "kWh").in("energy_export", "kW.h", 3.25).places(0.01),
		input(0x0156, "Total active energy", f32, 1, "kWh").in("energy.total", "kW.h", 1027.75).places(0.01),
	}
}

// sdm630 has each quantity of the single-phase meters three times, one phase after
// the other, and their sum.
func sdm630() []Row {
	rows := []Row{input(0x0034, "Total system power", f32, 1, "W").as("power", 3702.4).places(0.1)}
	for i, l := range []string{"l1", "l2", "l3"} {
		at, more := uint16(2*i), float64(i)
		rows = append(rows,
			input(at, "Voltage "+l, f32, 1, "V").as("voltage."+l, 230.2+more).places(0.1),
			input(0x0006+at, "Current "+l, f32, 1, "A").as("current."+l, 5.362+more).places(0.001),
			input(0x000C+at, "Active power "+l, f32, 1, "W").as("power."+l, 1234-10*more).places(0.1),
			input(0x0012+at, "Apparent power "+l, f32, 1, "VA").places(0.1),
			input(0x0018+at, "Reactive power "+l, f32, 1, "var").places(0.1),
			input(0x001E+at, "Power factor "+l, f32, 1, "").in("power_factor."+l, "1", 0.98-0.01*more).places(0.001))
	}
	return append(rows, totals()...)
}

// pzemAC and pzemDC are Peacefair's modules. Of two registers the low word comes first.
func pzemAC(id, model string) Table {
	return Table{ID: id, Maker: "Peacefair", Model: model, Title: text("交流电量模块", "AC power module"), Source: model + " user manual",
		Baud: 9600, Format: "8N1", Address: 1, Rows: []Row{
			input(0, "Voltage", u16, 0.1, "V").as("voltage", 225.7),
			input(1, "Current", u32, 0.001, "A").cdab().as("current", 0.108),
			input(3, "Power", u32, 0.1, "W").cdab().as("power", 24.4),
			input(5, "Energy", u32, 1, "Wh").cdab().in("energy", "kW.h", 0.038),
			input(7, "Frequency", u16, 0.1, "Hz").as("frequency", 50),
			input(8, "Power factor", u16, 0.01, "").in("power_factor", "1", 1),
			holds(4, 9, "Alarm", 0),
			holds(3, 1, "Power alarm threshold", 23000), own(3, 2),
		}}
}

func pzemDC(id, model string) Table {
	t := Table{ID: id, Maker: "Peacefair", Model: model, Title: text("直流电量模块", "DC power module"), Source: model + " user manual",
		Baud: 9600, Format: "8N2", Address: 1, Rows: []Row{
			input(0, "Voltage", u16, 0.01, "V").as("voltage", 13.44),
			input(1, "Current", u16, 0.01, "A").as("current", 0.1),
			input(2, "Power", u32, 0.1, "W").cdab().as("power", 1.3),
			input(4, "Energy", u32, 1, "Wh").cdab().in("energy", "kW.h", 0.002),
			holds(4, 6, "Alarms", 0, 0),
			holds(3, 0, "Voltage alarm thresholds", 30000, 700), own(3, 2),
		}}
	if id == "pzem-017" {
		t.Rows = append(t.Rows, holds(3, 3, "Current range, 300 A", 3))
	}
	return t
}
