package config

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// field is what the tags of one setting say.
type field struct {
	name     string // with the prefix
	def      string
	doc      string
	kind     string
	oneOf    []string
	min, max string
	// onceMin and onceMax are bounds of whole numbers in an earlier release, where they were wider.
	onceMin, onceMax string
	multiple         int
	secret           bool
	shown            string // in place of a default that depends on the machine
}

// fields yields the settings of c in order, each with the place of its value.
func fields(c *Config) iter.Seq2[field, reflect.Value] {
	return func(yield func(field, reflect.Value) bool) {
		v := reflect.ValueOf(c).Elem()
		for i := range v.NumField() {
			tag := v.Type().Field(i).Tag
			if tag.Get("env") == "" {
				continue
			}
			f := field{
				name: Prefix + tag.Get("env"), def: tag.Get("default"), doc: tag.Get("doc"), kind: tag.Get("kind"),
				oneOf: strings.Fields(tag.Get("oneof")), min: tag.Get("min"), max: tag.Get("max"),
				onceMin: tag.Get("oncemin"), onceMax: tag.Get("oncemax"), secret: tag.Get("secret") == "true", shown: tag.Get("shown"),
			}
			f.multiple, _ = strconv.Atoi(tag.Get("multiple"))
			if !yield(f, v.Field(i)) {
				return
			}
		}
	}
}

// parse puts text into value. Its error says what would be allowed.
func (f field) parse(text string, value reflect.Value) error {
	if len(f.oneOf) > 0 {
		text = strings.ToLower(text)
		if !slices.Contains(f.oneOf, text) {
			return errors.New(f.allowed())
		}
	}
	if u, ok := value.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch target := value.Addr().Interface().(type) {
	case *string:
		clean, ok := checkText(f.kind, text)
		if !ok {
			return errors.New(f.allowed())
		}
		*target = clean
	case *[]string:
		for part := range strings.SplitSeq(text, ",") {
			clean, ok := checkText(f.kind, strings.TrimSpace(part))
			if !ok {
				return errors.New(f.allowed())
			}
			*target = append(*target, clean)
		}
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil || !within(n, f.min, f.max, strconv.Atoi) || (f.multiple > 0 && n%f.multiple != 0) {
			return errors.New(f.allowed())
		}
		*target = n
	case *time.Duration:
		d, err := parseDuration(text)
		if err != nil || !within(d, f.min, f.max, parseDuration) {
			return errors.New(f.allowed())
		}
		*target = d
	default:
		panic("config: no parser for " + f.name)
	}
	return nil
}

// adjusted is the nearest allowed number to one that an earlier release allowed and this one doesn't.
func (f field) adjusted(text string) (nearest string, ok bool) {
	n, err := strconv.Atoi(text)
	least, err1 := strconv.Atoi(f.min)
	most, err2 := strconv.Atoi(f.max)
	if errors.Join(err, err1, err2) != nil || within(n, f.min, f.max, strconv.Atoi) || (f.multiple > 0 && n%f.multiple != 0) ||
		!within(n, cmp.Or(f.onceMin, f.min), cmp.Or(f.onceMax, f.max), strconv.Atoi) {
		return "", false
	}
	return strconv.Itoa(min(max(n, least), most)), true
}

func within[T ~int | ~int64](v T, least, most string, parse func(string) (T, error)) bool {
	if low, err := parse(least); err == nil && v < low {
		return false
	}
	high, err := parse(most)
	return err != nil || v <= high
}

// parseDuration is time.ParseDuration that also knows whole days, as 30d.
func parseDuration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(text)
}

