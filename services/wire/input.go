package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Input frames travel from page to agent on the data channels input and pointer. All numbers are big-endian.
//
//	opcode  uint8
//	epoch   uint32   the control epoch that the page believes in; the agent drops frames of another one
//	...              by opcode:
//	1 move       x uint16, y uint16, sequence uint32   channel pointer only; an older sequence is dropped
//	2 button     button uint8 (X11: 1 left, 2 middle, 3 right, 8 back, 9 forward), down uint8 (0 or 1), x uint16, y uint16
//	3 wheel      dx int16, dy int16 (1/120 of a notch; right and down are positive), x uint16, y uint16
//	4 key        keysym uint32 (X11 keysym; 0x01000000 + code point for Unicode), down uint8 (0 or 1)
//	5 release    nothing: let go of everything held
//	6 clipboard  text in UTF-8, to the frame's end, at most MaxClipboard bytes: what a paste in the browser shall bring
//	7 copy       number uint32, then opcode and rest of a frame 2 to 5 that goes on channel input too, where number others
//	             have gone before it; channel pointer only
//
// x and y are 0 to 65535 of the screen's width and height. A frame's length is exact; anything else is ErrInputFrame.
const (
	InputMove      = 1
	InputButton    = 2
	InputWheel     = 3
	InputKey       = 4
	InputRelease   = 5
	InputClipboard = 6
	InputCopy      = 7
)

// MaxClipboard is the longest text of a clipboard in bytes, both ways.
const MaxClipboard = 48 << 10

const (
	inputHeader = 5
	copyHeader  = 5 // that follows it in a copy
)

// inputLength is the length of what follows the header, by opcode, the least where a text follows.
var inputLength = [...]int{
	InputMove: 8, InputButton: 6, InputWheel: 8, InputKey: 5, InputRelease: 0, InputClipboard: 0,
}

// ErrInputFrame is the error of every frame that is not exactly one of the seven.
var ErrInputFrame = errors.New("not an input frame")

// Input is one decoded input frame; which fields count depends on Op, which is never InputCopy.
type Input struct {
	Op       uint8
	Copy     bool   // it is a frame copy of what Op says
	Number   uint32 // of a copy
	Epoch    uint32
	X, Y     uint16
	Sequence uint32
	Button   uint8
	Down     bool
	DX, DY   int16
	Keysym   uint32
	Text     string
}

// DecodeInput reads one frame. It never panics and keeps no reference to b.
func DecodeInput(b []byte) (Input, error) {
	if len(b) < inputHeader {
		return Input{}, fmt.Errorf("%w: %d bytes", ErrInputFrame, len(b))
	}
	in, body := Input{Op: b[0], Epoch: binary.BigEndian.Uint32(b[1:])}, b[inputHeader:]
	first, last := uint8(InputMove), uint8(InputClipboard)
	if in.Op == InputCopy {
		if len(body) < copyHeader {
			return Input{}, fmt.Errorf("%w: a copy of %d bytes", ErrInputFrame, len(b))
		}
		in.Copy, in.Number, in.Op, body = true, binary.BigEndian.Uint32(body), body[4], body[copyHeader:]
		first, last = InputButton, InputRelease
	}
	if in.Op < first || in.Op > last {
		return Input{}, fmt.Errorf("%w: opcode %d", ErrInputFrame, in.Op)
	}
	longest := inputLength[in.Op]
	if in.Op == InputClipboard {
		longest += MaxClipboard
	}
	if len(body) < inputLength[in.Op] || len(body) > longest {
		return Input{}, fmt.Errorf("%w: opcode %d with %d bytes", ErrInputFrame, in.Op, len(b))
	}
	var flag uint8
	switch in.Op {
	case InputMove:
		in.X, in.Y = binary.BigEndian.Uint16(body), binary.BigEndian.Uint16(body[2:])
		in.Sequence = binary.BigEndian.Uint32(body[4:])
	case InputButton:
		in.Button, flag = body[0], body[1]
		in.X, in.Y = binary.BigEndian.Uint16(body[2:]), binary.BigEndian.Uint16(body[4:])
		if in.Button < 1 || in.Button > 9 {
			return Input{}, fmt.Errorf("%w: button %d", ErrInputFrame, in.Button)
		}
	case InputWheel:
		in.DX, in.DY = int16(binary.BigEndian.Uint16(body)), int16(binary.BigEndian.Uint16(body[2:]))
		in.X, in.Y = binary.BigEndian.Uint16(body[4:]), binary.BigEndian.Uint16(body[6:])
	case InputKey:
		in.Keysym, flag = binary.BigEndian.Uint32(body), body[4]
	case InputClipboard:
		if !utf8.Valid(body) {
			return Input{}, fmt.Errorf("%w: a text that is not UTF-8", ErrInputFrame)
		}
		in.Text = string(body)
	}
	if flag > 1 {
		return Input{}, fmt.Errorf("%w: down is %d", ErrInputFrame, flag)
	}
	in.Down = flag == 1
	return in, nil
}

// AppendInput appends the frame of in to b.
func AppendInput(b []byte, in Input) []byte {
	if in.Copy {
		b = append(b, InputCopy)
		b = binary.BigEndian.AppendUint32(b, in.Epoch)
		b = binary.BigEndian.AppendUint32(b, in.Number)
		b = append(b, in.Op)
	} else {
		b = append(b, in.Op)
		b = binary.BigEndian.AppendUint32(b, in.Epoch)
	}
	var down uint8
	if in.Down {
		down = 1
	}
	switch in.Op {
	case InputMove:
		b = binary.BigEndian.AppendUint16(b, in.X)
		b = binary.BigEndian.AppendUint16(b, in.Y)
		b = binary.BigEndian.AppendUint32(b, in.Sequence)
	case InputButton:
		b = append(b, in.Button, down)
		b = binary.BigEndian.AppendUint16(b, in.X)
		b = binary.BigEndian.AppendUint16(b, in.Y)
	case InputWheel:
		b = binary.BigEndian.AppendUint16(b, uint16(in.DX))
		b = binary.BigEndian.AppendUint16(b, uint16(in.DY))
		b = binary.BigEndian.AppendUint16(b, in.X)
		b = binary.BigEndian.AppendUint16(b, in.Y)
	case InputKey:
		b = binary.BigEndian.AppendUint32(b, in.Keysym)
		b = append(b, down)
	case InputClipboard:
		b = append(b, in.Text...)
	}
	return b
}
