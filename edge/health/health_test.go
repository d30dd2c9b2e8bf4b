package health_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/health"
)

func device(id, fault string, d time.Duration) health.Device {
	return health.Device{ID: id, Part: "keller-36xw", Where: "rs485-1, address 3", Line: "rs485-1",
		Fault: fault, Detail: "the error", For: d, Every: 2 * time.Second, Seen: true}
}

func learner(l drivers.Learning) health.Device {
	d := device("yard", "", 0)
	d.Learning = l
	return d
}

func TestAssess(t *testing.T) {
	synced := health.Clock{State: "synced", Year: 2026}
	for _, c := range []struct {
		name   string
		view   health.View
		id     string // of the first finding; empty: none
		en, zh string // parts of its texts
	}{
		{"all is well", health.View{Clock: synced, Devices: []health.Device{device("river", "", 0)}}, "", "", ""},
		{"one missed sample is not worth a word",
			health.View{Clock: synced, Devices: []health.Device{device("river", "timeout", 3*time.Second)}}, "", "", ""},
		{"a camera that learns its view", health.View{Clock: synced, Devices: []health.Device{learner(drivers.Learning{Waits: []string{"clarity", "tamper.moved"}, For: 31 * time.Second, Unkept: true, Hours: 24})}},
			"device-learning", "for about 40 s more these are not evaluated: clarity, tamper.moved", "约 40 秒内以下测点不作判断"},
		{"a camera after a restart", health.View{Clock: synced, Devices: []health.Device{learner(drivers.Learning{Waits: []string{"smoke"}, For: 31 * time.Second, Hours: 20})}},
			"device-learning", "not evaluated: smoke. Pictures in the dark do not count.", "约 40 秒内"},
		{"a camera that knows four hours", health.View{Clock: synced, Devices: []health.Device{learner(drivers.Learning{Hours: 20})}},
			"device-learning", "It knows 4 of the 24 hours of the day, about 20 h more", "已掌握 4 个，约还需 20 小时"},
		{"a wall before the view", health.View{Clock: synced, Devices: []health.Device{learner(drivers.Learning{Hours: 20, Stands: 4 * time.Hour, Settles: 12 * time.Hour, Why: "blocked", Unclear: []string{"smoke"}})}},
			"device-hidden", "for another 8 h. Not evaluated meanwhile: smoke.", "再看到 8 小时后"},
		{"a camera that knows four hours and sees no line", health.View{Clock: synced, Devices: []health.Device{learner(drivers.Learning{Hours: 20, Unclear: []string{"level"}})}},
			"device-learning", "works; its last picture did not show what these measure: level. It knows 4 of", "最近一幅画面无法判断以下测点：level。一天"},
		{"a camera that knows four hours and judges", health.View{Clock: synced, Devices: []health.Device{learner(drivers.Learning{Hours: 20})}},
			"device-learning", "works and judges everything. It knows 4 of", "工作正常，各项均在判断。一天"},
		{"a cover that is no view", health.View{Clock: synced, Devices: []health.Device{learner(drivers.Learning{Hours: 24, Unkept: true, Why: "blank", Unclear: []string{"smoke", "tamper.moved"}})}},
			"device-unjudged", "next to no edges: the lens is covered, fogged or looks at something plain. That is no view, and nothing is compared with it. Free the lens or turn the camera; within two minutes of pictures a second apart it judges by what it sees then. Not evaluated meanwhile: smoke, tamper.moved.", "在此期间不作判断：smoke, tamper.moved。"},
		{"a blocked camera", health.View{Clock: synced, Devices: []health.Device{learner(drivers.Learning{Hours: 3, Why: "blocked", Unclear: []string{"smoke"}, Waits: []string{"clarity"}})}},
			"device-unjudged", "sends pictures, but something is before the lens, or on it. Take it away. Not evaluated meanwhile: smoke, clarity.", "有画面，但镜头前或镜头上有遮挡物，请移开。在此期间不作判断：smoke, clarity。"},
		{"a night without lamps", health.View{Clock: synced, Devices: []health.Device{learner(drivers.Learning{Why: "dark", Unclear: []string{"smoke"}})}},
			"device-unjudged", "too dark to see anything. Not evaluated meanwhile: smoke.", "光线太暗"},
		{"a boat before a staff that is known", health.View{Clock: synced, Devices: []health.Device{learner(drivers.Learning{Unclear: []string{"level"}})}}, "", "", ""},
		{"a word of another version", health.View{Clock: synced, Devices: []health.Device{learner(drivers.Learning{Why: "bewildered", Unclear: []string{"level"}})}}, "", "", ""},
		{"a lorry for a minute", health.View{Clock: synced, Devices: []health.Device{learner(drivers.Learning{Stands: time.Minute, Settles: 12 * time.Hour})}}, "", "", ""},
		{"a silent slave among answering ones",
			health.View{Clock: synced, Devices: []health.Device{device("river", "timeout", 42*time.Second), device("weather", "", 0)}},
			"device-timeout", "for 42 s; other devices on this line do", "42 秒无应答；同一线路上其他设备正常"},
		{"a silent line",
			health.View{Clock: synced, Devices: []health.Device{device("river", "timeout", 42*time.Second), device("weather", "timeout", 11*time.Minute)}},
			"device-timeout", "swapping them is harmless", "对调无害"},
		{"an adapter that was pulled",
			health.View{Clock: synced, Devices: []health.Device{device("air", "unplugged", 5*time.Minute)}},
			"device-unplugged", "gone for 5 min. Plug it back in", "断开 5 分钟"},
		{"noise on the line",
			health.View{Clock: synced, Lines: []health.Line{{ID: "rs485-1", Frames: 959, BadChecksum: 41, Path: "/dev/ttyUSB0"}}},
			"line-noise", "4.1 % of the frames arrive damaged (limit 1 %)", "4.1 % 的报文损坏（限值 1 %）"},
		{"a little noise is not worth a word",
			health.View{Clock: synced, Lines: []health.Line{{ID: "rs485-1", Frames: 999, BadChecksum: 1}}}, "", "", ""},
		{"a line that only babbles",
			health.View{Clock: synced, Lines: []health.Line{{ID: "rs485-1", NoiseBytes: 4800, Path: "/dev/ttyUSB0"}}},
			"line-babble", "4800 lately), but not one whole frame. Check speed and parity", "没有一帧完整。请先检查波特率与校验位"},
		{"a board's own RS-485 port that nobody switches",
			health.View{Clock: synced, Lines: []health.Line{{ID: "rs485-1", Shared: true, Path: "/dev/ttyAMA0", Timeouts: 5, Unswitched: true}}},
			"line-unswitched", "the driver of /dev/ttyAMA0 cannot. If the transceiver hangs on RTS, write rs485: rts", "请在该总线写 rs485: rts"},
		{"a board that switches by itself", health.View{Clock: synced, Lines: []health.Line{{ID: "rs485-1", Frames: 1, Timeouts: 99, Unswitched: true}}}, "", "", ""},
		{"another adapter under the same name",
			health.View{Clock: synced, Lines: []health.Line{{ID: "rs485-1", Path: "/dev/serial/by-path/x", Swapped: "FTDI UART (0403:6001) A1", Adapter: "USB Serial (1a86:7523)"}}},
			"line-swapped", "it was FTDI UART (0403:6001) A1, now it is USB Serial (1a86:7523)", "原为 FTDI UART (0403:6001) A1，现为 USB Serial"},
		{"a line that is full", health.View{Clock: synced, Lines: []health.Line{{ID: "rs485-1", Path: "/dev/ttyUSB0", Busy: 0.97}}},
			"line-busy", "busy 97.0 % of the last minute", "占用率 97.0 %"},
		{"a full line of one speed", health.View{Clock: synced, Lines: []health.Line{{ID: "soil", Path: "/dev/ttyUSB1", Busy: 0.97, Fixed: true}}},
			"line-busy", "second line; the speed of this wire is fixed", "速率是固定的"},
		{"a line that is well used", health.View{Clock: synced, Lines: []health.Line{{ID: "rs485-1", Busy: 0.9}}}, "", "", ""},
		{"a port opened in the middle of a frame",
			health.View{Clock: synced, Lines: []health.Line{{ID: "air", NoiseBytes: 31}}}, "", "", ""},
		{"a bus without bias resistors",
			health.View{Clock: synced, Lines: []health.Line{{ID: "rs485-1", Shared: true, Frames: 100, NoiseBytes: 97}}},
			"line-stray", "97 beside the last 100 frames", "最近 100 帧之外 97 字节"},
		{"a part that talks by itself was opened lately",
			health.View{Clock: synced, Lines: []health.Line{{ID: "air", Frames: 21, NoiseBytes: 31}}}, "", "", ""},
		{"one frame broke off",
			health.View{Clock: synced, Lines: []health.Line{{ID: "rs485-1", Shared: true, Frames: 99, BadChecksum: 1, NoiseBytes: 97}}}, "", "", ""},
		{"an error that asks a question",
			health.View{Clock: synced, Devices: []health.Device{{ID: "air", Part: "pms5003", Fault: "protocol", Detail: "no frame; is it this part?", For: time.Minute, Every: time.Second}}},
			"device-protocol", "for 60 s: no frame; is it this part?", "no frame; is it this part？"},
		{"a file that was refused",
			health.View{Clock: synced, Config: health.Config{Running: "a41f09c", Refused: "gw.yaml:4:3  E1101  there is no key zzz"}},
			"config-refused", "revision a41f09c goes on: gw.yaml:4:3  E1101  there is no key zzz", "继续运行版本 a41f09c"},
		{"a program that ended is no adapter",
			health.View{Clock: synced, Devices: []health.Device{{ID: "hive", Part: "process", Where: "/etc/hive.py", Wire: "process", Fault: "unplugged", Detail: "it ended: exit status 7", For: time.Minute, Every: time.Second}}},
			"device-unplugged", "has not run for 60 s, and is started again by itself: it ended: exit status 7", "未运行，网关会自动重新启动"},
		{"a host that nobody reaches is no adapter",
			health.View{Clock: synced, Devices: []health.Device{{ID: "pump", Part: "sdm120", Where: "pump #1", Wire: "host", Fault: "unplugged", Detail: "connection refused", For: time.Minute, Every: time.Second}}},
			"device-unplugged", "has not been reached over the network for 60 s: connection refused", "无法通过网络连接"},
		{"a camera that wants a login has no profile",
			health.View{Clock: synced, Devices: []health.Device{{ID: "gate", Part: "camera", Where: "10.0.0.9", Wire: "camera", Fault: "exception", Detail: "401, username or password is wrong", For: time.Minute, Every: time.Second}}},
			"device-exception", "refused its picture for 60 s: 401, username or password is wrong. 401 and 403 are the login (username, password_file)", "401、403 是登录不对"},
		{"a silent camera has no unit number",
			health.View{Clock: synced, Devices: []health.Device{{ID: "gate", Part: "camera", Where: "10.0.0.9", Wire: "camera", Fault: "timeout", Detail: "no answer in time", For: time.Minute, Every: time.Second}}},
			"device-timeout", "no picture in time for 60 s: no answer in time. Check that it is on, its address, and that", "未及时送出图片"},
		{"a decoder that fails is not cleaned",
			health.View{Clock: synced, Devices: []health.Device{{ID: "gate", Part: "camera", Where: "10.0.0.9", Wire: "camera", Fault: "device", Detail: "ffmpeg: it ended: exit status 1", For: time.Minute, Every: time.Second}}},
			"device-device", "ffmpeg: it ended: exit status 1. Where the message names a program, look at that one", "请检查该程序"},
		{"a silent part on I2C",
			health.View{Clock: synced, Devices: []health.Device{{ID: "box", Part: "bme280", Where: "i2c-1 0x76", Wire: "i2c", Fault: "timeout", Detail: "nobody acknowledges", For: time.Minute, Every: time.Second}}},
			"device-timeout", "SDA and SCL (swapped?), and its address: nobody acknowledges.", "SDA 与 SCL（是否接反）和地址：nobody acknowledges。"},
		{"pictures that wait for the budget",
			health.View{Clock: synced, Uplink: health.Uplink{Broker: "b:8883", Connected: true, Pictures: health.Pictures{Held: 3, Budget: 5e6, Used: 4e6, Left: 5 * time.Hour}}},
			"uplink-pictures", "Pictures of alerts (3) wait: 4.0 MB of the day's 5.0 MB are used, and the last tenth is the alerts' own. They lie on the gateway and go when the next day of the budget begins, in 5 h;", "有 3 张告警画面等待发送：今日流量已用 4.0 MB，共 5.0 MB"},
		{"pictures that wait for the link", health.View{Clock: synced, Uplink: health.Uplink{Broker: "b:8883", Error: "refused", Pictures: health.Pictures{Held: 3, Budget: 5e6, Used: 4e6}}},
			"uplink", "refused", ""},
		{"a part that may be another one",
			health.View{Clock: synced, Devices: []health.Device{{ID: "roof", Part: "rs-fx-n01", Where: "rs485-1 #3", Doubt: "register 0x0000 holds 0x25", Flat: true}}},
			"device-doubted", "may be another part: register 0x0000 holds 0x25. Its values are used.", "可能不是该设备：register 0x0000 holds 0x25。其数值仍在采用"},
		{"a camera whose detector has ended",
			health.View{Clock: synced, Devices: []health.Device{{ID: "gate", Part: "camera", Where: "10.0.0.9", Impaired: "camera: detector: it ended: exit status 1", For: 2 * time.Minute, Every: time.Second, Seen: true}}},
			"device-impaired", "for 2 min some of its channels have had no values: camera: detector: it ended: exit status 1. Its other values are good.", "没有数值：camera: detector: it ended: exit status 1。其余数值正常"},
		{"a detector that missed one picture",
			health.View{Clock: synced, Devices: []health.Device{{ID: "gate", Part: "camera", Impaired: "camera: detector: no answer in time", For: time.Second, Every: time.Second, Seen: true}}}, "", "", ""},
		{"a wrong part on I2C",
			health.View{Clock: synced, Devices: []health.Device{{ID: "box", Part: "bme280", Wire: "i2c", Fault: "wrong-part", Detail: "write model: bmp280", For: time.Minute, Every: time.Second}}},
			"device-wrong-part", "write model: bmp280", "write model: bmp280"},
		{"a pulled thermometer",
			health.View{Clock: synced, Devices: []health.Device{{ID: "pipe", Part: "ds18b20", Wire: "w1", Fault: "timeout", Detail: "an empty file", For: time.Minute, Every: time.Second}}},
			"device-timeout", "pull-up of 4.7 kΩ: an empty file.", "4.7 kΩ 上拉电阻：an empty file。"},
		{"a counter that loses edges", health.View{Clock: synced, Lines: []health.Line{{ID: "gpio", Path: "/dev/gpiochip0", Edges: true, Frames: 90_000, BadChecksum: 12}}},
			"line-edges", "12 edges of its counters were lost", "计数丢失 12 个沿"},
		{"a counter that loses none", health.View{Clock: synced, Lines: []health.Line{{ID: "gpio", Edges: true, Frames: 90_000, NoiseBytes: 80_000}}}, "", "", ""},
		{"a board without a clock chip", health.View{Clock: health.Clock{State: "unsynced", Year: 1970}},
			"clock", "The clock says 1970", "时钟显示 1970 年"},
		{"sources of time that contradict each other", health.View{Clock: health.Clock{State: "synced", Disputed: [2]string{"kernel", "uplink"}, Off: -5 * time.Hour}},
			"clock-dispute", "NTP and the aggregator", "NTP与汇聚平台"},
		{"a clock that nobody keeps", health.View{Clock: health.Clock{State: "held", For: 72 * time.Hour, Error: 26 * time.Second}},
			"clock", "26 s", "26 秒"},
		{"a full disk", health.View{Clock: synced, Journal: health.Journal{Dir: "/var/lib/lamppost", Trouble: "full", For: 11 * time.Minute}},
			"disk", "nothing could be kept in /var/lib/lamppost for 11 min. Sampling, rules and alerts go on", "磁盘已满：/var/lib/lamppost 已 11 分钟无法写入"},
		{"a card that became read-only", health.View{Clock: synced, Journal: health.Journal{Dir: "/data", Trouble: "read-only", For: time.Minute}},
			"disk", "read-only for 60 s: nothing can be kept in /data", "磁盘变为只读已 60 秒"},
		{"a card that fails", health.View{Clock: synced, Journal: health.Journal{Dir: "/data", Trouble: "io", Detail: "input/output error"}},
			"disk", "(input/output error)", "导出可读数据并更换存储卡"},
		{"a trouble that is new", health.View{Clock: synced, Journal: health.Journal{Dir: "/data", Trouble: "worms", Detail: "crawling"}},
			"disk", "(crawling)", "存储卡故障"},
		{"a journal full of what waits", health.View{Clock: synced, Journal: health.Journal{Used: 500e6, Quota: 512e6, Unsent: 0.9}},
			"disk-quota", "90 % of the journal's room", "90 % 被待上传记录占用"},
		{"a journal full of what is stored", health.View{Clock: synced, Journal: health.Journal{Used: 512e6, Quota: 512e6, Unsent: 0.1}}, "", "", ""},
		{"a card that will not last", health.View{Clock: synced, Card: health.Card{Name: "mmcblk0", PerDay: 8_700_000_000, Over: 48 * time.Hour, Years: 1.01, Endurance: 3.2e12, Assumed: true}},
			"card-life", "written 8.7 GB a day by all programs together. At this rate it lasts about 1.0 years more, if it bears 3.2 TB, which is a cautious assumption", "约可再用 1.0 年（保守假定总写入量 3.2 TB"},
		{"a rated card that will not last", health.View{Clock: synced, Card: health.Card{Name: "mmcblk0", PerDay: 90_000_000_000, Over: 48 * time.Hour, Years: 0.5, Endurance: 20e12}},
			"card-life", "about 6.0 months more, by its rated 20.0 TB", "约可再用 6.0 个月（按额定写入量 20.0 TB）"},
		{"a busy first day says nothing of a life", health.View{Clock: synced, Card: health.Card{Name: "mmcblk0", PerDay: 8e9, Over: 3 * time.Hour, Years: 1, Endurance: 3e12}}, "", "", ""},
		{"a disk that does not wear", health.View{Clock: synced, Card: health.Card{Name: "sda", PerDay: 8e9, Over: 48 * time.Hour, Years: -1}}, "", "", ""},
		{"an eMMC of age", health.View{Clock: synced, Card: health.Card{Name: "mmcblk0", Years: 50, Used: 8, Spare: 1}}, "card-worn", "more than 70 % of its life", "超过 70 %"},
		{"an eMMC without spare blocks", health.View{Clock: synced, Card: health.Card{Name: "mmcblk0", Used: 1, Spare: 2}}, "card-worn", "four fifths of its spare blocks", "备用块"},
		{"an eMMC at its end", health.View{Clock: synced, Card: health.Card{Name: "mmcblk0", Used: 11}}, "card-worn", "replace it now", "立即更换"},
		{"our certificate", health.View{Clock: synced, Uplink: health.Uplink{Broker: "b", Connected: true, Certificate: health.Certificate{Name: "/etc/lamppost/gateway.crt", Ours: true, Left: 29 * 24 * time.Hour}}},
			"certificate", "/etc/lamppost/gateway.crt ends in 29 d", "将在 29 天后到期"},
		{"a certificate with a year to go", health.View{Clock: synced, Uplink: health.Uplink{Broker: "b", Connected: true, Certificate: health.Certificate{Name: "x", Left: 400 * 24 * time.Hour}}}, "", "", ""},
		{"a broker's certificate that ended", health.View{Clock: synced, Uplink: health.Uplink{Broker: "b", Connected: true, Certificate: health.Certificate{Name: "CN=hub", Left: -3 * 24 * time.Hour}}},
			"certificate", "ended 3 d ago", "已到期 3 天"},
		{"a certificate that is not accepted", health.View{Clock: synced, Uplink: health.Uplink{Broker: "b", Problem: "the broker shows a certificate for another name"}},
			"certificate", "another name. Everything is kept here", "数据都保存在本机"},
		{"a page whose port is taken", health.View{Clock: synced, Page: health.Page{Address: "127.0.0.1:8090", Error: "address already in use"}},
			"status-page", "127.0.0.1:8090: address already in use", "网关会自动重试"},
		{"no broker", health.View{Clock: synced, Uplink: health.Uplink{Broker: "mqtts://hub:8883", Error: "connection refused", Waiting: 12}},
			"uplink", "No connection to mqtts://hub:8883: connection refused. Everything is kept here; 12 records wait.", "12 条记录待上传"},
		{"a broker without an aggregator behind it", health.View{Clock: synced, Uplink: health.Uplink{Broker: "b", Connected: true, Acked: -1}},
			"uplink", "no aggregator has acknowledged", "尚无汇聚平台确认"},
		{"through the second broker", health.View{Clock: synced, Uplink: health.Uplink{Broker: "mqtts://hub-b", Connected: true, NotFirst: "connection refused", Problem: "expired"}},
			"uplink-second", "through mqtts://hub-b, because the preferred broker is no good: connection refused. It", "首选服务器不可用：connection refused。"},
		{"a budget that runs short", health.View{Clock: synced, Uplink: health.Uplink{Broker: "b", Connected: true, Budget: 1_000_000, BudgetUsed: 900_000}},
			"uplink-budget", "(900.0 kB of 1.0 MB used): live readings go only now and then", "已用 900.0 kB，共 1.0 MB"},
		{"a budget that is spent", health.View{Clock: synced, Uplink: health.Uplink{Broker: "b", Connected: true, Budget: 1_000_000, BudgetUsed: 1_000_000, Withheld: true}},
			"uplink-budget", "only alerts, events and heartbeats go until the next day", "次日前只上传预警、事件和心跳"},
		{"a certificate that keeps the uplink down", health.View{Clock: synced, Uplink: health.Uplink{Broker: "b", Problem: "tls.cert_file x expired on 2026-11-01"}},
			"certificate", "No encrypted connection: tls.cert_file x expired on 2026-11-01. Everything", "采集、规则和告警照常运行"},
		{"a certificate that ended under a connection", health.View{Clock: synced, Uplink: health.Uplink{Broker: "b", Connected: true, Problem: "tls.cert_file x expired on 2026-11-01"}},
			"certificate", "goes on, the next one will fail: tls.cert_file x", "下次连接将失败"},
		{"a cloud that was set up anew", health.View{Clock: synced, Uplink: health.Uplink{Broker: "b", Connected: true, Acked: -1, WrongStore: "st-2", Stores: "st-1", Waiting: 7}},
			"uplink-store", "Store st-2 answers, but this gateway reports to store st-1, and what another one acknowledges does not count. Everything is kept here; 7 records wait. If the cloud was set up anew, write uplink.stores: [st-2]", "应答的是存储 st-2，而本网关上报的存储是 st-1"},
		{"silent a moment", health.View{Clock: synced, Uplink: health.Uplink{Broker: "b", Connected: true, Acked: health.Silence - 1}}, "", "", ""},
		{"silent", health.View{Clock: synced, Uplink: health.Uplink{Broker: "b", Connected: true, Acked: health.Silence, Waiting: 3}},
			"uplink", "nothing has been acknowledged for 3 min; 3 records wait", "已 3 分钟没有确认"},
		{"a cloned card", health.View{Clock: synced, Uplink: health.Uplink{Broker: "b", Connected: true, Conflict: true}},
			"uplink-twin", "cloned card", "复制过存储卡"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := health.Assess(c.view)
			if c.id == "" {
				if len(got) != 0 {
					t.Fatalf("Assess = %+v, want nothing", got)
				}
				return
			}
			if len(got) == 0 {
				t.Fatalf("Assess found nothing, want %s", c.id)
			}
			if got[0].ID != c.id || !strings.Contains(got[0].Text["en"], c.en) || !strings.Contains(got[0].Text["zh"], c.zh) {
				t.Errorf("Assess = %s %q %q\nwant %s with %q and %q", got[0].ID, got[0].Text["en"], got[0].Text["zh"], c.id, c.en, c.zh)
			}
			for lang, s := range got[0].Text {
				if strings.Contains(s, "%!") {
					t.Errorf("%s sentence is malformed: %q", lang, s)
				}
			}
		})
	}
}

