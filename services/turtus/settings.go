package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"turtus/services/config"
)

func settingsCommand() *cobra.Command {
	var example, markdown bool
	cmd := &cobra.Command{
		Use: "settings", Short: "List all settings and what they are for", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			out := cmd.OutOrStdout()
			switch {
			case example:
				fmt.Fprint(out, config.EnvExample())
			case markdown:
				fmt.Fprint(out, settingsTable())
			default:
				for _, s := range config.Describe() {
					fmt.Fprintf(out, "%s\n    %s\n    Takes %s. Default: %s\n", s.Name, s.Doc, s.Allowed, orNothing(s.Default))
				}
			}
		},
	}
	cmd.Flags().BoolVar(&example, "env-example", false, "as the text of .env.example")
	cmd.Flags().BoolVar(&markdown, "markdown", false, "as a page of the documentation")
	cmd.MarkFlagsMutuallyExclusive("env-example", "markdown")
	return cmd
}

func settingsTable() string {
	var b strings.Builder
	b.WriteString("# Settings of the server\n\nFrom the environment; made by `make gen` from `services/config`. A wrong or unknown one stops the start and is named;\nof one that an earlier release allowed, the nearest that is allowed now is taken, and the log warns of it.\n" +
		"A secret may be given by a file: its name with `_FILE` holds the path.\n\n| setting | default | takes | what it is for |\n|---|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, s := range config.Describe() {
		name := "`" + s.Name + "`"
		if s.Secret {
			name += " (secret)"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, cell.Replace(orNothing(s.Default)), cell.Replace(s.Allowed), cell.Replace(s.Doc))
	}
	return b.String()
}

func orNothing(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
