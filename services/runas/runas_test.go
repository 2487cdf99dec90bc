package runas

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRootsProgramsRunAsSomebodyElse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root chooses")
	}
	a, err := Choose("browsers", "", "turtus-nobody-of-that-name", "nobody")
	require.NoError(t, err)
	require.Equal(t, "nobody", a.Name)
	require.NotZero(t, a.UID)
	require.True(t, a.Drop)
	require.Equal(t, uint32(a.UID), a.Credential().Uid)
	require.NotContains(t, a.Groups, uint32(0))

	for want, choose := range map[string]func() (Account, error){
		"browsers cannot run as root: choose another user than root": func() (Account, error) { return Choose("browsers", "root", "nobody") },
		"there is no such user":                 func() (Account, error) { return Choose("browsers", "turtus-nobody-of-that-name", "nobody") },
		"there is no user turtus-none or none2": func() (Account, error) { return Choose("browsers", "", "turtus-none", "none2") },
	} {
		_, err := choose()
		require.ErrorContains(t, err, want)
	}
}

func TestWhoIsNotRootStaysWhoTheyAre(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root chooses")
	}
	a, err := Choose("browsers", "", "nobody")
	require.NoError(t, err)
	require.Equal(t, os.Geteuid(), a.UID)
	require.Nil(t, a.Credential())
	_, err = Choose("browsers", "somebody-else")
	require.ErrorContains(t, err, "only root can arrange that")
}

func TestRightsAreThoseOfOwnerGroupOrOthers(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "inner", "file")
	require.NoError(t, os.Mkdir(filepath.Dir(path), 0o711))
	require.NoError(t, os.WriteFile(path, nil, 0o640))
	owner, group := os.Geteuid(), os.Getegid()
	for _, c := range []struct {
		who  string
		a    Account
		read bool
	}{
		{"owner", Account{UID: owner, GID: group + 1}, true},
		{"group", Account{UID: owner + 1, GID: group}, true},
		{"a further group", Account{UID: owner + 1, GID: group + 1, Groups: []uint32{uint32(group)}}, true},
		{"others", Account{UID: owner + 1, GID: group + 1}, false},
	} {
		require.Equal(t, c.read, c.a.May(path, 0o4), c.who)
		require.False(t, c.a.May(path, 0o1), c.who)
		require.False(t, c.a.May(path+"-missing", 0o4), c.who)
	}
	stranger := Account{UID: owner + 1, GID: group + 1}
	require.NoError(t, os.Chmod(filepath.Dir(path), 0o700))
	require.False(t, stranger.Reaches(path))
	require.NotEmpty(t, stranger.ClosedParent(path))
	require.True(t, Account{UID: owner}.May(filepath.Dir(path), 0o1))
	require.True(t, stranger.Reaches("/etc/passwd"))
	require.Empty(t, stranger.ClosedParent("/etc/passwd"))
}
