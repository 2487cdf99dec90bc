package httpapi

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/postgres/pgtest"
	"turtus/services/wire"
)

func TestAPersonSignsUpComesBackAndLeaves(t *testing.T) {
	h := newHouse(t)
	c := h.visitor(t)
	require.Empty(t, c.do("POST", "/sessions/refresh", nil).is(204).header.Get("Set-Cookie"))
	server := into[wire.Server](c.do("GET", "/server", nil).is(200))
	require.True(t, server.FirstRun)
	require.Equal(t, wire.SignUpsOpen, server.SignUps)

	a := c.do("POST", "/users", wire.NewUser{Username: "ada", DisplayName: new("Ada"), Password: password}).is(201)
	signedUp := into[wire.Session](a)
	require.True(t, signedUp.Person.Administrator)
	cookie := a.header.Get("Set-Cookie")
	for _, part := range []string{"turtus_refresh=", "Path=/api/v1/sessions", "HttpOnly", "SameSite=Strict"} {
		require.Contains(t, cookie, part)
	}
	require.NotContains(t, cookie, "Secure")
	require.Equal(t, "no-store", a.header.Get("Cache-Control"))
	require.False(t, into[wire.Server](c.do("GET", "/server", nil)).FirstRun)

	refreshed := into[wire.Session](c.do("POST", "/sessions/refresh", nil).is(200))
	require.NotEqual(t, signedUp.AccessToken, refreshed.AccessToken)
	c.token = refreshed.AccessToken
	require.Equal(t, "Ada", into[wire.Person](c.do("GET", "/users/me", nil).is(200)).DisplayName)

	a = c.do("DELETE", "/sessions/current", nil).is(204)
	require.Contains(t, a.header.Get("Set-Cookie"), "Max-Age=0")
	require.Equal(t, []string{"session ended"}, h.hub.take())
	c.do("GET", "/users/me", nil).fails(401, wire.ErrorCodeUnauthenticated)
	c.do("POST", "/sessions/refresh", nil).is(204)

	c.token = into[wire.Session](c.do("POST", "/sessions", wire.Credentials{Username: "ADA", Password: password}).is(201)).AccessToken
	c.do("GET", "/users/me", nil).is(200)
}

func TestAReusedRefreshCookieIsTakenAway(t *testing.T) {
	h := newHouse(t)
	c := h.signedUp(t, "ada")
	_, err := h.pool.Exec(t.Context(), "UPDATE refresh_tokens SET used_at = now() - interval '1 minute'")
	require.NoError(t, err)
	a := c.do("POST", "/sessions/refresh", nil)
	a.fails(401, wire.ErrorCodeSessionExpired)
	require.Contains(t, a.header.Get("Set-Cookie"), "Max-Age=0")
	require.Equal(t, []string{"session ended"}, h.hub.take())
	c.do("GET", "/users/me", nil).fails(401, wire.ErrorCodeUnauthenticated)
}

func TestAnUnknownNameAndAWrongPasswordLookAlike(t *testing.T) {
	h := newHouse(t)
	h.signedUp(t, "ada")
	c := h.visitor(t)
	wrong := c.do("POST", "/sessions", wire.Credentials{Username: "ada", Password: "wrong password"}).fails(401, wire.ErrorCodeWrongCredentials)
	unknown := c.do("POST", "/sessions", wire.Credentials{Username: "nobody", Password: "wrong password"}).fails(401, wire.ErrorCodeWrongCredentials)
	wrong.Instance, unknown.Instance = nil, nil
	require.Equal(t, wrong, unknown)
	c.do("POST", "/users", wire.NewUser{Username: "Ada", Password: password}).fails(409, wire.ErrorCodeUsernameTaken)
}

