package command

import (
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/spf13/cobra"
)

// deviceProcess is what the gateway starts for a device that runs apart. It is nothing for
// people: its input and output are lines for a program.
func deviceProcess(o Options) *cobra.Command {
	return &cobra.Command{Use: gateway.ApartCommand, Short: "the process of one device; the gateway starts it", Hidden: true,
		Args: cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs), ValidArgs: []string{gateway.DrawArgument},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return gateway.ServeDraw(c.InOrStdin(), c.OutOrStdout())
			}
			kinds, err := catalog.Add(catalog.Builtin(nil), o.Kinds...)
			if err != nil {
				return err
			}
			return gateway.ServeApart(c.Context(), c.InOrStdin(), c.OutOrStdout(), kinds)
		}}
}