// kinds of text: what is allowed, in words, and the check, which may tidy the text up.
var kinds = map[string]struct {
	words string
	check func(string) (string, bool)
}{
	"":        {"any text", func(s string) (string, bool) { return s, true }},
	"path":    {"a path", checkPath},
	"address": {"host:port, such as localhost:8080, or :8080 for every interface", checkAddress},
	"address or off": {"host:port, such as :80, or off", func(s string) (string, bool) {
		if s == "off" {
			return "", true
		}
		return checkAddress(s)
	}},
	"domains": {"names such as watch.example.org, separated by commas, with no port, address or wildcard; or localhost, or lan", checkDomain},
	"email": {"an e-mail address", func(s string) (string, bool) {
		name, at, ok := strings.Cut(s, "@")
		return s, ok && name != "" && at != "" && !strings.ContainsAny(s, " ,")
	}},
	"directory": {"an address such as https://acme.example.org/directory", func(s string) (string, bool) {
		return s, strings.HasPrefix(s, "https://") && !strings.ContainsAny(s, " ")
	}},
	"origin":    {"an address such as https://watch.example.org, with no path", checkOrigin},
	"origins":   {"addresses such as https://watch.example.org, with no path, separated by commas", checkOrigin},
	"host":      {"a name such as turtus.example.org, or an address such as 192.0.2.7, with no port", checkHost},
	"url":       {"a web address such as https://example.org/page, or about:blank", checkURL},
	"image":     {"the name of an image, such as ghcr.io/you/turtus-browser:1", checkImage},
	"resolvers": {"IPv4 addresses such as 192.168.1.1, separated by commas", checkResolver},
	"volume":    {"the name of a volume, or an absolute path", checkVolume},
	"database":  {"a URL such as postgres://user:password@host:5432/database", checkDatabase},
}

func checkText(kind, text string) (string, bool) { return kinds[kind].check(text) }

func checkPath(text string) (string, bool) {
	path, err := filepath.Abs(text)
	return path, err == nil && !strings.ContainsRune(text, 0)
}

func checkAddress(text string) (string, bool) {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return text, err == nil
}

// Words in place of a domain: there is none, this computer alone is served, or a network at home.
const localhost, lan = "localhost", "lan"

// checkDomain returns the name in lower case.
func checkDomain(text string) (string, bool) {
	name := strings.TrimSuffix(strings.ToLower(text), ".")
	if name == localhost || name == lan {
		return name, true
	}
	_, err := netip.ParseAddr(name)
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", false
		}
	}
	_, ok := checkHost(name)
	return name, ok && err != nil && strings.Contains(name, ".") && len(name) <= 253
}

// checkOrigin returns the origin as browsers write it: lower case, no default port, no slash at the end.
func checkOrigin(text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.User != nil || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return "", false
	}
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	default:
		return "", false
	}
	return u.Scheme + "://" + host, true
}

func checkHost(text string) (string, bool) {
	a, err := netip.ParseAddr(text)
	return text, err == nil && a.Zone() == "" || !strings.ContainsFunc(text, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.'
	})
}

func checkURL(text string) (string, bool) {
	u, err := url.Parse(text)
	return text, err == nil && (text == "about:blank" || ((u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""))
}

// The engine knows better what names there are; this is for what is none at all.
var (
	imageName  = regexp.MustCompile(`^[a-z0-9][a-zA-Z0-9._:/@-]{0,250}$`)
	volumeName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,250}$`)
)

func checkImage(text string) (string, bool) { return text, imageName.MatchString(text) }

func checkResolver(text string) (string, bool) {
	a, err := netip.ParseAddr(text)
	return text, err == nil && a.Is4() && !a.IsLoopback() && !a.IsUnspecified()
}

func checkVolume(text string) (string, bool) {
	return text, volumeName.MatchString(text) || filepath.IsAbs(text) && !strings.ContainsRune(text, 0)
}

func checkDatabase(text string) (string, bool) {
	if !strings.Contains(text, "://") {
		return text, strings.Contains(text, "=") // libpq's other form: host=… dbname=…
	}
	u, err := url.Parse(text)
	return text, err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql")
}

// allowed says in words what the setting takes.
func (f field) allowed() string {
	switch {
	case len(f.oneOf) > 1:
		last := len(f.oneOf) - 1
		return strings.Join(f.oneOf[:last], ", ") + " or " + f.oneOf[last]
	case f.max != "" && strings.Trim(f.max, "0123456789") == "":
		words := "a whole number"
		if f.multiple == 2 {
			words = "an even number"
		}
		return fmt.Sprintf("%s from %s to %s", words, f.min, f.max)
	case f.max != "":
		return fmt.Sprintf("a time such as 90s, 3m, 1h or 30d, from %s to %s", f.min, f.max)
	}
	return kinds[f.kind].words
}
