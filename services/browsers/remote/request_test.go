package remote

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/browsers"
	"turtus/services/rooms"
	"turtus/services/wire"
)

func TestEachWrongFieldIsNamedAndRefused(t *testing.T) {
	good, err := json.Marshal(requestOf(spec()))
	require.NoError(t, err)
	for _, c := range []struct {
		name, field string
		value       any
	}{
		{"no run", "run", uuid.Nil},
		{"a run of another kind", "run", uuid.NewString()},
		{"a run that is no id", "run", "../../etc"},
		{"a room of another kind", "room", uuid.NewString()},
		{"no token", "token", ""},
		{"a token with a line", "token", "a\nTURTUS_VB_EGRESS=open"},
		{"a token with a NUL", "token", "a\x00"},
		{"a long token", "token", strings.Repeat("a", maxToken+1)},
		{"a file to open", "startUrl", "file:///etc/passwd"},
		{"a page of the browser's", "startUrl", "about:config"},
		{"an option", "startUrl", "--remote-debugging-port=9222"},
		{"a script", "startUrl", "javascript:alert(1)"},
		{"no host", "startUrl", "https://"},
		{"a line in an address", "startUrl", "https://a.example/\nb"},
		{"a space in an address", "startUrl", "https://a.example/ --new-window"},
		{"a long address", "startUrl", "https://a.example/" + strings.Repeat("a", maxURL)},
		{"a narrow screen", "width", 318},
		{"a wide screen", "width", 1922},
		{"an odd width", "width", 1281},
		{"a fraction", "width", 1280.5},
		{"a word for a number", "width", "1280"},
		{"a low screen", "height", 238},
		{"a high screen", "height", 1082},
		{"an odd height", "height", 721},
		{"another depth", "depth", 32},
		{"few frames", "frameRate", 4},
		{"many frames", "frameRate", 61},
		{"for no time unwatched", "viewerTimeoutMs", 999},
		{"for ever unwatched", "viewerTimeoutMs", day + 1},
		{"for no time without a hub", "signalTimeoutMs", 0},
		{"for ever without a hub", "signalTimeoutMs", int64(1) << 62},
		{"memory below nothing", "memory", -1},
		{"more memory than any machine's", "memory", maxMemory + 1},
		{"shared memory below nothing", "shared", -1},
		{"processors below nothing", "cpus", -0.5},
		{"more processors than any machine's", "cpus", 1e300},
		{"processes below nothing", "processes", -1},
		{"more processes than any machine's", "processes", 1 << 21},
		{"a network for an address", "addresses", []string{"10.0.0.0/8"}},
		{"all addresses", "addresses", []string{"0.0.0.0"}},
		{"a multicast address", "addresses", []string{"ff02::1"}},
		{"an address of a link", "addresses", []string{"fe80::1%eth0"}},
		{"an address in two forms", "resolvers", []string{"::ffff:10.0.0.1"}},
		{"a name for an address", "resolvers", []string{"dns.example"}},
		{"an empty address", "resolvers", []string{""}},
		{"everybody", "resolvers", []string{"255.255.255.255"}},
		{"many addresses", "resolvers", slices.Repeat([]string{"10.0.0.1"}, maxAddresses+1)},
		{"all of the Internet's addresses", "own", slices.Repeat([]string{"192.0.2.1"}, maxOwn+1)},
		{"an image", "image", "evil/image"},
		{"mounts", "mounts", []string{"/:/host"}},
		{"a network", "network", "host"},
		{"capabilities", "capAdd", []string{"SYS_ADMIN"}},
		{"a privilege", "privileged", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var fields map[string]any
			require.NoError(t, json.Unmarshal(good, &fields))
			fields[c.field] = c.value
			body, err := json.Marshal(fields)
			require.NoError(t, err)
			_, err = decodeStart(body)
			var coded *wire.Error
			require.ErrorAs(t, err, &coded)
			if coded.Code == wire.ErrorCodeMalformedJSON { // what is no id or address at all has no field to be named by
				require.Contains(t, []string{"run", "addresses", "resolvers"}, c.field)
				return
			}
			require.Equal(t, wire.ErrorCodeInvalidField, coded.Code)
			require.Len(t, coded.Fields, 1)
			require.Equal(t, c.field, coded.Fields[0].Field)
			require.Contains(t, coded.Detail, c.field)
		})
	}
}

func TestWhatIsNoRequestIsRefused(t *testing.T) {
	good, err := json.Marshal(requestOf(spec()))
	require.NoError(t, err)
	for _, body := range []string{"", "null,", "[]", `"a"`, "{", string(good) + "{}", string(good) + "x", strings.Repeat("[", 5000)} {
		_, err := decodeStart([]byte(body))
		var coded *wire.Error
		require.ErrorAs(t, err, &coded, body)
	}
	_, err = decodeStart([]byte("null"))
	require.Equal(t, wire.ErrorCodeInvalidField, wire.CodeOf(err))
}

