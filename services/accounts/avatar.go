package accounts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"time"

	"github.com/jackc/pgx/v5"

	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// Limits of a profile picture.
const (
	MaxAvatarBytes = 256 << 10
	MaxAvatarSide  = 1024 // pixels
)

// SetAvatar stores a picture; what it is is read from its own bytes. Errors: body_too_large, unsupported_media_type
// (not PNG, JPEG or WebP), invalid_field (too many pixels), not_found.
func (s *Service) SetAvatar(ctx context.Context, id PersonID, picture []byte) (Person, error) {
	if len(picture) > MaxAvatarBytes {
		return Person{}, wire.Errorf(wire.ErrorCodeBodyTooLarge, "A picture has 256 KiB at most.")
	}
	contentType, size, err := inspect(picture)
	if err != nil {
		return Person{}, wire.Errorf(wire.ErrorCodeUnsupportedMediaType, "The file is not a PNG, JPEG or WebP picture.")
	}
	if size.X < 1 || size.Y < 1 || size.X > MaxAvatarSide || size.Y > MaxAvatarSide {
		return Person{}, errField("picture", fmt.Sprintf("is %d by %d pixels; %d by %[3]d is the most", size.X, size.Y, MaxAvatarSide))
	}
	return s.changeAvatar(ctx, id, func(q *db.Queries) (*time.Time, error) {
		now := s.now()
		return &now, q.SetAvatar(ctx, db.SetAvatarParams{PersonID: id.UUID(), ContentType: contentType, Picture: picture})
	})
}

// DeleteAvatar goes back to the coloured initials. Error: not_found.
func (s *Service) DeleteAvatar(ctx context.Context, id PersonID) (Person, error) {
	return s.changeAvatar(ctx, id, func(q *db.Queries) (*time.Time, error) { return nil, q.DeleteAvatar(ctx, id.UUID()) })
}

func (s *Service) changeAvatar(ctx context.Context, id PersonID, change func(*db.Queries) (*time.Time, error)) (Person, error) {
	var person Person
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		if _, err := q.LockPerson(ctx, id.UUID()); errors.Is(err, pgx.ErrNoRows) {
			return errNoPerson()
		} else if err != nil {
			return err
		}
		at, err := change(q)
		if err != nil {
			return err
		}
		row, err := q.SetAvatarTime(ctx, db.SetAvatarTimeParams{ID: id.UUID(), AvatarAt: at})
		person = FromRow(row)
		return err
	})
	return person, db.Fault("change the picture", err)
}

// Avatar returns a person's picture. Error: not_found.
func (s *Service) Avatar(ctx context.Context, id PersonID) (contentType string, picture []byte, err error) {
	row, err := s.q.GetAvatar(ctx, id.UUID())
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil, wire.Errorf(wire.ErrorCodeNotFound, "There is no such picture.")
	}
	return row.ContentType, row.Picture, db.Fault("look for the picture", err)
}

// inspect finds out a picture's type and size by its header, decoding no pixels.
func inspect(picture []byte) (contentType string, size image.Point, err error) {
	if c, err := png.DecodeConfig(bytes.NewReader(picture)); err == nil {
		return "image/png", image.Pt(c.Width, c.Height), nil
	}
	if c, err := jpeg.DecodeConfig(bytes.NewReader(picture)); err == nil {
		return "image/jpeg", image.Pt(c.Width, c.Height), nil
	}
	size, err = webpSize(picture)
	return "image/webp", size, err
}

var errNotWebP = errors.New("not WebP")

// webpSize reads the size from the first chunk of a WebP file (RFC 9649 section 2.5 to 2.7).
func webpSize(b []byte) (image.Point, error) {
	const header = 12 + 8 // RIFF, size, WEBP; the first chunk's name and size
	if len(b) < header+10 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WEBP" || little(b[4:8])+8 > len(b)+1 {
		return image.Point{}, errNotWebP
	}
	chunk := b[header:]
	switch string(b[12:16]) {
	case "VP8 ": // a keyframe's header (RFC 6386 section 9.1); the upper two bits of each side are scaling
		if chunk[0]&1 != 0 || string(chunk[3:6]) != "\x9d\x01\x2a" {
			return image.Point{}, errNotWebP
		}
		return image.Pt(little(chunk[6:8])&0x3fff, little(chunk[8:10])&0x3fff), nil
	case "VP8L":
		if chunk[0] != 0x2f {
			return image.Point{}, errNotWebP
		}
		bits := little(chunk[1:5])
		return image.Pt(bits&0x3fff+1, bits>>14&0x3fff+1), nil
	case "VP8X":
		return image.Pt(little(chunk[4:7])+1, little(chunk[7:10])+1), nil
	}
	return image.Point{}, errNotWebP
}

// little reads a little-endian number.
func little(b []byte) (n int) {
	for i, v := range b {
		n |= int(v) << (8 * i)
	}
	return n
}
