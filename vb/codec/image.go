package codec

// #include "image.h"
import "C"

import (
	"fmt"
	"image"
	"unsafe"
)

// MaxDimension bounds width and height, in pixels. It is what H.264 level 5.2
// allows at 16:9, and keeps every product of sizes far from overflow.
const MaxDimension = 4096

// Picture is the X server's picture as XShm hands it out: 32 bits a pixel in
// the byte order blue, green, red, unused (a ZPixmap of depth 24 on a
// little-endian server).
type Picture struct {
	// Pix holds Height rows of Stride bytes. It is only read during the call,
	// and may be memory that Go does not own, as a shared memory segment.
	Pix []byte
	// Stride is the distance between rows in bytes, at least 4*Width.
	Stride int
	// Width and Height are in pixels.
	Width, Height int
	// Damage lists what changed since the last Convert into the same Image; nil
	// means everything. Rectangles may overlap and may reach over the edge.
	Damage []image.Rectangle
}

// Image is a picture in the form every encoder here takes: I420, BT.601 matrix,
// limited range. It is converted once and encoded by any number of encoders of
// its size.
//
// Both codecs subsample chroma by two, so an odd side is padded by one pixel
// that repeats the last row or column; CodedSize tells what viewers receive.
type Image struct {
	width, height int
	frame         *C.AVFrame
	// versions tells for each macroblock of 16 by 16 pixels, row by row, which version of
	// the image changed it last, so that an encoder need not look at what it has shown already.
	versions []uint64
	version  uint64
}

const macroblock = 16

func newVersions(coded image.Point) []uint64 {
	return make([]uint64, ((coded.X+macroblock-1)/macroblock)*((coded.Y+macroblock-1)/macroblock))
}

// mark says that the current version changed r, which may reach over the edge.
func (img *Image) mark(r image.Rectangle) {
	coded := codedSize(img.width, img.height)
	r = r.Intersect(image.Rectangle{Max: coded})
	columns := (coded.X + macroblock - 1) / macroblock
	for y := r.Min.Y / macroblock; y*macroblock < r.Max.Y; y++ {
		for x := r.Min.X / macroblock; x*macroblock < r.Max.X; x++ {
			img.versions[y*columns+x] = img.version
		}
	}
}

// NewImage allocates a black image of width by height pixels.
func NewImage(width, height int) (*Image, error) {
	if width < 1 || height < 1 || width > MaxDimension || height > MaxDimension {
		return nil, fmt.Errorf("%w: image of %dx%d", ErrInvalid, width, height)
	}
	coded := codedSize(width, height)
	frame := C.turtus_image_new(C.int(coded.X), C.int(coded.Y))
	if frame == nil {
		return nil, fmt.Errorf("codec: no memory for an image of %dx%d", width, height)
	}
	return &Image{width: width, height: height, frame: frame, versions: newVersions(coded)}, nil
}

// Size is the size in pixels that NewImage was given.
func (img *Image) Size() (width, height int) { return img.width, img.height }

// CodedSize is the size in pixels of the encoded picture: Size with each side
// rounded up to an even number.
func (img *Image) CodedSize() (width, height int) {
	coded := codedSize(img.width, img.height)
	return coded.X, coded.Y
}

// Convert brings the damaged rectangles of src into img; the rest of img stays
// as it is. src must have the size of img: use a Scaler for a smaller layer.
func (img *Image) Convert(src Picture) error {
	if img.frame == nil {
		return ErrClosed
	}
	if src.Width != img.width || src.Height != img.height {
		return fmt.Errorf("%w: picture of %dx%d into an image of %dx%d", ErrInvalid, src.Width, src.Height, img.width, img.height)
	}
	if src.Stride < 4*src.Width || len(src.Pix) < (src.Height-1)*src.Stride+4*src.Width {
		return fmt.Errorf("%w: %d bytes of stride %d for %dx%d", ErrInvalid, len(src.Pix), src.Stride, src.Width, src.Height)
	}
	img.version++
	whole := image.Rect(0, 0, src.Width, src.Height)
	if src.Damage == nil {
		img.convert(src, whole)
		return nil
	}
	for _, r := range src.Damage {
		r = r.Intersect(whole)
		if r.Empty() {
			continue
		}
		// A chroma sample belongs to two by two pixels, so half a pair is not enough.
		r.Min.X &^= 1
		r.Min.Y &^= 1
		r.Max.X = min((r.Max.X+1)&^1, src.Width)
		r.Max.Y = min((r.Max.Y+1)&^1, src.Height)
		img.convert(src, r)
	}
	return nil
}

func (img *Image) convert(src Picture, r image.Rectangle) {
	img.mark(r)
	C.turtus_image_convert(img.frame, (*C.uint8_t)(unsafe.SliceData(src.Pix)), C.ptrdiff_t(src.Stride),
		C.int(r.Min.X), C.int(r.Min.Y), C.int(r.Max.X), C.int(r.Max.Y))
}

// YCbCr is a view of the image's own memory at CodedSize, for looking at it in tests and
// tools; it ends with Close. Note that package image takes such values for full range.
func (img *Image) YCbCr() *image.YCbCr {
	if img.frame == nil {
		return nil
	}
	width, height := img.CodedSize()
	plane := func(i, rows int) []byte {
		return unsafe.Slice((*byte)(unsafe.Pointer(img.frame.data[i])), rows*int(img.frame.linesize[i]))
	}
	return &image.YCbCr{
		Y:              plane(0, height),
		Cb:             plane(1, height/2),
		Cr:             plane(2, height/2),
		YStride:        int(img.frame.linesize[0]),
		CStride:        int(img.frame.linesize[1]),
		SubsampleRatio: image.YCbCrSubsampleRatio420,
		Rect:           image.Rect(0, 0, width, height),
	}
}

// Close frees the image. No encoder may be reading it.
func (img *Image) Close() {
	if img.frame != nil {
		C.turtus_image_free(img.frame)
		img.frame = nil
	}
}

func codedSize(width, height int) image.Point {
	return image.Pt((width+1)&^1, (height+1)&^1)
}