func TestAProfileAPictureAndAPasswordChange(t *testing.T) {
	h := newHouse(t)
	c := h.signedUp(t, "ada")
	elsewhere := h.visitor(t)
	elsewhere.token = into[wire.Session](elsewhere.do("POST", "/sessions", wire.Credentials{Username: "ada", Password: password}).is(201)).AccessToken

	p := into[wire.Person](c.do("PATCH", "/users/me", wire.ProfileChange{DisplayName: new("Countess")}).is(200))
	require.Equal(t, "Countess", p.DisplayName)
	var picture bytes.Buffer
	require.NoError(t, png.Encode(&picture, image.NewGray(image.Rect(0, 0, 4, 4))))
	p = into[wire.Person](c.do("PUT", "/users/me/avatar", picture.Bytes()).is(200))
	a := h.visitor(t).do("GET", strings.TrimPrefix(*p.AvatarUrl, "/api/v1"), nil).is(200)
	require.Equal(t, picture.Bytes(), a.body)
	require.Equal(t, "image/png", a.header.Get("Content-Type"))
	require.Contains(t, a.header.Get("Cache-Control"), "immutable")
	require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"))
	require.Contains(t, a.header.Get("Content-Security-Policy"), "sandbox")
	p = into[wire.Person](c.do("DELETE", "/users/me/avatar", nil).is(200))
	require.Nil(t, p.AvatarUrl)
	h.visitor(t).do("GET", "/users/"+p.Id.String()+"/avatar", nil).fails(404, wire.ErrorCodeNotFound)
	require.Equal(t, []string{"person updated Countess", "person updated Countess", "person updated Countess"}, h.hub.take())

	c.do("PUT", "/users/me/password", wire.PasswordChange{CurrentPassword: "wrong", NewPassword: "another password"}).fails(403, wire.ErrorCodeWrongPassword)
	c.do("PUT", "/users/me/password", wire.PasswordChange{CurrentPassword: password, NewPassword: "another password"}).is(204)
	require.Equal(t, []string{"session ended"}, h.hub.take())
	c.do("GET", "/users/me", nil).is(200)
	elsewhere.do("GET", "/users/me", nil).fails(401, wire.ErrorCodeUnauthenticated)
	c.do("POST", "/users/me/claim", wire.AccountClaim{Username: "again", Password: password}).fails(409, wire.ErrorCodeAlreadyAccount)
}

func TestADeletedAccountTakesItsRoomsAlongAndEverybodyIsTold(t *testing.T) {
	h := newHouse(t)
	c := h.signedUp(t, "ada")
	room := into[wire.Room](c.do("POST", "/rooms", wire.NewRoom{Title: "Mine", Privacy: wire.Ptr(wire.PrivacyPublic)}).is(201))
	c.do("DELETE", "/users/me", wire.AccountDeletion{}).fails(403, wire.ErrorCodeWrongPassword)
	a := c.do("DELETE", "/users/me", wire.AccountDeletion{Password: new(password)}).is(204)
	require.Contains(t, a.header.Get("Set-Cookie"), "turtus_refresh=; Path=/api/v1/sessions; Max-Age=0")
	c.do("POST", "/sessions/refresh", nil).is(204) // there is no cookie any more that could be refused
	require.Equal(t, []string{"session ended", "room deleted", "person gone"}, h.hub.take())
	h.signedUp(t, "grace").do("GET", "/rooms/"+room.Slug, nil).fails(404, wire.ErrorCodeNotFound)
}

func TestBadPicturesAreRefused(t *testing.T) {
	h := newHouse(t)
	c := h.signedUp(t, "ada")
	var wide bytes.Buffer
	require.NoError(t, png.Encode(&wide, image.NewGray(image.Rect(0, 0, 1025, 1))))
	require.Equal(t, []string{"picture"}, c.do("PUT", "/users/me/avatar", wide.Bytes()).fields())
	c.do("PUT", "/users/me/avatar", []byte("no picture")).fails(415, wire.ErrorCodeUnsupportedMediaType)
	c.do("PUT", "/users/me/avatar", bytes.Repeat([]byte("x"), 256<<10+1)).fails(413, wire.ErrorCodeBodyTooLarge)
	c.do("PUT", "/users/me/avatar", "{}").fails(415, wire.ErrorCodeUnsupportedMediaType)
}

func TestSignUpsCanBeClosed(t *testing.T) {
	closed := newHouse(t, func(o *Options) {
		o.Accounts = accounts.New(accounts.Options{Pool: pgtest.New(t), Keys: o.Keys, Hasher: cheapHasher(), SignUps: func() wire.SignUps { return wire.SignUpsClosed }})
	})
	closed.signedUp(t, "first")
	require.Equal(t, wire.SignUpsClosed, into[wire.Server](closed.visitor(t).do("GET", "/server", nil)).SignUps)
	closed.visitor(t).do("POST", "/users", wire.NewUser{Username: "second", Password: password}).fails(403, wire.ErrorCodeSignUpsClosed)
}

