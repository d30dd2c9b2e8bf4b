package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/cmd/chinese"
)

// maxAreaFile is what the aggregator takes, in bytes.
const maxAreaFile = 32 << 20

// maxReport is what is read of its report.
const maxReport = 8 << 20

func areasCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "areas", Short: "import and list the areas of the city",
		Long: `areas is about the tree of areas: city, district, street, community and grid cell.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(importCommand(), listAreasCommand())
	return cmd
}

type importFlags struct {
	config, api, format, encoding, crs string
	dry                                bool
}

func importCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE [--dry-run]",
		Short: "import a list of areas (CSV) or their boundaries (GeoJSON)",
		Long: `import sends a file to the running aggregator, which takes it whole or not at all,
and prints what changed. The same file again changes nothing; areas that it does not
speak of stay. --dry-run prints what would change, and changes nothing.

A CSV names its columns: code, name, name_en, parent, replaces, since. GeoJSON is a
FeatureCollection of polygons with the same properties. The encoding is found out.
Positions are WGS 84 or CGCS2000; those of street maps in GCJ-02 are converted with
--crs gcj02.`,
		Args: named("one file"),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	cmd.Flags().StringVar(&f.format, "format", "", "csv or geojson; as the file looks, if not given")
	f.on(cmd)
	return cmd
}

func (f *importFlags) on(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.dry, "dry-run", false, "say what would change, and change nothing")
	cmd.Flags().StringVar(&f.encoding, "encoding", "", "utf-8, utf-16 or gb18030; as the file looks, if not given")
	cmd.Flags().StringVar(&f.crs, "crs", "wgs84", "what its positions are: wgs84, cgcs2000 or gcj02")
	apiFlags(cmd, &f.config, &f.api)
}

func (f *importFlags) run(c *cobra.Command, file string) error {
	var done view.AreaImport
	if err := f.send(c, file, "/areas", &done); err != nil {
		return err
	}
	return renderImport(c.OutOrStdout(), done, chinese.Asked(c))
}

// send sends a file to where it is imported, and reads what that did.
func (f *importFlags) send(c *cobra.Command, file, path string, done any) error {
	a, err := connect(f.config, f.api)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return err
	}
	if len(data) > maxAreaFile {
		return fmt.Errorf("%s is larger than %d MB; split it", file, maxAreaFile>>20)
	}
	q := url.Values{"name": {filepath.Base(file)}, "format": {f.format}, "encoding": {f.encoding}, "crs": {f.crs}, "dry_run": {fmt.Sprint(f.dry)}}
	err = a.sendFile(c.Context(), path+"?"+q.Encode(), data, done)
	var faults view.Faults
	if errors.As(err, &faults) && chinese.Asked(c) {
		return chineseFaults{faults}
	}
	return err
}

// chineseFaults are faults that say in Chinese what is wrong.
type chineseFaults struct{ view.Faults }

func (f chineseFaults) Error() string {
	var lines []string
	for _, one := range f.Faults {
		lines = append(lines, one.Chinese())
	}
	return strings.Join(lines, "\n")
}

// Unwrap tells what it is.
func (f chineseFaults) Unwrap() error { return f.Faults }

// sendFile sends a file; its error is view.Faults if something is wrong in it.
func (a *aggregatorAPI) sendFile(ctx context.Context, path string, data []byte, done any) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, a.base+"/api/v1"+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	authorize(r)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxReport))
	if err != nil {
		return fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	if resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal(answer, done); err != nil {
			return fmt.Errorf("%s: its answer cannot be read: %w", a.base, err)
		}
		return nil
	}
	var said struct {
		Error struct {
			ID     string
			Text   view.Text
			Faults view.Faults
		}
	}
	switch err := json.Unmarshal(answer, &said); {
	case err != nil || said.Error.ID == "":
		return fmt.Errorf("%s answers %s", a.base, resp.Status)
	case len(said.Error.Faults) > 0:
		return said.Error.Faults
	}
	return &refusal{said.Error.ID, said.Error.Text}
}

// changeWords are the kinds of changes in Chinese.
var changeWords = map[string]string{
	"added": "新增", "renamed": "改名", "moved": "划转", "replaced": "替代", "bounded": "边界", "dated": "日期", "revived": "恢复",
}

// renderImport prints what an import changed, one change a line.
func renderImport(w io.Writer, done view.AreaImport, zh bool) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	head, sum := "CHANGE\tCODE\tNAME\tWAS\tIS", "%d areas read (%s, %s): %d changes, %d unchanged, %d others stay"
	if done.DryRun {
		sum += "; nothing was changed (--dry-run)"
	}
	if zh {
		head, sum = "变更\t代码\t名称\t原为\t现为", "读入 %d 个区域（%s，%s）：变更 %d 处，未变 %d 个，其余 %d 个不受影响"
		if done.DryRun {
			sum += "；未作任何改动（--dry-run）"
		}
	}
	if len(done.Changes) > 0 {
		fmt.Fprintln(t, head)
	}
	for _, c := range done.Changes {
		what, name := c.What, cmp.Or(c.Name.En, c.Name.Zh)
		if zh {
			what, name = cmp.Or(changeWords[what], what), c.Name.Zh
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", what, c.Code, name, cmp.Or(c.Was, "-"), cmp.Or(c.Is, "-"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if done.More > 0 {
		fmt.Fprintf(w, "… +%d\n", done.More)
	}
	_, err := fmt.Fprintf(w, sum+"\n", done.Read, done.Format, done.Encoding, len(done.Changes)+done.More, done.Unchanged, done.Kept)
	return err
}

func listAreasCommand() *cobra.Command {
	var config, api string
	cmd := &cobra.Command{
		Use:   "list [CODE]",
		Short: "list the areas, with what stands in them",
		Long: `list prints the areas below CODE, or all of them, each with its devices, how many of
them answer, the active alerts and open cases, and the most severe of these.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("%w: %q is not understood (see %s --help)", errUsage, args[1], c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			a, err := connect(config, api)
			if err != nil {
				return err
			}
			return listAreas(c, a, strings.Join(args, ""))
		},
	}
	apiFlags(cmd, &config, &api)
	return cmd
}

// listAreas prints page after page.
func listAreas(c *cobra.Command, a *aggregatorAPI, below string) error {
	t := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	head := "CODE\tNAME\tGATEWAYS\tDEVICES\tONLINE\tALERTS\tCASES\tWORST"
	unplaced := "nowhere known"
	if chinese.Asked(c) {
		head, unplaced = "代码\t名称\t网关\t设备\t在线\t告警\t案件\t最高级别", "位置未知"
	}
	fmt.Fprintln(t, head)
	line := func(code, name string, n view.AreaCounts) {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\n", code, name, n.Gateways, n.Devices, n.Online, n.Alerts, n.Cases, cmp.Or(string(n.Worst), "-"))
	}
	q := url.Values{"depth": {"6"}, "limit": {"1000"}, "below": {below}}
	for {
		var page view.AreaPage
		if err := a.ask(c.Context(), http.MethodGet, "/areas?"+q.Encode(), nil, &page); err != nil {
			return err
		}
		for _, area := range page.Areas {
			name := area.Name.Zh
			if !chinese.Asked(c) {
				name = cmp.Or(area.Name.En, name)
			}
			line(area.Code, name, area.Counts)
		}
		if page.Next == "" {
			if below == "" && page.Unplaced != (view.AreaCounts{}) {
				line("-", unplaced, page.Unplaced)
			}
			return t.Flush()
		}
		q.Set("after", page.Next)
	}
}
