package codec

// vp8Quantizer reads the base quantizer index, 0 (best) to 127, from a VP8
// frame's header (RFC 6386, sections 9.2 to 9.6), or -1 where the frame is cut
// short. libavcodec does not tell it, and without it nobody could say when a
// still picture has been refined as far as it goes.
func vp8Quantizer(frame []byte) int {
	if len(frame) < 3 {
		return -1
	}
	key := frame[0]&1 == 0
	skip := 3
	if key {
		skip = 10 // start code and dimensions
	}
	if len(frame) < skip+4 {
		return -1
	}
	r := newBoolReader(frame[skip:])
	if key {
		r.literal(2) // colour space, clamping
	}
	if r.flag() { // segmentation
		updateMap, updateData := r.flag(), r.flag()
		if updateData {
			r.literal(1)
			r.optional(4, 8) // quantizers and their signs
			r.optional(4, 7) // loop filter levels and their signs
		}
		if updateMap {
			r.optional(3, 8)
		}
	}
	r.literal(10) // loop filter: type, level, sharpness
	if deltas := r.flag(); deltas {
		if updated := r.flag(); updated {
			r.optional(8, 7)
		}
	}
	r.literal(2) // partitions
	return r.literal(7)
}

// boolReader is the arithmetic decoder of RFC 6386, section 7.3, for the even
// probabilities that all header fields above have.
type boolReader struct {
	data         []byte
	value, width uint32
	bits         int
}

func newBoolReader(data []byte) *boolReader {
	return &boolReader{data: data[2:], value: uint32(data[0])<<8 | uint32(data[1]), width: 255}
}

func (r *boolReader) flag() bool {
	split := 1 + (r.width-1)*128>>8
	set := r.value >= split<<8
	if set {
		r.width -= split
		r.value -= split << 8
	} else {
		r.width = split
	}
	for r.width < 128 {
		r.width <<= 1
		r.value <<= 1
		if r.bits++; r.bits == 8 {
			r.bits = 0
			if len(r.data) > 0 {
				r.value |= uint32(r.data[0])
				r.data = r.data[1:]
			}
		}
	}
	return set
}

func (r *boolReader) literal(bits int) (v int) {
	for range bits {
		v <<= 1
		if r.flag() {
			v |= 1
		}
	}
	return v
}

// optional skips fields that are each led by a flag telling whether they are there.
func (r *boolReader) optional(fields, bits int) {
	for range fields {
		if r.flag() {
			r.literal(bits)
		}
	}
}
