package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzLoad: settings are read or named with what is wrong with them, and no secret's value is in what is said.
func FuzzLoad(f *testing.F) {
	var secrets []string
	for field := range fields(new(Config)) {
		f.Add(strings.TrimPrefix(field.name, Prefix), "1", "https://example.org")
		if field.secret {
			secrets = append(secrets, field.name)
		}
	}
	require.NotEmpty(f, secrets)
	f.Add("MEDIA_PORTS", "50000-49999", "")
	f.Add("TRUSTED_PROXIES", "0.0.0.0/0, ::/0", "x")
	f.Add("ICE_SERVERS", `[{"urls":"turn:a","secret":"sesame"}]`, "sesame")
	f.Add("ICE_SERVERS", `[{"urls":5}]`, "sesame")
	f.Add("DATABASE_URL", "postgres://u:sesame@[::1", "sesame")
	f.Add("DOMAIN", "localhost,\u3002,xn--", "")
	f.Fuzz(func(t *testing.T, name, value, marker string) {
		if strings.HasSuffix(name, fileSuffix) || strings.ContainsAny(name, "=\x00") {
			return // a file of this machine
		}
		for _, secret := range secrets {
			// A word that stands nowhere else in what may be said.
			word := "sesame" + strings.Repeat("q", 20)
			_, err := load([]string{"HOME=/home/ann", secret + "=" + marker + word + value}, 1000)
			if err != nil {
				require.NotContains(t, err.Error(), word)
			}
		}
		_, err := load([]string{"HOME=/home/ann", Prefix + name + "=" + value}, 1000)
		if err != nil {
			var wrong *Error
			require.True(t, errors.As(err, &wrong))
			require.NotEmpty(t, wrong.Problems)
			for _, p := range wrong.Problems {
				require.True(t, strings.HasPrefix(p.Name, Prefix), p.Name)
				require.NotEmpty(t, p.Text)
			}
		}
	})
}
