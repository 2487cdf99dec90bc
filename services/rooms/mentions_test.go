package rooms

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestMentionsOfAText(t *testing.T) {
	ann, annLee, taro, other := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	members := []named{{annLee, "Ann Lee"}, {ann, "Ann"}, {other, "ann"}, {taro, "太郎"}}
	for _, c := range []struct {
		text string
		want string
		who  []uuid.UUID
	}{
		{"hi @Ann!", "Ann Ann", []uuid.UUID{ann, other}}, // both of that name
		{"@ann lee", "ann lee", []uuid.UUID{annLee}},
		{"@Ann Leeds", "Ann Ann", []uuid.UUID{ann, other}},
		{"@Anna", "", nil},
		{"me@Ann", "", nil},
		{"@Ann_", "", nil},
		{"@@Ann", "Ann Ann", []uuid.UUID{ann, other}},
		{"@太郎さん", "太郎", []uuid.UUID{taro}},
		{"@Ann @Ann @Ann Lee", "Ann Ann Ann Lee", []uuid.UUID{ann, other, annLee}},
		{"@", "", nil},
		{"@\xff", "", nil},
		{"", "", nil},
	} {
		var names []string
		var who []uuid.UUID
		for _, m := range mentionsOf(members, c.text) {
			names, who = append(names, m.Name), append(who, m.Id)
		}
		require.Equal(t, c.want, strings.Join(names, " "), c.text)
		require.Equal(t, c.who, who, c.text)
	}
	var crowd []named
	for range maxMentions + 1 {
		crowd = append(crowd, named{uuid.New(), "Ann"})
	}
	require.Len(t, mentionsOf(crowd, "@Ann"), maxMentions)
}

func FuzzMentions(f *testing.F) {
	f.Add("hi @Ann", "Ann")
	f.Add("@İ", "i̇")
	f.Fuzz(func(t *testing.T, text, name string) {
		for _, m := range mentionsOf([]named{{uuid.New(), name}}, text) {
			require.Contains(t, text, "@"+m.Name)
			require.True(t, strings.EqualFold(m.Name, name))
		}
	})
}