func TestAnAccessTokenThatIsNoneGetsNowhere(t *testing.T) {
	h := newHouse(t)
	owner := h.signedUp(t, "ada")
	room := into[wire.Room](owner.do("POST", "/rooms", wire.NewRoom{Title: "Mine"}).is(201))
	join := into[wire.Join](owner.do("POST", "/rooms/"+room.Slug+"/join", wire.JoinRequest{}).is(200))
	for name, header := range map[string]string{
		"none": "", "garbage": "Bearer garbage", "another scheme": "Basic YTpi", "no token": "Bearer ", "a room token": "Bearer " + join.Token,
		"alg none": "Bearer eyJhbGciOiJub25lIn0.eyJhdWQiOiJ0dXJ0dXMifQ.",
	} {
		problem := h.visitor(t).do("GET", "/users/me", nil, "Authorization", header).fails(401, wire.ErrorCodeUnauthenticated)
		require.NotContains(t, *problem.Detail, join.Token, name)
	}
}

func TestSignInsAreLimitedByAddressAndByName(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.Limits = Limits{SignIn: Limit{5, time.Hour}, SignInName: Limit{2, time.Hour}, SignUp: Limit{2, time.Hour}}
	})
	c := h.signedUp(t, "ada")
	try := func(name string) answer {
		return c.do("POST", "/sessions", wire.Credentials{Username: name, Password: "wrong password"})
	}
	for range 2 {
		try("ada").fails(401, wire.ErrorCodeWrongCredentials)
	}
	a := try("ADA")
	problem := a.fails(429, wire.ErrorCodeRateLimited)
	require.InDelta(t, 1800, *problem.RetryAfter, 60)
	require.NotEmpty(t, a.header.Get("Retry-After"))
	for range 2 {
		try("grace").fails(401, wire.ErrorCodeWrongCredentials)
	}
	try("another").fails(429, wire.ErrorCodeRateLimited)
	h.signedUp(t, "second")
	h.visitor(t).do("POST", "/users", wire.NewUser{Username: "third", Password: password}).fails(429, wire.ErrorCodeRateLimited)
}

func TestAnotherSitesPageCantUseTheCookie(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.AllowedOrigins = []string{"https://friend.example"} })
	c := h.signedUp(t, "ada")
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
	} {
		c.do("POST", "/sessions/refresh", nil, headers...).fails(403, wire.ErrorCodeOriginRefused)
		c.do("DELETE", "/sessions/current", nil, headers...).fails(403, wire.ErrorCodeOriginRefused)
		c.do("POST", "/sessions", wire.Credentials{Username: "ada", Password: password}, headers...).fails(403, wire.ErrorCodeOriginRefused)
	}
	for _, headers := range [][]string{{}, {"Sec-Fetch-Site", "same-origin", "Origin", h.url}, {"Sec-Fetch-Site", "cross-site", "Origin", "https://friend.example"}} {
		c.do("POST", "/sessions/refresh", nil, headers...).is(200)
	}
	a := c.do("GET", "/time", nil, "Origin", "https://friend.example").is(200)
	require.Equal(t, "https://friend.example", a.header.Get("Access-Control-Allow-Origin"))
	require.Empty(t, c.do("GET", "/time", nil, "Origin", "https://evil.example").header.Get("Access-Control-Allow-Origin"))

	request, err := http.NewRequest("OPTIONS", h.url+"/api/v1/users/me", nil)
	require.NoError(t, err)
	request.Header.Set("Origin", "https://friend.example")
	request.Header.Set("Access-Control-Request-Method", "PATCH")
	preflight, err := c.http.Do(request)
	require.NoError(t, err)
	defer preflight.Body.Close()
	require.Equal(t, 204, preflight.StatusCode)
	require.Contains(t, preflight.Header.Get("Access-Control-Allow-Methods"), "PATCH")
}