// The worst comes first: a person on a ladder reads one line.
func TestAssessOrder(t *testing.T) {
	got := health.Assess(health.View{
		Clock:   health.Clock{State: "unsynced", Year: 1970},
		Devices: []health.Device{device("river", "timeout", time.Minute)},
	})
	if len(got) != 2 || got[0].Level != "fail" || got[1].Level != "warn" {
		t.Errorf("Assess = %+v, want the failure before the warning", got)
	}
}

// Each fault word a driver can give has a sentence without formatting mistakes.
func TestEveryFaultHasWords(t *testing.T) {
	for _, word := range []string{"timeout", "checksum", "protocol", "exception", "wrong-part", "unplugged", "busy", "device", "error"} {
		for _, h := range health.Assess(health.View{Clock: health.Clock{State: "synced"}, Devices: []health.Device{device("x", word, time.Hour)}}) {
			for lang, s := range h.Text {
				if !strings.Contains(s, "x") || strings.Contains(s, "%!") {
					t.Errorf("%s in %s: %q", word, lang, s)
				}
			}
		}
	}
}

// Damaged data is explained in the words of its wire: no chip on I2C has a parity, and an
// SDI-12 line has one speed.
func TestDamagedPerWire(t *testing.T) {
	for wire, want := range map[string][2]string{
		"i2c":   {"the pull-ups of SDA and SCL", "上拉电阻"},
		"w1":    {"the pull-up of 4.7 kΩ", "4.7 kΩ 上拉电阻"},
		"sdi12": {"Check the data wire", "请检查数据线"},
		"":      {"Check speed and parity, termination", "请检查波特率与校验位"},
	} {
		d := health.Device{ID: "box", Part: "p", Where: "there", Wire: wire, Fault: "checksum", Detail: "two readings differ", For: time.Minute, Every: time.Second}
		en, zh := health.Note(d, nil, "en"), health.Note(d, nil, "zh")
		if !strings.Contains(en, want[0]) || !strings.Contains(zh, want[1]) {
			t.Errorf("%q: %s\n%s\nwant %q", wire, en, zh, want)
		}
		if parity := strings.Contains(en, "parity"); parity != (wire == "") || !strings.Contains(en, "two readings differ") {
			t.Errorf("%q: %s", wire, en)
		}
	}
}

