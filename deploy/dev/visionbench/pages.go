package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// pages writes what was measured for people, in both languages, and every film.
func pages(dir string, hash [32]byte, all []result, evenings []dusk) error {
	var en, zh, csv bytes.Buffer
	fmt.Fprintf(&en, english, len(all))
	tables(&en, all, "en")
	fmt.Fprintf(&en, englishDusk, len(evenings))
	duskTable(&en, evenings, "en")
	fmt.Fprintf(&en, "\nTheir seeds: %s.\n", duskSeeds(evenings))
	fmt.Fprintf(&en, "\n## Which films\n\nSHA-256 of the detector's sources: `%x`. Every film that was run, with its seed and what was told in it, stands in [vision.csv](vision.csv).\n", hash)
	fmt.Fprintf(&zh, chinese, len(all))
	tables(&zh, all, "zh")
	fmt.Fprintf(&zh, chineseDusk, len(evenings))
	duskTable(&zh, evenings, "zh")
	fmt.Fprintf(&zh, "\n种子：%s。\n", duskSeeds(evenings))
	fmt.Fprintf(&zh, "\n## 用了哪些片段\n\n检测器源码的 SHA-256：`%x`。每一段的种子和结果见 [vision.csv](vision.csv)。\n", hash)
	if err := list(&csv, all); err != nil {
		return err
	}
	for name, b := range map[string]*bytes.Buffer{"vision.md": &en, "vision.zh-CN.md": &zh, "vision.csv": &csv} {
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

const english = `# What is measured in pictures, and how well

[中文](vision.zh-CN.md) · Written by ` + "`make vision`" + `; do not edit.

The package ` + "`drivers/camera/vision`" + ` is shown %d films of six minutes whose truth is known: rivers with a staff as JPEG of 640 × 480 every
3 s, all others as JPEG of 320 × 240 every second. What happens in a film begins after about two minutes and lasts about as long.
The films are drawn, not taken: light on surfaces, an exposure that lags and moves in steps, noise, JPEG of quality 55 to 85. No real
camera is among them, so these figures compare versions and show weak places; a site's own pictures are the better test. What is told of
photographs and of real footage stands in [vision-photos.md](vision-photos.md).

*Read* is how many pictures gave a level of those in which the staff can be read; *off by more than 5 cm* counts those and every
level read off a staff that is hidden. *Found* is how many events were told while they lasted, and after how many seconds (the median).
*False* is how often something was told that was not there, from 10 s before to 70 s after an event aside. Smoke and flame count as told
from 40 %% on, where the built-in rules begin to count them; those rules then wait for both, or for long. In films of rivers nobody
looks for smoke, in films with flames nobody looks for people. A state of tamper counts as found only by its own name.

Smoke and flame are unverified visual indications. This is no fire alarm system.

## Result

`

const chinese = `# 画面测量的准确程度

[English](vision.md) · 由 ` + "`make vision`" + ` 生成，请勿手工修改。

给 ` + "`drivers/camera/vision`" + ` 看 %d 段已知真值的六分钟片段：带水尺的河道为 640 × 480 JPEG，每 3 秒一帧；其余为 320 × 240 JPEG，每秒一帧。
每段中的事件约在两分钟后开始，持续约两分钟。片段是绘制的，不是拍摄的：物体表面的光照、滞后并分级调整的曝光、噪声、质量 55 至 85 的 JPEG。
其中没有真实摄像机，因此这些数字用于比较版本、暴露弱点；用站点自己的画面检验更好。对照片和真实录像的判断见 [vision-photos.zh-CN.md](vision-photos.zh-CN.md)。

*读出*：水尺可读的帧中给出水位的帧数；*误差大于 5 cm* 还包括水尺被遮挡时读出的所有错误水位。*检出*：事件存在期间报出的次数，以及用时（中位数）。
*误报*：没有发生却报出的次数，事件前 10 秒至事件后 70 秒除外。烟雾和火焰以 40 %% 起计，内置规则从这里开始累计，之后还要求两者同时或长时间持续。
河道片段不检测烟雾，有火焰的片段不检测人员。干扰状态只有名称一致才算检出。

烟雾和火焰只是未经核实的画面指示，不是火灾报警系统。

## 结果

`

const englishDusk = `
## Dusk and dawn

%d cameras that go over to grey pictures and a lamp of their own at dusk, and back at dawn. Each sees day and night in turn, 40 minutes of
each, a picture every 2 s, five switches, in the middle of an hour of the clock: 40 drawn pictures of either, shown again and again. No view of
its own is kept for the night: the edges that are seen in both say that the camera stands. *False* counts states of tamper that were told at
all. A state is *unknown* while it is neither 0 nor 1. *Clarity* compares with what the hour gave before: across a switch it says little, until
the hour has been seen for long enough, or to the next day; the columns say after how many of the switches it came within a third of 100 %%.

`

const chineseDusk = `
## 黄昏与清晨

%d 台摄像机，黄昏时转为灰度画面并打开自带补光灯，清晨转回。每台交替看白天与夜间，各 40 分钟，每 2 秒一帧，共切换五次，切换都在一个钟点之内：
两种画面各绘制 40 帧，循环播放。夜间不另存视图：两种画面中都看得到的边缘说明摄像机没有动。*误报*：报出过的任何干扰状态。
状态既不是 0 也不是 1 时为*未知*。*清晰度*与该钟点以往相比：切换前后意义不大，要等该钟点看得够久，或到第二天；
后两列说明多少次切换后它回到 100 %% 上下三分之一以内。

`
