package command

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/spf13/cobra"
)

func configCommand(o Options) *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "the configuration's form, for editors",
		Long:  "config describes what a configuration may say. What one says, and whether it is right: lamppost check --show FILE.",
		Args:  cobra.NoArgs,
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	schema := &cobra.Command{
		Use:   "schema",
		Short: "print the JSON Schema of a configuration, with every driver of this program",
		Long: `schema prints the JSON Schema of a configuration, with the options of every driver that
this program has. An editor that knows YAML completes keys with it and marks mistakes;
the first line of the file says where it is:

  # yaml-language-server: $schema=gateway.schema.json

lamppost check finds all that is wrong, the schema what is wrong in form.
Exit codes: 0, 8 it cannot be written.`,
		Args: cobra.NoArgs,
	}
	schema.RunE = func(c *cobra.Command, _ []string) error {
		b, err := o.loadBuiltin(true)
		if err != nil {
			return err
		}
		return shown(writeSchema(c.OutOrStdout(), config.Schema(b.env.Kinds, b.profiles.IDs())))
	}
	c.AddCommand(schema)
	return c
}

func profilesSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "print the JSON Schema of a profile, for editors",
		Long: `schema prints the JSON Schema of a device profile. An editor that knows YAML completes
keys with it and marks mistakes; the first line of the file says where it is:

  # yaml-language-server: $schema=device-profile.schema.json

lamppost profiles test finds all that is wrong, the schema what is wrong in form.
Exit codes: 0, 8 it cannot be written.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return shown(writeSchema(c.OutOrStdout(), catalog.Formats().Schema()))
		},
	}
}

func writeSchema(w io.Writer, s yamldoc.Schema) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s\n", b)
	}
	return err
}
