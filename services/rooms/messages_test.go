package rooms

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/wire"
)

func TestAHundredMessagesAtOnceAreNumberedWithoutAGap(t *testing.T) {
	h := newHouse(t)
	people := []accounts.Person{h.account(t), h.account(t), h.account(t)}
	r := h.room(t, people[0], wire.PrivacyPublic)
	var mu sync.Mutex
	seqs := map[int64]bool{}
	results := atOnce(100, func(i int) error {
		m, duplicate, err := h.Append(ctx, r.ID, people[i%3].ID, NewMessage{Key: fmt.Sprint(i), Text: fmt.Sprintf("message %d", i)})
		mu.Lock()
		defer mu.Unlock()
		seqs[m.Seq] = !duplicate
		return err
	})
	require.Equal(t, 100, count(results, ""))
	for seq := int64(1); seq <= 100; seq++ {
		require.True(t, seqs[seq], "seq %d", seq)
	}
}

func TestTheSameMessageSentManyTimesAtOnceIsStoredOnce(t *testing.T) {
	h := newHouse(t)
	author := h.account(t)
	r := h.room(t, author, wire.PrivacyPublic)
	var mu sync.Mutex
	stored, ids := 0, map[uuid.UUID]bool{}
	results := atOnce(20, func(int) error {
		m, duplicate, err := h.Append(ctx, r.ID, author.ID, NewMessage{Key: "key", Text: "hello"})
		mu.Lock()
		defer mu.Unlock()
		ids[m.ID] = true
		if !duplicate {
			stored++
		}
		return err
	})
	require.Equal(t, 20, count(results, ""))
	require.Equal(t, 1, stored)
	require.Len(t, ids, 1)
	next, _, err := h.Append(ctx, r.ID, author.ID, NewMessage{Key: "next", Text: "hello"})
	require.NoError(t, err)
	require.EqualValues(t, 2, next.Seq, "duplicates take no number")
}

func TestAKeyIsForOneMessageOfOneAuthorInOneRoom(t *testing.T) {
	h := newHouse(t)
	ada, grace := h.account(t), h.account(t)
	r, other := h.room(t, ada, wire.PrivacyPublic), h.room(t, ada, wire.PrivacyPublic)
	_, _, err := h.Append(ctx, r.ID, ada.ID, NewMessage{Key: "key", Text: "hello"})
	require.NoError(t, err)
	_, _, err = h.Append(ctx, r.ID, ada.ID, NewMessage{Key: "key", Text: "something else"})
	requireCode(t, wire.ErrorCodeKeyReused, err)
	for _, c := range []struct {
		room   Room
		author accounts.Person
	}{{r, grace}, {other, ada}} {
		_, duplicate, err := h.Append(ctx, c.room.ID, c.author.ID, NewMessage{Key: "key", Text: "something else"})
		require.NoError(t, err)
		require.False(t, duplicate)
	}
}

func TestHistoryComesInPagesInTheOrderItWasSaid(t *testing.T) {
	h := newHouse(t)
	author := h.account(t)
	r := h.room(t, author, wire.PrivacyPublic)
	for i := 1; i <= 7; i++ {
		_, _, err := h.Append(ctx, r.ID, author.ID, NewMessage{Key: fmt.Sprint(i), Text: fmt.Sprint(i)})
		require.NoError(t, err)
	}
	for _, c := range []struct {
		before int64
		texts  string
		more   bool
	}{{0, "5 6 7", true}, {5, "2 3 4", true}, {2, "1", false}, {1, "", false}, {4, "1 2 3", false}} {
		page, more, err := h.Messages(ctx, r.ID, accounts.PersonID{}, c.before, 3)
		require.NoError(t, err)
		texts := make([]string, len(page))
		for i, m := range page {
			texts[i] = m.Text
			require.Equal(t, author.Public(), m.Author)
		}
		require.Equal(t, c.texts, strings.Join(texts, " "))
		require.Equal(t, c.more, more)
	}
}

