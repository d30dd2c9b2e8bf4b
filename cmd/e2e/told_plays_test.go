package e2e

// Reasons why a state cannot be.
const (
	noWarmUp   = "no-warm-up"
	noRate     = "no-rate"
	noBeyond   = "no-beyond"
	noNoise    = "no-noise"
	noSilence  = "no-silence"
	mayStand   = "may-stand"
	stopsThere = "stops-there"
	oneOfMany  = "one-of-many"
	noCheck    = "no-check"
	noSealed   = "no-sealed"
	noWire     = "no-wire"
	noDigits   = "no-digits"
	ownWarmUp  = "own-warm-up"
)

var neverWords = map[string]map[string]string{
	noWarmUp:   {"en": "It measures from the first answer on.", "zh": "首次应答起即为有效测量。"},
	noRate:     {"en": "Its total counts from the first answer on; its rate has no value, with this word, before two pulses came, or none for a while.", "zh": "累计值首次应答起即有效；两个脉冲到来、或一段时间无脉冲之前，速率没有数值，并附此词。"},
	noBeyond:   {"en": "What it can say is within what it can measure.", "zh": "它能表达的值都在量程之内。"},
	noNoise:    {"en": "A level has no bits to turn; bouncing is what debounce is for.", "zh": "电平没有可错的位；抖动由去抖处理。"},
	noSilence:  {"en": "A line always has a level, a counter always a count.", "zh": "线路总有电平，计数器总有计数。"},
	stopsThere: {"en": "The part stops at the end of its range and goes no further.", "zh": "部件输出停在量程终点，不会超出。"},
	oneOfMany:  {"en": "It says everything again, each second or more often. What is damaged is dropped and counted on the line, and the next one is read: only right values came. Where all that comes during a sample is damaged, it is the fault `checksum`.", "zh": "它每秒至少重复发送一次；损坏的内容被丢弃并计入线路统计，读取下一条，得到的都是正确值。若一次采样期间收到的全部损坏，则报故障 `checksum`。"},
	noCheck:    {"en": "**Not detectable on this wire: a wrong digit passes.** What the part sends has no checksum, and another digit is as good a number. What limits it: the channel's range, and the tests `spike` and `rate` of `checks:`, which tell a value that jumps; a wrong last digit nothing tells.", "zh": "**此线路无法察觉：错一位数字也会通过。**部件发送的内容没有校验，换了一位仍是合法的数。能限制它的只有测点量程，以及 `checks:` 中的 `spike`、`rate`（能发现跳变）；末位数字错误无从发现。"},
	noSealed:   {"en": "**Not detectable: a wrong digit passes**, because `measure: M` asks for values without a checksum. Leave `measure` out, or write `MC`: then it is the fault `checksum`, as in the row above. Sensors from before SDI-12 version 1.3 have no other; for them only the range and `checks:` are left.", "zh": "**无法察觉：错一位数字也会通过**，因为 `measure: M` 取的数值不带校验。删去 `measure` 或写 `MC`，即如上一行报故障 `checksum`。SDI-12 1.3 版以前的传感器没有校验，只能靠量程和 `checks:`。"},
	noWire:     {"en": "No wire on which a digit could turn: files of the kernel, a pipe to a program.", "zh": "没有会使数字出错的线路：数值来自内核文件或程序的管道。"},
	noDigits:   {"en": "A picture has no digits, and TCP repeats what was damaged; a file cut short is the fault `protocol`.", "zh": "图像没有数字，受损数据由 TCP 重传；截断的文件报故障 `protocol`。"},
	ownWarmUp:  {"en": "Read by a copy of its profile that states `warm_up`: no source at hand says that this part needs time, so the built-in profile has none.", "zh": "由写明 `warm_up` 的型号副本读取：现有资料没有说明该部件需要预热，内置型号因此没有这一项。"},
	mayStand:   {"en": "Standing still is what it does.", "zh": "保持不变是它的常态。"},
}

// counting are the states that a counter cannot be in.
var counting = map[string]string{silent: noSilence, noisy: noNoise, misread: noNoise, frozen: mayStand}

const soilChannels = "channels: {soil_moisture: {value: 1, min: 0, max: 100, resolution: 0.1}, soil_temp: {value: 2, min: -40, max: 60, resolution: 0.1}}"

