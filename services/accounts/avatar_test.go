package accounts

import (
	"bytes"
	"encoding/hex"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

const (
	waitFor = 10 * time.Second
	tick    = time.Millisecond
)

func pngOf(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))))
	return b.Bytes()
}

func TestAPictureIsStoredUnderAnAddressThatChangesWithIt(t *testing.T) {
	h := newHouse(t)
	in := h.signUp(t, "ada")
	require.Nil(t, in.Person.Public().AvatarUrl)
	_, _, err := h.Avatar(ctx, in.Person.ID)
	requireCode(t, wire.ErrorCodeNotFound, err)

	first, err := h.SetAvatar(ctx, in.Person.ID, pngOf(t, 1024, 1024))
	require.NoError(t, err)
	h.clock.pass(time.Second)
	second, err := h.SetAvatar(ctx, in.Person.ID, pngOf(t, 2, 2))
	require.NoError(t, err)
	require.NotEqual(t, *first.Public().AvatarUrl, *second.Public().AvatarUrl)
	contentType, picture, err := h.Avatar(ctx, in.Person.ID)
	require.NoError(t, err)
	require.Equal(t, "image/png", contentType)
	require.Equal(t, pngOf(t, 2, 2), picture)

	none, err := h.DeleteAvatar(ctx, in.Person.ID)
	require.NoError(t, err)
	require.Nil(t, none.Public().AvatarUrl)
}

func TestOnlySmallPicturesOfTheThreeKindsAreTaken(t *testing.T) {
	h := newHouse(t)
	in := h.signUp(t, "ada")
	var asJPEG, asGIF bytes.Buffer
	require.NoError(t, jpeg.Encode(&asJPEG, image.NewGray(image.Rect(0, 0, 8, 8)), nil))
	require.NoError(t, gif.Encode(&asGIF, image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.Black}), nil))
	_, err := h.SetAvatar(ctx, in.Person.ID, asJPEG.Bytes())
	require.NoError(t, err)

	for name, c := range map[string]struct {
		picture []byte
		code    wire.ErrorCode
	}{
		"too wide":      {pngOf(t, 1025, 1), wire.ErrorCodeInvalidField},
		"too heavy":     {append(pngOf(t, 1, 1), make([]byte, MaxAvatarBytes)...), wire.ErrorCodeBodyTooLarge},
		"a GIF":         {asGIF.Bytes(), wire.ErrorCodeUnsupportedMediaType},
		"a web page":    {[]byte("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"), wire.ErrorCodeUnsupportedMediaType},
		"nothing":       {nil, wire.ErrorCodeUnsupportedMediaType},
		"half a header": {[]byte("\x89PNG\r\n\x1a\n"), wire.ErrorCodeUnsupportedMediaType},
	} {
		_, err := h.SetAvatar(ctx, in.Person.ID, c.picture)
		require.Equal(t, c.code, wire.CodeOf(err), name)
	}
}

func TestTheSizeOfAWebPIsReadFromItsHeader(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		size image.Point
	}{
		// Made by cwebp (lossy), cwebp -lossless; the extended one by hand from RFC 9649 section 2.7.
		"lossy":    {"52494646240000005745425056503820180000003001009d012a0100010002003425a400037000fefb940000", image.Pt(1, 1)},
		"lossless": {"524946461a000000574542505650384c0d0000002f00000010071011118888fe0700", image.Pt(1, 1)},
		"extended": {"52494646120000005745425056503858" + "0a000000" + "00000000" + "ff0300" + "0f0000", image.Pt(1024, 16)},
	} {
		file, err := hex.DecodeString(c.file)
		require.NoError(t, err)
		contentType, size, err := inspect(file)
		require.NoError(t, err, name)
		require.Equal(t, "image/webp", contentType)
		require.Equal(t, c.size, size, name)
		for n := range min(len(file), 30) {
			_, _, err := inspect(file[:n])
			require.Error(t, err, "%s cut at %d", name, n)
		}
	}
}
