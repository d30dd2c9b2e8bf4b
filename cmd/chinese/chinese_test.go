package chinese

import "testing"

func TestSentence(t *testing.T) {
	for _, c := range []struct {
		en, zh string
		ok     bool
	}{
		{`no device is called "rivr"`, `没有设备 "rivr"`, true},
		{`"purple" is no severity; write red, orange, yellow or blue, red being the most severe`, `"purple" 不是预警级别；请写 red、orange、yellow 或 blue，red 最严重`, true},
		{`there is no bus "rs"; known: rs485-1, rs485-2`, `没有总线 "rs"；可用：rs485-1、rs485-2`, true},
		{`did you mean "keller-33x" or "keller-36xw"?`, `是否应为 "keller-33x" 或 "keller-36xw"？`, true},
		{`write 30s, 30m, 30h or 30d`, `请写 30s、30m、30h 或 30d`, true},
		{`write the unit: 30s, 30m, 30h or 30d (units: ms s m h d)`, `请写明单位：30s、30m、30h 或 30d（s 秒、m 分、h 时、d 天）`, true},
		{`air has an address on an I2C bus, so it needs bus; add bus: i2c-1, a bus with the key i2c:`, `air 在 I2C 总线上有地址，需要 bus；请添加 bus: i2c-1（有 i2c: 键的总线）`, true},
		{`pack.yaml: this test names no rule`, `pack.yaml：该测试没有指明规则`, true},
		{`the part says hello`, `the part says hello`, false},
		{``, ``, false},
	} {
		if zh, ok := Sentence(c.en); zh != c.zh || ok != c.ok {
			t.Errorf("Sentence(%q) = %q, %v, want %q, %v", c.en, zh, ok, c.zh, c.ok)
		}
	}
}