// A machine of the site that cannot be told of alerts is a thing to see to, by name.
func TestTargetsInTrouble(t *testing.T) {
	got := health.Assess(health.View{Uplink: health.Uplink{}, Targets: []health.Target{
		{ID: "panel", Error: "connection refused", For: 3 * time.Minute, Waiting: 2}, {ID: "plc", Error: "401", Refused: true}}})
	var all []string
	for _, h := range got {
		if h.ID == "notify-failed" {
			all = append(all, h.About+" "+h.Level+": "+h.Text["en"])
		}
	}
	if len(all) != 2 || !strings.HasPrefix(all[0], "panel warn: panel could not be told of alerts for 3 min: connection refused. 2 wait;") || !strings.HasPrefix(all[1], "plc warn: plc refused an alert, so it was not told of it: 401.") {
		t.Errorf("%q", all)
	}
}

// What an output says of itself stands in the sentence's own language.
func TestOutputDetailIsInBothLanguages(t *testing.T) {
	v := health.View{Clock: health.Clock{State: "synced"}, Outputs: []health.Output{{ID: "pump", Fault: "astray", Detail: "the feedback says on", For: time.Minute}}}
	for _, h := range health.Assess(v) {
		if h.ID == "output-astray" {
			if !strings.Contains(h.Text["zh"], "反馈为开") || strings.Contains(h.Text["zh"], "feedback") || !strings.Contains(h.Text["en"], "the feedback says on") {
				t.Errorf("%q", h.Text)
			}
			return
		}
	}
	t.Error("nothing is said of the output")
}
