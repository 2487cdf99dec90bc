package accounts

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	record "turtus/services/audit"
	"turtus/services/wire"
)

// administrator is another one than the first.
func (h *house) administrator(t *testing.T, name string) Person {
	t.Helper()
	p, err := h.AdminCreate(ctx, SignUp{Username: name, Password: password}, true)
	require.NoError(t, err)
	return p
}

// acts are what the audit has of somebody, the newest first.
func (h *house) acts(t *testing.T, id PersonID) (acts []string) {
	t.Helper()
	lines, _, err := h.Audit(ctx, record.Query{Person: wire.Ptr(id.UUID()), Limit: 100})
	require.NoError(t, err)
	for _, l := range lines {
		acts = append(acts, l.Action)
	}
	return acts
}

func TestADisabledPersonIsSignedOutAtOnceAndStaysOut(t *testing.T) {
	h := newHouse(t)
	ada := h.signUp(t, "ada")
	bob := h.signUp(t, "bob")
	var told []PersonID
	h.OnDisabled(func(id PersonID) { told = append(told, id) })

	p, err := h.ChangePerson(ctx, ada.Person, bob.Person.ID, Change{Disabled: wire.Ptr(true)})
	require.NoError(t, err)
	require.False(t, p.DisabledAt.IsZero())
	require.Equal(t, []PersonID{bob.Person.ID}, told)
	require.Equal(t, []SessionID{bob.Session}, h.ended)
	_, err = h.Authenticate(ctx, bob.AccessToken)
	requireCode(t, wire.ErrorCodeUnauthenticated, err)
	_, err = h.Refresh(ctx, bob.RefreshToken, "")
	requireCode(t, wire.ErrorCodeSessionExpired, err)
	_, err = h.SignIn(ctx, "bob", password, "")
	requireCode(t, wire.ErrorCodeAccountDisabled, err)
	_, err = h.SignIn(ctx, "bob", "not the password", "")
	requireCode(t, wire.ErrorCodeWrongCredentials, err)
	_, _, err = h.CreateReset(ctx, ada.Person, bob.Person.ID)
	requireCode(t, wire.ErrorCodeAccountDisabled, err)

	_, err = h.ChangePerson(ctx, ada.Person, bob.Person.ID, Change{Disabled: wire.Ptr(false)})
	require.NoError(t, err)
	_, err = h.SignIn(ctx, "bob", password, "")
	require.NoError(t, err)
	require.Subset(t, h.acts(t, bob.Person.ID), []string{"person.disabled", "person.enabled"})
}

