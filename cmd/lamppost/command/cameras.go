package command

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/camera/onvif"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/spf13/cobra"
)

func camerasCommand(o Options) *cobra.Command {
	var path, lang string
	var asJSON bool
	var wait time.Duration
	c := &cobra.Command{
		Use:   "cameras [HOST...]",
		Short: "find the cameras that this board can see, in its network and at the board itself",
		Long: `cameras asks the network for ONVIF cameras, looks which cameras the board's own kernel
drives, and prints for each the url to write in a configuration.

It asks every network that this machine has an address in, at UDP port 3702. A camera
behind a router is asked when its HOST is given. Most cameras answer only when ONVIF is
turned on in their own page, often with a user of its own. Nobody is logged in and
nothing is changed. What a camera says of itself is not proven.

Exit codes: 0 done, 1 no camera was found, 2 wrong usage, 3 the configuration is
invalid, 7 it may not be read.`,
	}
	c.Flags().StringVar(&path, "config", "", "a configuration to compare with (default: "+defaultConfig+", if it is there)")
	c.Flags().DurationVar(&wait, "wait", 3*time.Second, "how long to listen for answers")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object per camera")
	langFlag(c, &lang)
	c.RunE = func(c *cobra.Command, hosts []string) error {
		if wait < 100*time.Millisecond || wait > time.Minute {
			return &exit{exitUsage, fmt.Errorf("--wait %v cannot be", wait), "write 100ms to 1m"}
		}
		cfg, err := o.portsConfig(path, c.ErrOrStderr())
		if err != nil {
			return err
		}
		found, err := searchCameras(c.Context(), hosts, wait)
		if err != nil {
			return &exit{exitUsage, err, "write an address or a name, like 192.168.1.64"}
		}
		var own []ownCamera
		if len(hosts) == 0 {
			own = ownCameras("/dev/v4l", "/sys/class/video4linux")
		}
		all := surveyCameras(found, own, cfg)
		if asJSON {
			err = camerasJSON(c.OutOrStdout(), all)
		} else {
			err = renderCameras(c.OutOrStdout(), all, wait, lang)
		}
		if err == nil && len(all) == 0 {
			return &exit{code: exitFindings}
		}
		return shown(err)
	}
	return c
}

// ownCamera is a camera that the kernel drives.
type ownCamera struct{ node, name string }

// ownCameras lists them by the names that last: those of the make and serial number, else
// those of the socket.
func ownCameras(links, class string) (all []ownCamera) {
	var seen []string
	for _, kind := range []string{"by-id", "by-path"} {
		nodes, _ := filepath.Glob(filepath.Join(links, kind, "*-index0")) // the pattern is good
		for _, n := range nodes {
			to, err := filepath.EvalSymlinks(n)
			if err != nil || slices.Contains(seen, to) {
				continue
			}
			seen = append(seen, to)
			name, _ := os.ReadFile(filepath.Join(class, filepath.Base(to), "name")) // a name is a help only
			all = append(all, ownCamera{n, strings.TrimSpace(string(name))})
		}
	}
	return all
}

// foundCamera is what is shown of one camera; fields are only ever added.
type foundCamera struct {
	URL    string   `json:"url"` // to be written in a configuration
	Name   string   `json:"name,omitempty"`
	Model  string   `json:"model,omitempty"`
	UsedBy []string `json:"used_by,omitempty"`
	Odd    string   `json:"service,omitempty"` // where its service is, if not where it is asked
}

func surveyCameras(found []netCamera, own []ownCamera, cfg *config.Config) (all []foundCamera) {
	for _, c := range found {
		f := foundCamera{URL: "onvif://" + c.at.Host, Name: c.Name, Model: c.Model}
		if c.at.Scheme != "http" || c.at.Path != onvif.DevicePath {
			f.Odd = c.at.Redacted()
		}
		for _, d := range devicesOf(cfg) {
			if u, err := url.Parse(d.URL); err == nil && u.Host != "" && u.Hostname() == c.at.Hostname() {
				f.UsedBy = append(f.UsedBy, "devices."+d.ID)
			}
		}
		all = append(all, f)
	}
	for _, c := range own {
		f := foundCamera{URL: "v4l2:" + c.node, Name: c.name}
		for _, d := range devicesOf(cfg) {
			if node, ok := strings.CutPrefix(d.URL, "v4l2:"); ok && sameFile(node, c.node) {
				f.UsedBy = append(f.UsedBy, "devices."+d.ID)
			}
		}
		all = append(all, f)
	}
	return all
}

func devicesOf(cfg *config.Config) []config.Device {
	if cfg == nil {
		return nil
	}
	return cfg.Devices
}

func sameFile(a, b string) bool {
	x, err := filepath.EvalSymlinks(a)
	if err != nil {
		return a == b
	}
	y, err := filepath.EvalSymlinks(b)
	return err == nil && x == y
}

func camerasJSON(w io.Writer, all []foundCamera) error {
	enc := json.NewEncoder(w)
	for _, c := range all {
		if err := enc.Encode(c); err != nil {
			return err
		}
	}
	return nil
}

func renderCameras(w io.Writer, all []foundCamera, wait time.Duration, lang string) error {
	var b strings.Builder
	for i, c := range all {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString("url: " + c.URL + "\n")
		rows := [][]string{{"", pick(lang, "name", "名称"), cmp.Or(c.Name, "-")}, {"", pick(lang, "model", "型号"), cmp.Or(c.Model, "-")},
			{"", pick(lang, "used by", "用途"), cmp.Or(strings.Join(c.UsedBy, pick(lang, ", ", "、")), "-")}}
		if err := columns(&b, rows); err != nil {
			return err
		}
		if c.Odd != "" {
			fmt.Fprintf(&b, pick(lang, "# its ONVIF service is at %s, where it is not asked; write the address of its still picture instead\n",
				"# 其 ONVIF 服务位于 %s，网关不访问该地址；请改写其静态图片的地址\n"), c.Odd)
		}
	}
	if len(all) == 0 {
		fmt.Fprintf(&b, pick(lang, "no camera has answered within %v, and none is plugged in here; is ONVIF turned on in the camera's own page? ask one behind a router by its address: lamppost cameras 192.168.1.64\n",
			"%v 内没有摄像头应答，本板也未插入摄像头；摄像头自己的页面里是否已启用 ONVIF？路由器后面的摄像头请按地址查询：lamppost cameras 192.168.1.64\n"), wait)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
