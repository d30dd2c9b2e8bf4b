package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// pages writes what was measured for people, in both languages, and every film.
func pages(dir string, hash [32]byte, all []result) error {
	var en, zh, csv bytes.Buffer
	fmt.Fprintf(&en, english, len(all))
	tables(&en, all, "en")
	fmt.Fprintf(&en, "\n## Which films\n\nSHA-256 of the detector's sources: `%x`. Every film that was run, with its seed and what was told in it, stands in [vision.csv](vision.csv).\n", hash)
	fmt.Fprintf(&zh, chinese, len(all))
	tables(&zh, all, "zh")
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