func TestNoSignInSlipsThroughWhileSomebodyIsDisabled(t *testing.T) {
	h := newHouse(t)
	ada := h.signUp(t, "ada")
	bob := h.signUp(t, "bob")
	var entered []SignedIn
	for range 5 {
		results := make([]SignedIn, 4)
		atOnce(5, func(i int) (err error) {
			if i == 4 {
				_, err = h.ChangePerson(ctx, ada.Person, bob.Person.ID, Change{Disabled: wire.Ptr(true)})
				return err
			}
			results[i], err = h.SignIn(ctx, "bob", password, "")
			return err
		})
		entered = append(entered, results...)
		for _, in := range entered {
			_, err := h.Authenticate(ctx, in.AccessToken)
			requireCode(t, wire.ErrorCodeUnauthenticated, err)
		}
		_, err := h.ChangePerson(ctx, ada.Person, bob.Person.ID, Change{Disabled: wire.Ptr(false)})
		require.NoError(t, err)
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	h := newHouse(t)
	ada := h.signUp(t, "ada")
	h.signUp(t, "bob")
	for name, change := range map[string]Change{"a person": {Administrator: wire.Ptr(false)}, "disabled": {Disabled: wire.Ptr(true)}} {
		_, err := h.ChangePerson(ctx, ada.Person, ada.Person.ID, change)
		require.Equal(t, wire.ErrorCodeLastAdministrator, wire.CodeOf(err), name)
	}
	_, err := h.Delete(ctx, h.caller(t, ada), password)
	requireCode(t, wire.ErrorCodeLastAdministrator, err)

	// One who is disabled is none.
	eve := h.administrator(t, "eve")
	_, err = h.ChangePerson(ctx, ada.Person, eve.ID, Change{Disabled: wire.Ptr(true)})
	require.NoError(t, err)
	_, err = h.ChangePerson(ctx, ada.Person, ada.Person.ID, Change{Administrator: wire.Ptr(false)})
	requireCode(t, wire.ErrorCodeLastAdministrator, err)
	_, err = h.ChangePerson(ctx, ada.Person, eve.ID, Change{Disabled: wire.Ptr(false)})
	require.NoError(t, err)
	_, err = h.Delete(ctx, h.caller(t, ada), password)
	require.NoError(t, err)
}

func TestWhoIsAloneOnTheServerMayDeleteTheirAccount(t *testing.T) {
	h := newHouse(t)
	ada := h.signUp(t, "ada")
	h.guest(t, "Guest")
	_, err := h.Delete(ctx, h.caller(t, ada), password)
	require.NoError(t, err)
	require.True(t, h.signUp(t, "bob").Person.Administrator, "the next one is the first again")
}

func TestAdministratorsWhoTakeTheRoleFromEachOtherAtOnceNeverLeaveNone(t *testing.T) {
	h := newHouse(t)
	people := []Person{h.signUp(t, "ada").Person}
	for i := range 3 {
		people = append(people, h.administrator(t, fmt.Sprintf("admin%d", i)))
	}
	ways := []Change{{Administrator: wire.Ptr(false)}, {Disabled: wire.Ptr(true)}}
	atOnce(len(people)*(len(people)-1)*len(ways), func(i int) error {
		by, way := people[i%len(people)], ways[i/len(people)%len(ways)]
		others := i / len(people) / len(ways)
		_, err := h.ChangePerson(ctx, by, people[(i%len(people)+1+others)%len(people)].ID, way)
		return err
	})
	left, _, err := h.People(ctx, Wanted{Administrators: true, Limit: 10})
	require.NoError(t, err)
	enabled := 0
	for _, m := range left {
		if m.Person.DisabledAt.IsZero() {
			enabled++
		}
	}
	require.Equal(t, 1, enabled, "each can take it from all others, and the last from nobody")
}

func TestOnlyAdministratorsOfThisMomentChangeAnything(t *testing.T) {
	h := newHouse(t)
	h.signUp(t, "ada")
	bob := h.signUp(t, "bob")
	_, err := h.ChangePerson(ctx, bob.Person, bob.Person.ID, Change{Administrator: wire.Ptr(true)})
	requireCode(t, wire.ErrorCodeForbidden, err)
	_, _, err = h.CreateReset(ctx, bob.Person, bob.Person.ID)
	requireCode(t, wire.ErrorCodeForbidden, err)
	_, err = h.CreateSignUpCode(ctx, bob.Person, "", 0, 0)
	requireCode(t, wire.ErrorCodeForbidden, err)
}

func TestAGuestIsNoAdministratorAndHasNoPassword(t *testing.T) {
	h := newHouse(t)
	ada, guest := h.signUp(t, "ada"), h.guest(t, "Guest")
	_, err := h.ChangePerson(ctx, ada.Person, guest.ID, Change{Administrator: wire.Ptr(true)})
	requireField(t, "administrator", err)
	_, _, err = h.CreateReset(ctx, ada.Person, guest.ID)
	requireField(t, "personId", err)
	_, err = h.ChangePerson(ctx, ada.Person, guest.ID, Change{Disabled: wire.Ptr(true)})
	require.NoError(t, err)
	_, err = h.ChangePerson(ctx, ada.Person, NewPersonID(), Change{Disabled: wire.Ptr(true)})
	requireCode(t, wire.ErrorCodeNotFound, err)
}

func TestALinkSetsANewPasswordOnce(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.signUp(t, "ada"), h.signUp(t, "bob")
	before, _, err := h.CreateReset(ctx, ada.Person, bob.Person.ID)
	require.NoError(t, err)
	token, expires, err := h.CreateReset(ctx, ada.Person, bob.Person.ID)
	require.NoError(t, err)
	require.Equal(t, h.now().Add(ResetLife), expires)
	for _, wrong := range []string{before, "", "nonsense", token[1:], bob.RefreshToken} {
		_, err = h.UseReset(ctx, wrong, "another password", "")
		requireCode(t, wire.ErrorCodeResetLinkWrong, err)
	}
	_, err = h.UseReset(ctx, token, "short", "")
	requireField(t, "newPassword", err)

	results := atOnce(4, func(int) error {
		_, err := h.UseReset(ctx, token, "another password", "")
		return err
	})
	require.Equal(t, 1, count(results, ""))
	require.Equal(t, 3, count(results, wire.ErrorCodeResetLinkWrong))
	require.Contains(t, h.ended, bob.Session)
	_, err = h.SignIn(ctx, "bob", password, "")
	requireCode(t, wire.ErrorCodeWrongCredentials, err)
	_, err = h.SignIn(ctx, "bob", "another password", "")
	require.NoError(t, err)

	late, _, err := h.CreateReset(ctx, ada.Person, bob.Person.ID)
	require.NoError(t, err)
	h.clock.pass(ResetLife + time.Second)
	_, err = h.UseReset(ctx, late, "yet another password", "")
	requireCode(t, wire.ErrorCodeResetLinkWrong, err)
}

func TestAChangedPasswordTakesTheLinkAway(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.signUp(t, "ada"), h.signUp(t, "bob")
	token, _, err := h.CreateReset(ctx, ada.Person, bob.Person.ID)
	require.NoError(t, err)
	require.NoError(t, h.ChangePassword(ctx, h.caller(t, bob), password, "another password"))
	_, err = h.UseReset(ctx, token, "yet another password", "")
	requireCode(t, wire.ErrorCodeResetLinkWrong, err)
}

func TestEverybodyIsListedPageByPageAndFoundByName(t *testing.T) {
	h := newHouse(t)
	h.signUp(t, "ada")
	want := []string{"ada"}
	for i := range 6 {
		h.clock.pass(time.Second)
		h.signUp(t, fmt.Sprintf("person%d", i))
		want = append([]string{fmt.Sprintf("person%d", i)}, want...)
	}
	var got []string
	cursor := ""
	for range 4 {
		page, next, err := h.People(ctx, Wanted{Cursor: cursor, Limit: 2})
		require.NoError(t, err)
		for _, m := range page {
			got = append(got, m.Person.Username)
		}
		cursor = next
	}
	require.Equal(t, want, got)
	require.Empty(t, cursor)
	for search, n := range map[string]int{"SON3": 1, "person": 6, "_": 0, "%": 0, "\x00ada": 1} {
		page, _, err := h.People(ctx, Wanted{Search: search, Limit: 10})
		require.NoError(t, err)
		require.Len(t, page, n, search)
	}
	_, _, err := h.People(ctx, Wanted{Cursor: "nonsense", Limit: 10})
	requireField(t, "cursor", err)
}
