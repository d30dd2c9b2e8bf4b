package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/cmd/chinese"
)

func mapCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "map", Short: "import, list and remove rivers, water, roads and railways of the map",
		Long: `map is about what lies below the areas and gateways on the map. It consists of layers,
each of which came from one file.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(importLayerCommand(), listLayersCommand(), removeLayerCommand())
	return cmd
}

func importLayerCommand() *cobra.Command {
	var f importFlags
	var layer string
	cmd := &cobra.Command{
		Use:   "import FILE [--layer NAME] [--dry-run]",
		Short: "import rivers, water, roads and railways (GeoJSON)",
		Long: `import sends a file to the running aggregator, which takes it whole or not at all. It
becomes the layer of the file's name, or --layer, and replaces the one before. The same
file again changes nothing.

Lines and surfaces are of the kinds motorway, main, street, path, rail, river, stream
and water, by their property kind; files from OpenStreetMap are understood as they are,
and what is no part of a map is left out and counted. Positions are WGS 84 or CGCS2000;
those of street maps in GCJ-02 are converted with --crs gcj02.`,
		Args: named("one file"),
		RunE: func(c *cobra.Command, args []string) error {
			var done view.MapImport
			if err := f.send(c, args[0], "/map/layers/"+url.PathEscape(cmp.Or(layer, layerOf(args[0]))), &done); err != nil {
				return err
			}
			return renderLayer(c.OutOrStdout(), done, chinese.Asked(c))
		},
	}
	cmd.Flags().StringVar(&layer, "layer", "", "what the layer is called; the file's name, if not given")
	f.on(cmd)
	return cmd
}

// layerOf is what a layer is called after its file.
func layerOf(file string) string {
	name := filepath.Base(file)
	return strings.ToLower(strings.TrimSuffix(name, filepath.Ext(name)))
}

// kindWords are the kinds in Chinese.
var kindWords = map[string]string{
	"motorway": "高速路", "main": "主干道", "street": "道路", "path": "小路", "rail": "铁路", "river": "河流", "stream": "溪渠", "water": "水面",
}

// kindsText is how many there are of each kind.
func kindsText(kinds map[string]int, zh bool) string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		word := k
		if zh {
			word = cmp.Or(kindWords[k], k)
		}
		list = append(list, fmt.Sprintf("%s %d", word, kinds[k]))
	}
	if zh {
		return strings.Join(list, "、")
	}
	return strings.Join(list, ", ")
}

// renderLayer prints what an import of a layer did.
func renderLayer(w io.Writer, done view.MapImport, zh bool) error {
	change := map[string]string{"added": "added", "replaced": "replaced", "none": "unchanged"}
	sum, left, dry := "layer %s is %s: %s; %d features read (%s), %d positions kept, %d left out that nobody would see", "left out: %s × %d\n", "; nothing was changed (--dry-run)"
	if done.DryRun {
		sum = strings.Replace(sum, " is ", " would be ", 1)
	}
	if zh {
		change = map[string]string{"added": "新增", "replaced": "替换", "none": "无变化"}
		sum, left, dry = "图层 %s %s：%s；读入 %d 个要素（%s），保留 %d 个点，省去看不出的点 %d 个", "略去：%s × %d\n", "；未作任何改动（--dry-run）"
	}
	if done.DryRun {
		sum += dry
	}
	for _, l := range done.LeftOut {
		if _, err := fmt.Fprintf(w, left, l.What, l.N); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, sum+"\n", done.Layer.ID, change[done.Change], kindsText(done.Layer.Kinds, zh), done.Read, done.Encoding, done.Layer.Points, done.Dropped)
	return err
}

func listLayersCommand() *cobra.Command {
	var config, api string
	cmd := &cobra.Command{
		Use: "list", Short: "list the layers of the map", Long: `list prints the layers of the map with what is in them, their positions and files.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			a, err := connect(config, api)
			if err != nil {
				return err
			}
			var answer struct{ Layers []view.MapLayer }
			if err := a.ask(c.Context(), http.MethodGet, "/map/layers", nil, &answer); err != nil {
				return err
			}
			zh := chinese.Asked(c)
			t := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			head := "LAYER\tPOSITIONS\tIMPORTED\tFILE\tKINDS"
			if zh {
				head = "图层\t点数\t导入时间\t文件\t内容"
			}
			fmt.Fprintln(t, head)
			for _, l := range answer.Layers {
				fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\n", l.ID, l.Points, time.UnixMilli(l.Imported).Format("2006-01-02 15:04"), l.File, kindsText(l.Kinds, zh))
			}
			return t.Flush()
		},
	}
	apiFlags(cmd, &config, &api)
	return cmd
}

func removeLayerCommand() *cobra.Command {
	var config, api string
	cmd := &cobra.Command{
		Use: "remove LAYER", Short: "remove a layer of the map", Long: `remove takes a layer off the map. Its file can be imported again.`,
		Args: named("a layer"),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := connect(config, api)
			if err != nil {
				return err
			}
			var gone struct{ ID string }
			if err := a.ask(c.Context(), http.MethodDelete, "/map/layers/"+url.PathEscape(args[0]), nil, &gone); err != nil {
				return err
			}
			said := "layer %s is removed\n"
			if chinese.Asked(c) {
				said = "图层 %s 已删除\n"
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), said, gone.ID)
			return err
		},
	}
	apiFlags(cmd, &config, &api)
	return cmd
}