// plays are all drivers; a second row of a driver ends in a number.
var plays = map[string]play{
	"a02yyuw":  {again: true, keys: "height: 3.2", moves: "level=0.85~0.6", beyond: "level=3.19", never: map[string]string{warming: noWarmUp}},
	"bme280":   {beyond: "temp=95", never: map[string]string{warming: noWarmUp}},
	"board":    {shown: "board_temp", set: boardSet, never: map[string]string{misread: noWire, warming: noWarmUp}},
	"camera":   {shown: "brightness", moves: "illuminance=8000~7000", never: map[string]string{misread: noDigits, warming: noWarmUp, beyond: noBeyond}},
	"digital":  {place: "line: DIGITAL", never: map[string]string{silent: noSilence, noisy: noNoise, misread: noNoise, warming: noWarmUp, beyond: noBeyond, frozen: mayStand}},
	"ds18b20":  {place: `id: "28-0316a2794eff"`, never: map[string]string{warming: noWarmUp, beyond: noBeyond}},
	"ezo":      {passes: noCheck, keys: "type: ph", every: "2s", beyond: "ph=14.5", never: map[string]string{warming: noWarmUp}},
	"jsnsr04t": {again: true, shown: "distance", moves: "distance=2~1", beyond: "distance=0.1", never: map[string]string{warming: noWarmUp}},
	"loop":     {part: "waveshare-ai-8ch", keys: "module: waveshare-ai-8ch, loops: {loop_current.in1: {channel: level, low: 0, high: 10}}", shown: "level", moves: "loop_current.in1=12~5", beyond: "loop_current.in1=20.8", never: map[string]string{warming: noWarmUp}},
	"maxbotix": {passes: noCheck, keys: "model: hrxl-wr", shown: "distance", moves: "distance=2~1", beyond: "distance=9", never: map[string]string{warming: noWarmUp}},
	"mhz19":    {part: "mhz19c", keys: "model: mh-z19c, range: 2000", every: "2s", beyond: "co2=3000"},
	"nmea0183": {again: true, keys: "measures: [wind, weather]", shown: "wind_speed", every: "2s", moves: "wind_speed=20~15", beyond: "wind_speed=95", never: map[string]string{warming: noWarmUp, noisy: oneOfMany}},
	"sds011":   {moves: "pm2_5=100~60", never: map[string]string{beyond: stopsThere}},
	"senseair": {every: "2s", moves: "co2=800~300", beyond: "co2=12000"},
	"sps30":    {beyond: "pm2_5=5000", shown: "pm2_5", asleep: true},
	"uart":     {part: "rg-15", passes: noCheck, own: true, every: "2s", shown: "rain_rate", moves: "rain_rate=60~50", beyond: "rain_rate=5000"},
	"uart-2":   {kind: "uart", part: "rg-9", passes: noCheck, own: true, every: "2s", shown: "rain_level", moves: "rain_level=4~3", never: map[string]string{beyond: noBeyond}},
	"winsen":   {keys: "model: ze07-co", moves: "co_ppm=100~60", never: map[string]string{beyond: stopsThere}},
	"zphs01":   {shown: "co2", beyond: "co2=60000"},
	"modem":    {passes: noCheck, every: "2s", never: map[string]string{warming: noWarmUp, beyond: noBeyond}},
	"modbus":   {part: "senseair-s8", every: "2s", moves: "co2=800~300", beyond: "co2=12000"},
	"process":  {shown: "temp", set: programSet, never: map[string]string{misread: noWire}},
	"pms5003":  {beyond: "pm1=6000", moves: "pm1=400~300"},
	"scd4x":    {every: "5s", shown: "temp", beyond: "temp=128", never: map[string]string{warming: noWarmUp}},
	"sdi12":    {keys: soilChannels, every: "5s", shown: "soil_moisture", beyond: "soil_moisture=120", never: map[string]string{warming: noWarmUp}},
	"sdi12-2":  {kind: "sdi12", passes: noSealed, keys: "measure: M, " + soilChannels, every: "5s", shown: "soil_moisture", beyond: "soil_moisture=120", never: map[string]string{warming: noWarmUp, noisy: noSealed}},
	"sht3x":    {beyond: "temp=128", never: map[string]string{warming: noWarmUp}},

	// The counters.
	"anemometer": {warms: "wind_speed=0", place: "line: WIND", keys: "model: sen-15901", shown: "wind_speed", beyond: "wind_speed=75", never: counting},
	"flow-meter": {warms: "flow=0", place: "line: FLOW", keys: "model: yf-s201, max_rate: 1.2", shown: "flow", beyond: "flow=1.6", never: counting},
	"pulse":      {warms: "power=0", place: "line: PULSE", keys: "channel: energy, per_pulse: 0.001, max_rate: 5000", shown: "power", beyond: "power=9000", never: counting},
	"rain-gauge": {warms: "rain_rate=0", place: "line: RAIN", keys: "per_pulse: 0.2, max_rate: 300", shown: "rain_rate", moves: "rain_rate=200~50", beyond: "rain_rate=450", never: counting},
}