func TestATextIsCleanedAndBounded(t *testing.T) {
	h := newHouse(t)
	author := h.account(t)
	r := h.room(t, author, wire.PrivacyPublic)
	m, _, err := h.Append(ctx, r.ID, author.ID, NewMessage{Key: "key", Text: " \x00a\r\nb\tc\x1b[31m\u0085\xff \n"})
	require.NoError(t, err)
	require.Equal(t, "a\nb\tc[31m�", m.Text)
	_, _, err = h.Append(ctx, r.ID, author.ID, NewMessage{Key: "longest", Text: strings.Repeat("é", maxText)})
	require.NoError(t, err)
	for key, text := range map[string]string{
		"blank": " \n\x00", "long": strings.Repeat("é", maxText+1), "": "no key", strings.Repeat("k", 65): "long key", "a\x00": "NUL in the key",
	} {
		_, _, err := h.Append(ctx, r.ID, author.ID, NewMessage{Key: key, Text: text})
		requireCode(t, wire.ErrorCodeInvalidField, err)
	}
	_, _, err = h.Append(ctx, NewID(), author.ID, NewMessage{Key: "k", Text: "no such room"})
	requireCode(t, wire.ErrorCodeNotFound, err)
	_, _, err = h.Append(ctx, r.ID, accounts.NewPersonID(), NewMessage{Key: "k", Text: "no such author"})
	requireCode(t, wire.ErrorCodeNotFound, err)
}

func TestWhatADeletedPersonSaidStaysUnderTheirName(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	in, err := h.people.SignUp(ctx, accounts.SignUp{Username: "gone", DisplayName: "Gone Girl", Password: "a long password"})
	require.NoError(t, err)
	_, _, err = h.Append(ctx, r.ID, in.Person.ID, NewMessage{Key: "key", Text: "I was here"})
	require.NoError(t, err)
	own := h.room(t, in.Person, wire.PrivacyPublic)

	caller, err := h.people.Authenticate(ctx, in.AccessToken)
	require.NoError(t, err)
	deleted, err := h.people.Delete(ctx, caller, "a long password")
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{own.ID.UUID()}, deleted.Rooms)
	_, err = h.ByID(ctx, own.ID)
	requireCode(t, wire.ErrorCodeNotFound, err)
	page, _, err := h.Messages(ctx, r.ID, accounts.PersonID{}, 0, 10)
	require.NoError(t, err)
	require.Equal(t, "I was here", page[0].Text)
	require.Equal(t, accounts.Gone("Gone Girl"), page[0].Author)
}

func TestWritingWhileTheAccountIsDeletedEndsInNoDeadlock(t *testing.T) {
	h := newHouse(t)
	in, err := h.people.SignUp(ctx, accounts.SignUp{Username: "hasty", Password: "a long password"})
	require.NoError(t, err)
	r := h.room(t, in.Person, wire.PrivacyPublic)
	caller, err := h.people.Authenticate(ctx, in.AccessToken)
	require.NoError(t, err)
	results := atOnce(12, func(i int) error {
		if i == 6 {
			_, err := h.people.Delete(ctx, caller, "a long password")
			return err
		}
		_, _, err := h.Append(ctx, r.ID, in.Person.ID, NewMessage{Key: fmt.Sprint(i), Text: "hello"})
		return err
	})
	require.Zero(t, count(results, wire.ErrorCodeInternal), results)
	require.Empty(t, results[6])
}

func TestWithoutADatabaseNothingIsAcknowledged(t *testing.T) {
	h := newHouse(t)
	author := h.account(t)
	r := h.room(t, author, wire.PrivacyPublic)
	h.pool.Close()
	_, _, err := h.Append(ctx, r.ID, author.ID, NewMessage{Key: "key", Text: "hello"})
	requireCode(t, wire.ErrorCodeUnavailable, err)
}
