package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// pages writes what was measured for people, in both languages.
func pages(dir string, hash [32]byte, methods []*method, storms []*storm) error {
	var en, zh, svg, all bytes.Buffer
	fmt.Fprintf(&en, english, len(storms))
	table(&en, methods, storms, "en")
	fmt.Fprint(&en, englishRanges)
	ranges(&en, methods, storms, "en")
	fmt.Fprintf(&en, "\n![Share of crossings by lead time](foresight.svg)\n\n## By shape\n\nOf the forecast by Theil–Sen:\n\n")
	shapes(&en, methods[0], storms, "en")
	fmt.Fprintf(&en, "\n## Which storms\n\nSHA-256 of the engine's sources: `%x`. Every storm that was run, with its seed and what each method made of it, stands in [foresight.csv](foresight.csv).\n", hash)
	fmt.Fprintf(&zh, chinese, len(storms))
	table(&zh, methods, storms, "zh")
	fmt.Fprint(&zh, chineseRanges)
	ranges(&zh, methods, storms, "zh")
	fmt.Fprintf(&zh, "\n![按提前量统计的越限比例](foresight.svg)\n\n## 按形状\n\nTheil–Sen 预测：\n\n")
	shapes(&zh, methods[0], storms, "zh")
	fmt.Fprintf(&zh, "\n## 用了哪些暴雨\n\n规则引擎源码的 SHA-256：`%x`。每一场暴雨的种子和各方式的结果见 [foresight.csv](foresight.csv)。\n", hash)
	plot(&svg, methods, storms)
	if err := each(&all, methods, storms); err != nil {
		return err
	}
	for name, b := range map[string]*bytes.Buffer{"foresight.md": &en, "foresight.zh-CN.md": &zh, "foresight.svg": &svg, "foresight.csv": &all} {
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

const english = `# How early a forecast speaks

[中文](foresight.zh-CN.md) · Written by ` + "`make foresight`" + `; do not edit.

A rule with ` + "`forecast: {within: 20m, window: 15m}`" + ` and the limit 1.00 m is shown %d synthetic storms of six hours,
read every 15 s, with waves, noise, steps of 1 cm, uncaught spikes, lost readings and outages. Beside it stand a forecast by
least squares under the same rules, and the lowest plain threshold that gives false pre-alerts in no more storms than the
forecast does. A threshold at the limit itself has no lead at all.

*Lead* is from the beginning of the pre-alert that stands at the true crossing to that crossing; a crossing without one
counts as none. *False* is a pre-alert that ends, or stays to the end, without a crossing. A storm may cross or not: tides
and storms that stop short are there to deceive. *Range* is the one announced when that pre-alert began. Its width was
chosen on other storms (runoff through reservoirs, pumped basins, fronts, swell, seiches: ` + "`stormbench -practise`" + `), none of which
is counted here. It is wide because a pre-alert speaks when a rise has just begun, and nobody knows yet how it will go on.

The storms are drawn, not observed: no real hydrograph is among them. This repository carries no public gauge data, whose
terms of use differ from agency to agency; a site's own records are the better test.

## Result

`

const chinese = `# 预测能提前多久

[English](foresight.md) · 由 ` + "`make foresight`" + ` 生成，请勿手工修改。

规则为 ` + "`forecast: {within: 20m, window: 15m}`" + `，限值 1.00 m，共 %d 场合成暴雨，每场六小时，每 15 秒一个读数，含波浪、噪声、
1 cm 分辨率、未被识别的尖峰、丢失的读数和中断。对照组：同样规则下的最小二乘预测，以及误报暴雨数不多于预测的最低普通阈值。
限值处的阈值没有任何提前量。

*提前量*：真实越限时仍有效的提前告警从发出到越限的时间，没有则计为零。*误报*：结束时或直到最后都没有越限的提前告警。
潮汐和未到限值就停止的暴雨用来迷惑它。*范围*：该提前告警发出时公布的时间范围。范围宽度是在另一批暴雨上选定的
（水库汇流、泵排洼地、锋面、涌浪、假潮：` + "`stormbench -practise`" + `），它们都不计入本页。范围之所以宽，是因为提前告警在水位刚开始上涨时
就发出，此时没有人知道后面会怎样。

暴雨是合成的，不含实测过程线：各机构公开水文数据的使用条款不一，本仓库不收录；用站点自己的记录检验更好。

## 结果

`

const englishRanges = `
## The range is told anew

A pre-alert that stands tells its range anew when that has become half as wide, when the limit is expected outside of the
one announced before, or when half of the announced time is over; at most once a minute, as a revision of the same alert at the same
severity, which no siren, lamp or target of notifications hears. *Newest* is the one that stood at the crossing.

`

const chineseRanges = `
## 范围会更新

提前告警有效期间，若范围已窄到一半、预计越限时刻落到已公布的范围之外，或公布的时间已过去一半，就公布新的范围：最多每分钟一次，
是同一告警同一级别的新修订，不触发警笛、灯和通知。*最新的*指越限时有效的范围。

`
