package health

// impaired has the arguments 1 device, 2 part, 3 where, 4 for how long, 5 the error.
var impaired = text{
	"%[1]s (%[2]s, %[3]s) answers, but for %[4]s some of its channels have had no values: %[5]s. Its other values are good. Look at the program that is named there; it is started again by itself.",
	"%[1]s（%[2]s，%[3]s）有应答，但部分测点已 %[4]s没有数值：%[5]s。其余数值正常。请检查所提到的程序；网关会自动重新启动它。"}
