package rooms

import (
	"fmt"

	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// screenOf is what the room's people chose, else the server's default.
func (s *Service) screenOf(room db.Room) wire.Screen {
	if room.ScreenWidth == nil || room.ScreenHeight == nil || room.ScreenFrameRate == nil {
		return s.screen
	}
	return wire.Screen{Width: int(*room.ScreenWidth), Height: int(*room.ScreenHeight), FrameRate: int(*room.ScreenFrameRate)}
}

func screenColumns(screen *wire.Screen) (width, height, frameRate *int32) {
	if screen == nil {
		return nil, nil, nil
	}
	return new(int32(screen.Width)), new(int32(screen.Height)), new(int32(screen.FrameRate))
}

// checkScreen keeps to the bounds of the contract. Width and height are even because the picture's colours have half its resolution (4:2:0).
func checkScreen(screen *wire.Screen) error {
	if screen == nil {
		return nil
	}
	for _, side := range []struct {
		field              string
		value, least, most int
	}{
		{"screen.width", screen.Width, 320, 1920}, {"screen.height", screen.Height, 240, 1080},
	} {
		if side.value < side.least || side.value > side.most || side.value%2 != 0 {
			return errField(side.field, fmt.Sprintf("is an even number from %d to %d", side.least, side.most))
		}
	}
	if screen.FrameRate < 5 || screen.FrameRate > 60 {
		return errField("screen.frameRate", "is from 5 to 60")
	}
	return nil
}
