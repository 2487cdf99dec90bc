package wire_test

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/wire/contract"
)

// The documents say exactly what the contract says.

func TestEveryErrorCodeIsDocumentedAndNoOther(t *testing.T) {
	var want []string
	for _, code := range contract.Spec().Components.Schemas["ErrorCode"].Value.Enum {
		want = append(want, code.(string))
	}
	require.ElementsMatch(t, want, firstColumn(t, "../../docs/errors.md", "`([a-z_]+)`"))
}

func TestEveryCloseCodeIsDocumentedAndNoOther(t *testing.T) {
	var want []string
	for _, code := range contract.Spec().Components.Schemas["CloseCode"].Value.Enum {
		want = append(want, strconv.Itoa(int(code.(float64))))
	}
	require.ElementsMatch(t, want, firstColumn(t, "../../docs/protocol.md", `(3\d{3})`))
}

func TestEveryMessageTypeNamedInTheProtocolExists(t *testing.T) {
	schemas := contract.Spec().Components.Schemas
	page, err := os.ReadFile("../../docs/protocol.md")
	require.NoError(t, err)
	named := regexp.MustCompile("`((?:peer|room|self|browser|control|door|links?|chat|stream|vb|presence|pointers?|hand)\\.[a-zA-Z]+)").FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, named)
	for _, match := range named {
		_, client := schemas["ClientMessages"].Value.Properties[match[1]]
		_, server := schemas["ServerMessages"].Value.Properties[match[1]]
		require.True(t, client || server, "docs/protocol.md names %s", match[1])
	}
}

// firstColumn is what the pattern matches in the first column of a document's tables.
func firstColumn(t *testing.T, file, pattern string) []string {
	t.Helper()
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	var found []string
	for _, match := range regexp.MustCompile(`(?m)^\| `+pattern+` \|`).FindAllStringSubmatch(string(page), -1) {
		found = append(found, match[1])
	}
	return found
}
