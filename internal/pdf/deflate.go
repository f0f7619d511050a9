package pdf

import (
	"encoding/binary"
	"hash/adler32"
	"math/bits"
	"sync"
)

// Streams are packed here and not by compress/zlib, whose time goes for the most
// part into counting what is in each stream and making a code for it, and whose
// bytes may be others in the next release of Go. Ours are of three kinds, and a
// code made once for each kind packs them as well in half the time. The bytes
// are those of a zlib stream (RFC 1950) of one block with a dynamic code
// (RFC 1951, 3.2.7).

// codebook is a code for one kind of stream.
type codebook struct {
	headBits  bitQueue
	literals  [256]bitString
	end       bitString
	lengths   [maxMatch + 1]bitString // with the extra bits
	distances [30]bitString           // without them
}

// bitString is up to 32 bits, the first one lowest.
type bitString struct {
	bits uint32
	n    uint8
}

const (
	minMatch  = 4
	maxMatch  = 258
	window    = 32768
	hashBits  = 13
	endSymbol = 256
)

var (
	contentBook = sync.OnceValue(func() *codebook { return newCodebook(contentCodes) })
	fontBook    = sync.OnceValue(func() *codebook { return newCodebook(fontCodes) })
	objectBook  = sync.OnceValue(func() *codebook { return newCodebook(objectCodes) })
)

// lengthBase and distanceBase are where each symbol's range begins.
var lengthBase = [...]int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}

func distanceSymbol(d int) (symbol, extra int) {
	d--
	if d < 4 {
		return d, 0
	}
	n := bits.Len32(uint32(d)) - 2
	return 2*n + d>>n, n
}

func newCodebook(lengths string) *codebook {
	sizes := make([]uint8, len(lengths))
	for i, c := range []byte(lengths) {
		if sizes[i] = c - '0'; c >= 'a' {
			sizes[i] = c - 'a' + 10
		}
	}
	b := new(codebook)
	symbols := codes(sizes[:286])
	copy(b.literals[:], symbols)
	b.end = symbols[endSymbol]
	copy(b.distances[:], codes(sizes[286:]))
	for n := 3; n <= maxMatch; n++ {
		s := len(lengthBase) - 1
		for lengthBase[s] > n {
			s--
		}
		code, extra := symbols[endSymbol+1+s], uint8(0)
		if s >= 8 && s < 28 {
			extra = uint8(s/4 - 1)
		}
		b.lengths[n] = bitString{code.bits | uint32(n-lengthBase[s])<<code.n, code.n + extra}
	}

	q := bitQueue{out: []byte{0x78, 0x01}}
	q.put(bitString{0b101, 3}) // the last block, with a dynamic code
	q.put(bitString{286 - 257, 5})
	q.put(bitString{30 - 1, 5})
	q.put(bitString{19 - 4, 4})
	for i := range 19 { // the codes' lengths themselves are written in four bits each
		n := uint32(4)
		if i < 3 { // no repetitions
			n = 0
		}
		q.put(bitString{n, 3})
	}
	for _, size := range sizes {
		q.put(bitString{bits.Reverse32(uint32(size)) >> 28, 4})
	}
	b.headBits = q
	return b
}

// codes are the canonical codes of these lengths (RFC 1951, 3.2.2).
func codes(sizes []uint8) []bitString {
	out := make([]bitString, len(sizes))
	next := uint32(0)
	for n := uint8(1); n <= 15; n++ {
		for i, size := range sizes {
			if size == n {
				out[i] = bitString{bits.Reverse32(next) >> (32 - n), n}
				next++
			}
		}
		next <<= 1
	}
	return out
}

// bitQueue writes bits into bytes.
type bitQueue struct {
	out     []byte
	pending uint64
	n       uint8
}

func (q *bitQueue) put(s bitString) {
	q.pending |= uint64(s.bits) << q.n
	if q.n += s.n; q.n >= 32 {
		q.out = binary.LittleEndian.AppendUint32(q.out, uint32(q.pending))
		q.pending >>= 32
		q.n -= 32
	}
}

func (q *bitQueue) flush() {
	for ; q.n > 0; q.n -= min(q.n, 8) {
		q.out = append(q.out, byte(q.pending))
		q.pending >>= 8
	}
}

// heads is where each sequence of four bytes was last seen, plus one, by its
// hash.
type heads [1 << hashBits]uint32

func hash(v uint32) uint32 { return v * 0x9e3779b1 >> (32 - hashBits) }

// same is how many bytes of b are those that a begins with; a is no shorter.
func same(a, b []byte) int {
	n := 0
	for ; n+8 <= len(b); n += 8 {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
	}
	for n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// deflate appends data packed.
func (b *codebook) deflate(out, data []byte, seen *heads) []byte {
	clear(seen[:])
	q := bitQueue{out: append(out, b.headBits.out...), pending: b.headBits.pending, n: b.headBits.n}
	i := 0
	for i+minMatch <= len(data) {
		v := binary.LittleEndian.Uint32(data[i:])
		h := hash(v)
		from := int(seen[h]) - 1
		seen[h] = uint32(i + 1)
		if from < 0 || i-from > window || binary.LittleEndian.Uint32(data[from:]) != v {
			q.put(b.literals[data[i]])
			i++
			continue
		}
		n := minMatch + same(data[from+minMatch:], data[i+minMatch:min(i+maxMatch, len(data))])
		q.put(b.lengths[n])
		symbol, extra := distanceSymbol(i - from)
		code := b.distances[symbol]
		q.put(bitString{code.bits | uint32(i-from-1)&(1<<extra-1)<<code.n, code.n + uint8(extra)})
		for end := min(i+n, len(data)-minMatch+1); i+1 < end; {
			i++
			n--
			seen[hash(binary.LittleEndian.Uint32(data[i:]))] = uint32(i + 1)
		}
		i += n
	}
	for ; i < len(data); i++ {
		q.put(b.literals[data[i]])
	}
	q.put(b.end)
	q.flush()
	return binary.BigEndian.AppendUint32(q.out, adler32.Checksum(data))
}
