package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// photoTable prints what came of the photographs.
func photoTable(w io.Writer, all []photoResult, lang string) {
	head := "| photograph | tamper, false | smoke, false (peak) | flame, false (peak) | presence, false | blocked | defocused | moved | dark |"
	if lang == "zh" {
		head = "| 照片 | 干扰误报 | 烟雾误报（最高） | 火焰误报（最高） | 有人误报 | 遮挡 | 失焦 | 移位 | 黑暗 |"
	}
	fmt.Fprintf(w, "%s\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n", head)
	var alarms, found [4]int
	for i := 0; i < len(all); i += len(treatments) {
		plain := all[i]
		row := []string{plain.name}
		tamper := 0
		for _, r := range all[i:][:len(treatments)] {
			tamper += r.alarms[0]
		}
		row = append(row, fmt.Sprint(tamper), fmt.Sprintf("%d (%.0f %%)", plain.alarms[1], plain.peaks[0]), fmt.Sprintf("%d (%.0f %%)", plain.alarms[2], plain.peaks[1]), fmt.Sprint(plain.alarms[3]))
		for k, n := range []int{tamper, plain.alarms[1], plain.alarms[2], plain.alarms[3]} {
			alarms[k] += n
		}
		for k, r := range all[i+1:][:len(treatments)-1] {
			cell := "–"
			if r.found {
				cell = fmt.Sprintf("%.0f s", r.after)
				found[k]++
			}
			row = append(row, cell)
		}
		fmt.Fprintln(w, "| "+strings.Join(row, " | ")+" |")
	}
	name, n := "**all**", len(all)/len(treatments)
	if lang == "zh" {
		name = "**合计**"
	}
	fmt.Fprintf(w, "| %s | %d | %d | %d | %d | %d / %d | %d / %d | %d / %d | %d / %d |\n", name,
		alarms[0], alarms[1], alarms[2], alarms[3], found[0], n, found[1], n, found[2], n, found[3], n)
}

// footageTable prints what came of the footage.
func footageTable(w io.Writer, all []*footageResult, lang string) {
	head := "| footage | seconds | tamper, false | smoke, false (peak) | flame, false (peak) | zone | somebody in it, pictures | of them told | empty, pictures | presence, false |"
	if lang == "zh" {
		head = "| 录像 | 秒 | 干扰误报 | 烟雾误报（最高） | 火焰误报（最高） | 区域 | 有人的帧数 | 其中报出 | 无人的帧数 | 有人误报 |"
	}
	fmt.Fprintf(w, "%s\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n", head)
	for _, r := range all {
		tamper := fmt.Sprint(r.alarms[0])
		if len(r.told) > 0 {
			tamper += " (" + strings.Join(r.told, ", ") + ")"
		}
		for _, z := range r.zones {
			fmt.Fprintf(w, "| %s | %.0f | %s | %d (%.0f %%) | %d (%.0f %%) | %s | %d | %d | %d | %d |\n", r.name, r.seconds, tamper,
				r.alarms[1], r.peaks[0], r.alarms[2], r.peaks[1], z.name, z.there, z.told, z.empty, z.alarms)
		}
	}
}

// photoPages writes what came of photographs and footage for people, in both languages.
func photoPages(docs, dir string, hash [32]byte, all []photoResult, moving []*footageResult) error {
	var list []photo
	for i := 0; i < len(all); i += len(treatments) {
		list = append(list, all[i].photo)
	}
	n := len(list)
	for _, f := range moving {
		list = append(list, f.photo)
	}
	for name, p := range map[string]struct{ lang, text, footage, whose string }{
		"vision-photos.md":       {"en", photosEnglish, footageEnglish, "\n## Whose they are\n\n| name | shows | author | licence | Debian's package | file |\n| --- | --- | --- | --- | --- | --- |\n"},
		"vision-photos.zh-CN.md": {"zh", photosChinese, footageChinese, "\n## 来源\n\n| 名称 | 内容 | 作者 | 许可 | Debian 软件包 | 文件 |\n| --- | --- | --- | --- | --- | --- |\n"},
	} {
		var b strings.Builder
		fmt.Fprintf(&b, p.text, n, hash)
		photoTable(&b, all, p.lang)
		b.WriteString(p.footage)
		footageTable(&b, moving, p.lang)
		b.WriteString(p.whose)
		for _, one := range list {
			version, err := os.ReadFile(filepath.Join(dir, one.pack, "VERSION"))
			if err != nil {
				return fmt.Errorf("%w; make vision-photos fetches it", err)
			}
			shows := one.shows
			if p.lang == "zh" {
				shows = one.showsChinese
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s %s | %s |\n", one.name, shows, one.author, one.licence, one.pack, strings.TrimSpace(string(version)), one.file)
		}
		if err := os.WriteFile(filepath.Join(docs, name), []byte(b.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

const photosEnglish = `# What is told of photographs and of real footage

[中文](vision-photos.zh-CN.md) · Written by ` + "`make vision-photos`" + `, which fetches what is shown from Debian; do not edit.

The package ` + "`drivers/camera/vision`" + ` is shown %d photographs as a camera would see them if they were its view: a mast that sways, light that
changes by a third, noise, JPEG of quality 70, 320 × 240 every second, four minutes. Nothing moves in a photograph: this shows whether
real colours and textures are taken for smoke, flame or somebody, and whether tamper is told of real views; it says nothing of how
often moving things are. After two minutes the view is blocked, defocused, turned by 15 %% of its width, or made dark, each in a film of
its own: the last four columns say after how many seconds that was told, – that it was not. *False*: told though nothing of the kind was
there; for tamper, in all five films of a photograph, also by a wrong name. *Peak* is the highest likelihood; from 40 %% on it counts.

SHA-256 of the detector's sources, from which the films derive: ` + "`%x`" + `.

`

const footageEnglish = `
## Footage

What real cameras took, 320 × 240, a picture each second, shown forwards and backwards in turn for six minutes. When somebody is in a
zone was read off the pictures by eye; 5 s before and after that count neither way, and the first minute is the detector's to warm up in.
There is no footage of smoke, fire or staffs in these packages: of those nothing is shown here but that they are not told where they are not.

`

const photosChinese = `# 对照片和真实录像的判断

[English](vision-photos.md) · 由 ` + "`make vision-photos`" + ` 生成，该命令从 Debian 取得素材；请勿手工修改。

把 %d 张照片当作摄像机的视野给 ` + "`drivers/camera/vision`" + ` 看：立杆摇晃、亮度变化三分之一、噪声、质量 70 的 JPEG，320 × 240，每秒一帧，四分钟。
照片里没有运动：这里检验的是真实的颜色和纹理会不会被当成烟雾、火焰或人，以及真实视野受干扰时能否报出；运动物体引起的误报不在其中。
两分钟后分别遮挡、失焦、转动画面宽度的 15 %%、变黑，各为一段：最后四列是报出所用秒数，– 表示没有报出。*误报*：没有发生却报出；
干扰误报计入同一照片的全部五段，名称不符也算。*最高* 是最高可能性，40 %% 起计。

检测器源码的 SHA-256（片段由此而来）：` + "`%x`" + `。

`

const footageChinese = `
## 录像

真实摄像机拍摄的录像，320 × 240，每秒一帧，正放、倒放交替，共六分钟。区域内何时有人由人工从画面读出，前后 5 秒不计，第一分钟为检测器预热。
这些软件包里没有烟雾、火焰和水尺的录像：这里只能说明没有它们时不会报出。

`
