package health

// doubted has the arguments 1 device, 2 part, 3 where, 4 what does not fit.
var doubted = text{
	"%[1]s (%[2]s, %[3]s) answers, but it may be another part: %[4]s. Its values are used. Read the label: if two parts were exchanged, put it right; if it is the part, its profile does not fit this model or firmware, and its values want a comparison.",
	"%[1]s（%[2]s，%[3]s）有应答，但可能不是该设备：%[4]s。其数值仍在采用。请核对铭牌：若装错或互换，请纠正；若确是该设备，则模板与该型号或固件不符，请比对数值。"}
