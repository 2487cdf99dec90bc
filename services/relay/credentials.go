package relay

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// credential is a user name that holds its end and its peer, and the password that its HMAC is, as TURN servers everywhere understand
// them ("A REST API For Access To TURN Services", draft-uberti-behave-turn-rest-00). SHA-1 is what that says.
func credential(secret []byte, peer string, until time.Time) (username, password string) {
	username = strconv.FormatInt(until.Unix(), 10) + ":" + peer
	return username, password64(secret, username)
}

func password64(secret []byte, username string) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// authenticate finds the peer and the key of a request. An expired credential begins nothing, but what was begun with it goes on: a
// film night is not cut off after hours, and the end of a seat takes its targets away at once.
func (r *Relay) authenticate(a *turn.RequestAttributes) (peer string, key []byte, ok bool) {
	end, peer, found := strings.Cut(a.Username, ":")
	until, err := strconv.ParseInt(end, 10, 64)
	if !found || err != nil || peer == "" || a.Realm != realm {
		r.counters.unauthorised.Add(1)
		return "", nil, false
	}
	if a.Method == stun.MethodAllocate && r.o.Now().Unix() >= until {
		r.counters.unauthorised.Add(1)
		return "", nil, false
	}
	return peer, turn.GenerateAuthKey(a.Username, realm, password64(r.o.Secret, a.Username)), true
}

func (r *Relay) authenticated(_, _ net.Addr, _, _, _, _ string, ok bool) {
	if !ok {
		r.counters.unauthorised.Add(1)
	}
}
