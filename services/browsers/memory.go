package browsers

import (
	"bytes"
	"os"
	"strconv"
)

// FreeMemory is how much the machine can give to new processes without swapping, in bytes (MemAvailable of proc_meminfo(5)); not known
// where there is no such file.
func FreeMemory() (free uint64, known bool) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	return parseFreeMemory(text)
}

func parseFreeMemory(text []byte) (free uint64, known bool) {
	for line := range bytes.Lines(text) {
		value, found := bytes.CutPrefix(line, []byte("MemAvailable:"))
		if !found {
			continue
		}
		kib, err := strconv.ParseUint(string(bytes.TrimSuffix(bytes.TrimSpace(value), []byte(" kB"))), 10, 54)
		return kib << 10, err == nil
	}
	return 0, false
}