func TestOverHTTPSTheCookieIsSecure(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.PublicURL = "https://watch.example.org/" })
	c := h.visitor(t)
	a := c.do("POST", "/users", wire.NewUser{Username: "ada", Password: password}).is(201)
	require.Contains(t, a.header.Get("Set-Cookie"), "Secure")
	c.token = into[wire.Session](a).AccessToken
	room := into[wire.Room](c.do("POST", "/rooms", wire.NewRoom{Title: "Mine"}).is(201))
	invite := into[wire.Invite](c.do("POST", "/rooms/"+room.Slug+"/invites", wire.NewInvite{}).is(201))
	require.Equal(t, "https://watch.example.org/i/"+invite.Code, invite.Url)
}

func TestNoAvatarOfNobody(t *testing.T) {
	h := newHouse(t)
	h.visitor(t).do("GET", "/users/"+uuid.NewString()+"/avatar", nil).fails(404, wire.ErrorCodeNotFound)
	require.Equal(t, []string{"userId"}, h.visitor(t).do("GET", "/users/nobody/avatar", nil).fields())
}

func TestTheFirstAccountOfAGuardedServerTakesItsTokenAndGuessesAreFew(t *testing.T) {
	start, passed := time.Now(), atomic.Int64{}
	var token string
	h := newHouse(t, func(o *Options) {
		setup := accounts.NewSetupToken(filepath.Join(t.TempDir(), "setup"))
		var err error
		token, err = setup.Renew()
		require.NoError(t, err)
		o.Accounts = accounts.New(accounts.Options{Pool: pgtest.New(t), Keys: o.Keys, Hasher: cheapHasher(), Setup: setup})
		o.Limits.Setup, o.Now = Limit{Events: 2, Per: time.Minute}, func() time.Time { return start.Add(time.Duration(passed.Load())) }
	})
	v := h.visitor(t)
	server := into[wire.Server](v.do("GET", "/server", nil).is(200))
	require.True(t, server.FirstRun)
	require.True(t, server.SetupTokenNeeded)
	first := wire.NewUser{Username: "ann", Password: password}
	v.do("POST", "/users", first).fails(403, wire.ErrorCodeSetupTokenRequired)
	for range 2 {
		first.SetupToken = wire.Ptr("guessed")
		v.do("POST", "/users", first).fails(403, wire.ErrorCodeSetupTokenWrong)
	}
	first.SetupToken = &token
	v.do("POST", "/users", first).fails(429, wire.ErrorCodeRateLimited)
	passed.Store(int64(time.Minute))
	require.True(t, into[wire.Session](v.do("POST", "/users", first).is(201)).Person.Administrator)
	server = into[wire.Server](v.do("GET", "/server", nil).is(200))
	require.False(t, server.SetupTokenNeeded)
	require.NotContains(t, h.logged(), token)
	h.signedUp(t, "ben")
}

func TestTheFirstAccountOfAServerForItsOwnMachineIsMadeThere(t *testing.T) {
	h := newHouse(t)
	v := h.visitor(t)
	first := wire.NewUser{Username: "ann", Password: password}
	for _, header := range []string{"X-Forwarded-For", "X-Forwarded-Host", "Forwarded"} {
		v.do("POST", "/users", first, header, "192.0.2.1").fails(403, wire.ErrorCodeSetupTokenRequired)
	}
	request, err := http.NewRequest(http.MethodPost, h.url+"/api/v1/users", strings.NewReader(`{"username":"eve","password":"`+password+`"}`))
	require.NoError(t, err)
	request.Host = "rebound.example"
	request.Header.Set("Content-Type", "application/json")
	response, err := v.http.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusForbidden, response.StatusCode, "a page whose name leads here")

	require.True(t, into[wire.Session](v.do("POST", "/users", first).is(201)).Person.Administrator)
	second := into[wire.Session](h.visitor(t).do("POST", "/users", wire.NewUser{Username: "ben", Password: password}, "X-Forwarded-For", "192.0.2.1").is(201))
	require.False(t, second.Person.Administrator)
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST:8080": true, "turtus.localhost:1": true, "127.0.0.1:80": true, "[::1]:8080": true,
		"": false, "localhost.example": false, "192.168.1.7:8080": false, "127.0.0.1.example:80": false, "[fe80::1]": false,
	} {
		require.Equal(t, want, isThisMachine(host), host)
	}
}
