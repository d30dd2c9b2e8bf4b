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
)

var neverWords = map[string]map[string]string{
	noWarmUp:   {"en": "It measures from the first answer on.", "zh": "首次应答起即为有效测量。"},
	noRate:     {"en": "Its total counts from the first answer on; its rate has no value before two pulses came, or none for a while.", "zh": "累计值首次应答起即有效；两个脉冲到来、或一段时间无脉冲之前，速率没有数值。"},
	noBeyond:   {"en": "What it can say is within what it can measure.", "zh": "它能表达的值都在量程之内。"},
	noNoise:    {"en": "A level has no bits to turn; bouncing is what debounce is for.", "zh": "电平没有可错的位；抖动由去抖处理。"},
	noSilence:  {"en": "A line always has a level, a counter always a count.", "zh": "线路总有电平，计数器总有计数。"},
	stopsThere: {"en": "The part stops at the end of its range and goes no further.", "zh": "部件输出停在量程终点，不会超出。"},
	oneOfMany:  {"en": "It says everything again each second; a damaged sentence is dropped and counted on the line, and the next one is read.", "zh": "每秒重复发送；损坏的语句被丢弃并计入线路统计，读取下一句。"},
	mayStand:   {"en": "Standing still is what it does.", "zh": "保持不变是它的常态。"},
}

// counting are the states that a counter cannot be in.
var counting = map[string]string{silent: noSilence, noisy: noNoise, warming: noRate, frozen: mayStand}

// plays are all drivers.
var plays = map[string]play{
	"a02yyuw":  {keys: "height: 3.2", moves: "level=0.85~0.6", beyond: "level=3.19", never: map[string]string{warming: noWarmUp}},
	"bme280":   {beyond: "temp=95", never: map[string]string{warming: noWarmUp}},
	"board":    {shown: "board_temp", set: boardSet, never: map[string]string{warming: noWarmUp}},
	"camera":   {shown: "brightness", moves: "illuminance=8000~7000", never: map[string]string{warming: noWarmUp, beyond: noBeyond}},
	"digital":  {place: "line: DIGITAL", never: map[string]string{silent: noSilence, noisy: noNoise, warming: noWarmUp, beyond: noBeyond, frozen: mayStand}},
	"ds18b20":  {place: `id: "28-0316a2794eff"`, never: map[string]string{warming: noWarmUp, beyond: noBeyond}},
	"ezo":      {keys: "type: ph", every: "2s", beyond: "ph=14.5", never: map[string]string{warming: noWarmUp}},
	"jsnsr04t": {shown: "distance", moves: "distance=2~1", beyond: "distance=0.1", never: map[string]string{warming: noWarmUp}},
	"loop":     {part: "waveshare-ai-8ch", keys: "module: waveshare-ai-8ch, loops: {loop_current.in1: {channel: level, low: 0, high: 10}}", shown: "level", moves: "loop_current.in1=12~5", beyond: "loop_current.in1=20.8", never: map[string]string{warming: noWarmUp}},
	"maxbotix": {keys: "model: hrxl-wr", shown: "distance", moves: "distance=2~1", beyond: "distance=9", never: map[string]string{warming: noWarmUp}},
	"mhz19":    {part: "mhz19c", keys: "model: mh-z19c, range: 2000", every: "2s", beyond: "co2=3000"},
	"nmea0183": {keys: "measures: [wind, weather]", shown: "wind_speed", every: "2s", moves: "wind_speed=20~15", beyond: "wind_speed=95", never: map[string]string{warming: noWarmUp, noisy: oneOfMany}},
	"sds011":   {moves: "pm2_5=100~60", never: map[string]string{beyond: stopsThere}},
	"senseair": {every: "2s", moves: "co2=800~300", beyond: "co2=12000"},
	"sps30":    {beyond: "pm2_5=5000", shown: "pm2_5", asleep: true},
	"uart":     {part: "rg-15", every: "2s", shown: "rain_rate", moves: "rain_rate=60~50", beyond: "rain_rate=5000", never: map[string]string{warming: noWarmUp}},
	"winsen":   {keys: "model: ze07-co", moves: "co_ppm=100~60", never: map[string]string{beyond: stopsThere}},
	"zphs01":   {shown: "co2", beyond: "co2=60000"},
	"modem":    {every: "2s", never: map[string]string{warming: noWarmUp, beyond: noBeyond}},
	"modbus":   {part: "xy-md02", beyond: "temp=95", never: map[string]string{warming: noWarmUp}},
	"process":  {shown: "temp", set: programSet},
	"pms5003":  {beyond: "pm1=6000", moves: "pm1=400~300"},
	"scd4x":    {every: "5s", shown: "temp", beyond: "temp=128", never: map[string]string{warming: noWarmUp}},
	"sdi12":    {keys: "measure: MC, channels: {soil_moisture: {value: 1, min: 0, max: 100, resolution: 0.1, scale: 100}, soil_temp: {value: 2, min: -40, max: 60, resolution: 0.1}}", every: "5s", shown: "soil_temp", beyond: "soil_temp=70", never: map[string]string{warming: noWarmUp}},
	"sht3x":    {beyond: "temp=128", never: map[string]string{warming: noWarmUp}},

	// The counters.
	"anemometer": {place: "line: WIND", keys: "model: sen-15901", shown: "wind_speed", beyond: "wind_speed=75", never: counting},
	"flow-meter": {place: "line: FLOW", keys: "model: yf-s201, max_rate: 1.2", shown: "flow", beyond: "flow=1.6", never: counting},
	"pulse":      {place: "line: PULSE", keys: "channel: energy, per_pulse: 0.001, max_rate: 5000", shown: "power", beyond: "power=9000", never: counting},
	"rain-gauge": {place: "line: RAIN", keys: "per_pulse: 0.2, max_rate: 300", shown: "rain_rate", moves: "rain_rate=200~50", beyond: "rain_rate=450", never: counting},
}
