package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lamppost-city/lamppost/cloud/commands"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/cmd/chinese"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// errNoAnswer says that the aggregator that was asked does not answer.
var errNoAnswer = errors.New("the aggregator does not answer")

func keyCommand() *cobra.Command {
	var config string
	cmd := &cobra.Command{
		Use:   "key [--config FILE]",
		Short: "print the public key that commands to gateways are signed with",
		Long: `key prints the public key of this aggregator. A gateway takes commands from it if
the key stands in the gateway's configuration:

  uplink:
    commands:
      center: {key: "...", may: [rewind, acknowledge, read, still]}

The key is made when the aggregator first starts, in its data directory.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := configured(config)
			if err != nil {
				return err
			}
			key, err := commands.LoadKey(s.Data)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), wire.FormatKey(key.Public().(ed25519.PublicKey)))
			return err
		},
	}
	cmd.Flags().StringVar(&config, "config", "", "configuration file (YAML)")
	return cmd
}

// configured returns the settings in a file, or those that hold without one.
func configured(file string) (*settings.Settings, error) {
	if file == "" {
		return settings.Default(), nil
	}
	// Where it may listen is not asked here.
	return settings.Load(file, true)
}

type rewindFlags struct {
	config, api, since, by string
	gateways               []string
	all                    bool
}

func rewindCommand() *cobra.Command {
	var f rewindFlags
	cmd := &cobra.Command{
		Use:   "rewind (--gateway ID ... | --all) --since TIME",
		Short: "ask gateways to send again what they still have",
		Long: `rewind asks gateways to send again what their journals still hold of the records
from a time on: for a store that was restored from a backup and lacks what came
since. What is there already is not doubled.

The running aggregator keeps the request and repeats it until each gateway has
answered, for seven days at most; a gateway that is away now is asked when it
comes back. "lamppost-cloud commands ID" shows what became of it. A gateway takes
the request if its configuration grants rewind to the key that "lamppost-cloud key"
prints.

TIME is a moment (2026-11-22T08:00:00+08:00), a day (2026-11-22, from midnight
here), how long ago (36h), or "everything".`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	cmd.Flags().StringSliceVar(&f.gateways, "gateway", nil, "id of a gateway; may be given several times")
	cmd.Flags().BoolVar(&f.all, "all", false, "ask every gateway the aggregator knows")
	cmd.Flags().StringVar(&f.since, "since", "", "from when on")
	cmd.Flags().StringVar(&f.by, "by", os.Getenv("USER"), "who asks, for the record")
	apiFlags(cmd, &f.config, &f.api)
	return cmd
}

func apiFlags(cmd *cobra.Command, config, api *string) {
	cmd.Flags().StringVar(config, "config", "", "configuration file of the aggregator, for its address")
	cmd.Flags().StringVar(api, "api", "", "address of the aggregator, for example http://127.0.0.1:8080")
}

func (f *rewindFlags) run(c *cobra.Command) error {
	if f.all == (len(f.gateways) > 0) {
		return fmt.Errorf("%w: name gateways with --gateway, or --all (see %s --help)", errUsage, c.CommandPath())
	}
	since, err := moment(f.since, time.Now())
	if err != nil {
		return fmt.Errorf("%w: --since: %w", errUsage, err)
	}
	a, err := connect(f.config, f.api)
	if err != nil {
		return err
	}
	if f.all {
		var doc struct{ Gateways []view.Gateway }
		if err := a.ask(c.Context(), http.MethodGet, "/gateways", nil, &doc); err != nil {
			return err
		}
		for _, g := range doc.Gateways {
			f.gateways = append(f.gateways, g.ID)
		}
	}
	failed := 0
	for _, id := range f.gateways {
		var made view.Command
		err := a.ask(c.Context(), http.MethodPost, "/gateways/"+url.PathEscape(id)+"/commands", map[string]any{"kind": "rewind", "since": since, "by": f.by}, &made)
		if errors.Is(err, errNoAnswer) {
			return err
		}
		if err != nil {
			failed++
			fmt.Fprintln(c.ErrOrStderr(), id+": "+told(c, err))
			continue
		}
		if _, err := fmt.Fprintln(c.OutOrStdout(), chinese.For(c, fmt.Sprintf("%s: asked, command %s", id, made.ID))); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d gateways could not be asked", failed, len(f.gateways))
	}
	return nil
}

// moment reads what --since may be, as Unix milliseconds.
func moment(text string, now time.Time) (int64, error) {
	if text == "everything" {
		return 0, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return max(now.Add(-d).UnixMilli(), 0), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t, err = time.ParseInLocation(time.DateOnly, text, now.Location())
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf(`%q is not a time; write 2026-11-22T08:00:00+08:00, 2026-11-22, 36h or everything`, text)
	case t.After(now):
		return 0, fmt.Errorf("%s has not come yet", text)
	case t.UnixMilli() <= 0:
		return 0, fmt.Errorf("%s is before 1970; write everything if you mean that", text)
	}
	return t.UnixMilli(), nil
}

func commandsCommand() *cobra.Command {
	var config, api string
	cmd := &cobra.Command{
		Use:   "commands ID",
		Short: "list what a gateway was asked to do and what became of it",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("%w: name one gateway (see %s --help)", errUsage, c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			a, err := connect(config, api)
			if err != nil {
				return err
			}
			var doc struct{ Commands []view.Command }
			if err := a.ask(c.Context(), http.MethodGet, "/gateways/"+url.PathEscape(args[0])+"/commands", nil, &doc); err != nil {
				return err
			}
			return renderCommands(c.OutOrStdout(), doc.Commands, chinese.Asked(c))
		},
	}
	apiFlags(cmd, &config, &api)
	return cmd
}

// renderCommands prints the newest first.
func renderCommands(w io.Writer, cs []view.Command, zh bool) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	say := func(en string) string { return en }
	head := "ASKED\tKIND\tABOUT\tBY\tSTATE\tSENT\tRESULT\tID"
	if zh {
		say, head = chinese.Or, "时间\t类别\t内容\t操作人\t状态\t次数\t结果\t编号"
	}
	fmt.Fprintln(t, head)
	for _, c := range cs {
		by, state, said := "-", c.State, "-"
		if c.By != "" {
			by = c.By
		}
		if c.Why != "" {
			state, said = state+" ("+c.Why+")", c.Detail
		}
		if c.State == "done" {
			said = say(result(c))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", time.UnixMilli(c.Issued).Format(time.DateTime), c.Kind, say(about(c)), by, say(state), c.Sent, cmp.Or(said, "-"), c.ID)
	}
	return t.Flush()
}

// aggregatorAPI is a running aggregator.
type aggregatorAPI struct{ base string }

// connect finds out where the aggregator listens.
func connect(config, api string) (*aggregatorAPI, error) {
	if api != "" {
		u, err := url.Parse(api)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, fmt.Errorf("%w: --api %q is not an address like http://127.0.0.1:8080", errUsage, api)
		}
		return &aggregatorAPI{base: u.Scheme + "://" + u.Host}, nil
	}
	s, err := configured(config)
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // it listens everywhere
	}
	return &aggregatorAPI{base: "http://" + net.JoinHostPort(host, port)}, nil
}

// maxAnswer is what is read of an answer that is no success.
const maxAnswer = 1 << 20

// conflictError is what stands already where something was to be made: body, as JSON.
type conflictError struct{ body []byte }

func (e *conflictError) Error() string { return "it stands already" }

// refusal is what the aggregator says, in both languages.
type refusal struct {
	id   string
	text view.Text
}

func (r *refusal) Error() string { return r.id + ": " + r.text.En }

// told is an error in the language of a command.
func told(c *cobra.Command, err error) string {
	var r *refusal
	if errors.As(err, &r) && chinese.Asked(c) {
		return r.id + "：" + r.text.Zh
	}
	return chinese.For(c, err.Error())
}

// ask sends one request; its error is errNoAnswer or what the aggregator says.
func (a *aggregatorAPI) ask(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var payload bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&payload).Encode(body); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, a.base+"/api/v1"+path, &payload)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	authorize(r)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		var said struct {
			Error struct {
				ID, Field string
				Text      view.Text
			}
		}
		answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		if err == nil {
			err = json.Unmarshal(answer, &said)
		}
		if err == nil && said.Error.ID == "" && resp.StatusCode == http.StatusConflict {
			return &conflictError{answer}
		}
		if err != nil || said.Error.ID == "" {
			return fmt.Errorf("%s answers %s", a.base, resp.Status)
		}
		return &refusal{said.Error.ID, said.Error.Text}
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("%s: its answer cannot be read: %w", a.base, err)
	}
	return nil
}