func TestAllThatRoomsMayChooseIsTaken(t *testing.T) {
	for _, change := range []func(*browsers.Spec){
		func(s *browsers.Spec) { s.StartURL = "" },
		func(s *browsers.Spec) { s.Room = rooms.ID{} },
		func(s *browsers.Spec) { s.StartURL = "about:blank" },
		func(s *browsers.Spec) { s.StartURL = "http://192.168.1.7:8080/path?q=ä" },
		func(s *browsers.Spec) { s.Width, s.Height, s.FrameRate = 320, 240, 5 },
		func(s *browsers.Spec) { s.Width, s.Height, s.FrameRate = 1920, 1080, 60 },
		func(s *browsers.Spec) { s.Limits, s.Addresses, s.Resolvers, s.Own = browsers.Limits{}, nil, nil, nil },
		func(s *browsers.Spec) { s.ViewerTimeout, s.SignalTimeout = time.Second, 24*time.Hour },
	} {
		s := spec()
		change(&s)
		body, err := json.Marshal(requestOf(s))
		require.NoError(t, err)
		decoded, err := decodeStart(body)
		require.NoError(t, err)
		require.Equal(t, s, decoded)
	}
}

func TestLimitsAreTheLaunchersOwnAtMost(t *testing.T) {
	own := browsers.Limits{Memory: 2000, Shared: 200, CPUs: 2, Processes: 500}
	require.Equal(t, own, bound(browsers.Limits{}, own), "what is not asked for")
	require.Equal(t, own, bound(browsers.Limits{Memory: 1 << 40, Shared: 1 << 40, CPUs: 1000, Processes: 1 << 20}, own))
	less := browsers.Limits{Memory: 1000, Shared: 100, CPUs: 0.5, Processes: 50}
	require.Equal(t, less, bound(less, own))
	require.Equal(t, less, bound(less, browsers.Limits{}), "a launcher with defaults of its own")
}

func TestAGraceIsBounded(t *testing.T) {
	grace, err := parseGrace([]byte(`{"graceMs":60000}`))
	require.NoError(t, err)
	require.Equal(t, time.Minute, grace)
	for _, body := range []string{`{"graceMs":-1}`, `{"graceMs":60001}`, `{"graceMs":"1"}`, `{"graceMs":1e30}`, `{"signal":"KILL"}`, ``} {
		_, err := parseGrace([]byte(body))
		var coded *wire.Error
		require.ErrorAs(t, err, &coded, body)
	}
}

// FuzzStart: nothing that gets through can be more than a browser's start page and size.
func FuzzStart(f *testing.F) {
	good, err := json.Marshal(requestOf(spec()))
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte(`{"run":null}`))
	f.Add([]byte(strings.Replace(string(good), "https://start.example/?a=b#c", `https:\\[::1%25eth0]`, 1)))
	f.Add([]byte(strings.Replace(string(good), `"width"`, `"WIDTH":2,"Width"`, 1)))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := decodeStart(body)
		if err != nil {
			var coded *wire.Error
			require.ErrorAs(t, err, &coded)
			return
		}
		for _, text := range []string{s.Token, s.StartURL} {
			require.NotContains(t, text, "\n")
			require.NotContains(t, text, "\x00")
			require.False(t, strings.HasPrefix(text, "--") && text == s.StartURL)
		}
		require.True(t, s.StartURL == "" || s.StartURL == "about:blank" || strings.HasPrefix(strings.ToLower(s.StartURL), "http"))
		require.LessOrEqual(t, s.Width*s.Height*s.FrameRate, 1920*1080*60)
		require.Positive(t, s.Width*s.Height*s.FrameRate)
		require.True(t, s.ViewerTimeout > 0 && s.ViewerTimeout <= 24*time.Hour && s.SignalTimeout > 0 && s.SignalTimeout <= 24*time.Hour)
		again, err := json.Marshal(requestOf(s))
		require.NoError(t, err)
		same, err := decodeStart(again)
		require.NoError(t, err)
		require.Equal(t, s, same)
	})
}

// FuzzStartPage: a room's start page is one to the launcher too, so that no room has a page with which its browser never starts.
func FuzzStartPage(f *testing.F) {
	for _, page := range []string{"", "about:blank", "https://start.example/?a=b#c", "HTTPS://start.example", "https://start.example/a b", "http://:80/", "https://\u3000.example"} {
		f.Add(page)
	}
	f.Fuzz(func(t *testing.T, page string) {
		if rooms.CheckLink(page) == nil {
			require.True(t, isStartURL(page), "%q", page)
		}
	})
}

// FuzzGrace: an end waits for a bounded time.
func FuzzGrace(f *testing.F) {
	for _, body := range []string{`{"graceMs":60000}`, `{"graceMs":-1}`, `{"graceMs":1e4}`, `{"GRACEMS":5,"graceMs":99999999}`, `{} {}`, `null`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		grace, err := parseGrace(body)
		if err != nil {
			var coded *wire.Error
			require.ErrorAs(t, err, &coded)
			return
		}
		require.True(t, grace >= 0 && grace <= maxGrace)
	})
}
