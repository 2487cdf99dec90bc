package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"turtus/services/certs"
	"turtus/services/config"
)

func certCommand() *cobra.Command {
	var anew bool
	cmd := &cobra.Command{
		Use: "cert [NAME OR ADDRESS]...", Short: "Make a certificate for a network without a domain, and say how devices come to trust it",
		Long: "Makes an authority of your own where there is none yet, and a certificate of this machine's names and addresses and those given.\n" +
			"The server takes it with TURTUS_TLS=self-signed, at once where it runs already, and renews it by itself.",
		RunE: func(cmd *cobra.Command, names []string) error {
			c, err := config.Load(os.Environ())
			if err != nil {
				return err
			}
			for i, name := range names {
				names[i] = strings.ToLower(name)
				if _, err := netip.ParseAddr(name); err != nil && !certName(name) {
					return fmt.Errorf("%q is neither a name such as turtus.lan nor an address such as 192.168.1.5", name)
				}
			}
			if len(names) == 0 && !anew {
				names = nil // those from before
			}
			dir, err := makeDataFolder(c.DataDir)
			if err != nil {
				return err
			}
			dir = filepath.Join(dir, "tls")
			authority, err := certs.OpenAuthority(dir, names, anew, time.Now)
			if err != nil {
				return err
			}
			made, err := authority.Issue(names)
			if err != nil {
				return err
			}
			explain(cmd.OutOrStdout(), c, authority, made)
			return nil
		},
	}
	cmd.Flags().BoolVar(&anew, "new-authority", false, "make another authority, as for names that the one before may not sign for; devices have to trust it anew")
	return cmd
}

func certName(name string) bool {
	return name != "" && len(name) <= 253 && !strings.HasPrefix(name, "-") && !strings.ContainsFunc(strings.ToLower(name), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.'
	})
}

func explain(out io.Writer, c config.Config, authority *certs.Authority, names []string) {
	fmt.Fprintf(out, `A certificate for %s

1. Have the server use it: TURTUS_TLS=self-signed`, strings.Join(names, ", "))
	if mode(c) == certs.ModeSelfSigned {
		fmt.Fprint(out, " (it is set)")
	}
	fmt.Fprintf(out, `
2. Have each device trust its authority. It is the file
     %s
   and a running server gives it out at %s
   Its SHA-256, to compare: %s

   iPhone, iPad  Open that address in Safari, allow the profile; Settings > General > VPN & Device Management > install it;
                 Settings > General > About > Certificate Trust Settings > switch it on.
   Android       Load the file; Settings > Security > Encryption & credentials > Install a certificate > CA certificate.
                 Firefox there: Settings > About Firefox > tap the logo five times; Secret settings > Use third party CA certificates.
   Windows       certutil -addstore -user Root %s
   macOS         security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db %s
   Linux         copy it to /usr/local/share/ca-certificates/ and run update-ca-certificates; Chrome takes
                 certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n Turtus -i %s
   Firefox       Settings > Privacy & Security > Certificates > View Certificates > Authorities > Import

The authority can sign for private addresses, local names and the names above alone: trusting it gives nobody the rest of the web.
`, authority.Path(), authorityURL(c), authority.Fingerprint(), certs.AuthorityFile, certs.AuthorityFile, certs.AuthorityFile)
}

// authorityURL is where a server with these settings gives out what devices are to trust: by plain HTTP where it can, with no warning.
func authorityURL(c config.Config) string {
	scheme, addr, usual := "http", c.HTTPAddr, "80"
	if addr == "" {
		scheme, addr, usual = "https", c.HTTPSAddr, "443"
	}
	host := "ADDRESS"
	if _, port, err := net.SplitHostPort(addr); err == nil && port != usual {
		host = net.JoinHostPort(host, port)
	}
	return scheme + "://" + host + "/" + certs.AuthorityFile
}
