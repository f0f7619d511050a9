package tape

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// scanner reads the part of XML that an asset file may use: elements, text,
// attributes, comments, CDATA, processing instructions. encoding/xml reads a
// tenth as fast. A document type, an entity other than XML's own five and
// anything not well formed end the reading. What it accepts, encoding/xml
// accepts with the same text: the fuzz test holds it to that.
type scanner struct {
	r        io.Reader
	file     string
	buf      []byte
	pos, end int
	line     int
	eof      bool
	readErr  error

	text    []byte // character data since the last tag; valid until the next call
	decoded []byte
	joined  bool // text is in decoded because a comment or CDATA parted it

	name  []byte
	attrs []byte
	ended bool // the tag closed itself
}

// maxToken bounds a tag or a run of text, and so the memory that a hostile file can take.
const maxToken = 64 << 10

type token int

const (
	tokenEOF token = iota
	tokenStart
	tokenEnd
)

func newScanner(r io.Reader, file string) *scanner {
	return &scanner{r: r, file: file, line: 1, buf: make([]byte, 4*maxToken)}
}

func (s *scanner) fail(format string, args ...any) error {
	return &Error{File: s.file, Line: s.line, Reason: fmt.Sprintf(format, args...), Fatal: true}
}

func (s *scanner) cutShort() error {
	if s.readErr != nil {
		return &Error{File: s.file, Line: s.line, Reason: "cannot be read on: " + s.readErr.Error(), Fatal: true, cause: s.readErr}
	}
	return s.fail("the file is cut short")
}

// fill reads more behind what is not used yet. False: there is no more, or no room.
func (s *scanner) fill() bool {
	if s.eof || (s.pos == 0 && s.end == len(s.buf)) {
		return false
	}
	if s.pos > 0 {
		s.pin() // text may lie in what is about to move
		s.end = copy(s.buf, s.buf[s.pos:s.end])
		s.pos = 0
	}
	for tries := 0; s.end < len(s.buf); tries++ {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		if err != nil {
			s.eof = true
			if !errors.Is(err, io.EOF) {
				s.readErr = err
			}
		}
		if n > 0 {
			return true
		}
		if s.eof || tries > 100 {
			s.eof = true
			break
		}
	}
	return false
}

// has says whether these bytes come next.
func (s *scanner) has(prefix string) bool {
	for s.end-s.pos < len(prefix) {
		if !s.fill() {
			return false
		}
	}
	return string(s.buf[s.pos:s.pos+len(prefix)]) == prefix
}

// find is the offset from pos of the first occurrence of a mark, at or after from.
func (s *scanner) find(mark string, from int, what string) (int, error) {
	for {
		if from <= s.end-s.pos {
			if i := bytes.Index(s.buf[s.pos+from:s.end], []byte(mark)); i >= 0 {
				if from+i > maxToken {
					break
				}
				return from + i, nil
			}
			from = max(from, s.end-s.pos-len(mark)+1)
		}
		if from > maxToken {
			break
		}
		if !s.fill() {
			return 0, s.cutShort()
		}
	}
	return 0, s.fail("%s longer than %d bytes", what, maxToken)
}

// plain marks the bytes of text that need no second look.
var plain = func() (t [256]bool) {
	for c := 0x20; c < 0x80; c++ {
		t[c] = true
	}
	t['\t'], t['&'], t[']'], t['<'] = true, false, false, false
	return t
}()

// next moves to the next tag. text then holds what stood before it.
func (s *scanner) next() (token, error) {
	s.text, s.decoded, s.joined = nil, s.decoded[:0], false
	for {
		atEnd, err := s.characters()
		if err != nil {
			return 0, err
		}
		if atEnd {
			return tokenEOF, nil
		}
		switch {
		case s.has("</"):
			return tokenEnd, s.endTag()
		case s.has("<!--"):
			err = s.comment()
		case s.has("<![CDATA["):
			err = s.cdata()
		case s.has("<!"):
			return 0, s.fail("a document type or entity declaration is not allowed")
		case s.has("<?"):
			err = s.instruction()
		default:
			return tokenStart, s.startTag()
		}
		if err != nil {
			return 0, err
		}
	}
}

// characters takes text up to the next markup.
func (s *scanner) characters() (atEnd bool, err error) {
	n := 0
	for {
		i := bytes.IndexByte(s.buf[s.pos+n:s.end], '<')
		if i >= 0 {
			n += i
			break
		}
		n = s.end - s.pos
		if n > maxToken {
			break
		}
		if !s.fill() {
			if s.readErr != nil {
				return false, s.cutShort()
			}
			atEnd = true
			break
		}
	}
	if n > maxToken {
		return false, s.fail("text longer than %d bytes", maxToken)
	}
	raw := s.buf[s.pos : s.pos+n]
	s.pos += n
	simple := true
	for _, c := range raw {
		if !plain[c] {
			if c == '\n' {
				s.line++
				continue
			}
			simple = false
			break
		}
	}
	if simple && !s.joined {
		s.text = raw
		return atEnd, nil
	}
	if !simple {
		s.line -= bytes.Count(raw[:firstOdd(raw)], []byte{'\n'})
	}
	return atEnd, s.decode(raw, !simple)
}

func firstOdd(raw []byte) int {
	for i, c := range raw {
		if !plain[c] && c != '\n' {
			return i
		}
	}
	return len(raw)
}

// decode appends text with its references resolved, checking every character.
func (s *scanner) decode(raw []byte, count bool) error {
	s.pin()
	for len(raw) > 0 {
		c := raw[0]
		switch {
		case c == '&':
			r, size, err := s.reference(raw)
			if err != nil {
				return err
			}
			s.decoded = utf8.AppendRune(s.decoded, r)
			raw = raw[size:]
			continue
		case c == ']' && bytes.HasPrefix(raw, []byte("]]>")):
			return s.fail("]]> stands in text")
		case c == '\r':
			if len(raw) > 1 && raw[1] == '\n' {
				raw = raw[1:]
				continue
			}
			c = '\n'
			s.decoded = append(s.decoded, c)
			raw = raw[1:]
			continue
		case c == '\n' && count:
			s.line++
		}
		r, size := utf8.DecodeRune(raw)
		if r == utf8.RuneError && size == 1 {
			return s.fail("bytes that are not UTF-8")
		}
		if !xmlChar(r) {
			return s.fail("a control character (%U)", r)
		}
		s.decoded = append(s.decoded, raw[:size]...)
		raw = raw[size:]
	}
	s.text = s.decoded
	return s.lengthOK()
}

func (s *scanner) lengthOK() error {
	if len(s.decoded) > maxToken {
		return s.fail("text longer than %d bytes", maxToken)
	}
	return nil
}

func xmlChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || (r >= 0x20 && r <= 0xD7FF) || (r >= 0xE000 && r <= 0xFFFD) || (r >= 0x10000 && r <= 0x10FFFF)
}

var entities = map[string]rune{"amp": '&', "lt": '<', "gt": '>', "apos": '\'', "quot": '"'}

func (s *scanner) reference(raw []byte) (rune, int, error) {
	end := bytes.IndexByte(raw[:min(len(raw), 64)], ';')
	if end < 2 {
		return 0, 0, s.fail("& that does not begin an entity")
	}
	body := string(raw[1:end])
	if r, ok := entities[body]; ok {
		return r, end + 1, nil
	}
	digits, isNumber := strings.CutPrefix(body, "#")
	if !isNumber {
		return 0, 0, s.fail("entity &%s; is not defined", printable(body))
	}
	base := rune(10)
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = strings.ToLower(hex), 16
	}
	r := rune(0)
	for _, c := range digits {
		v := rune(strings.IndexRune("0123456789abcdef"[:base], c))
		if v < 0 || r > utf8.MaxRune {
			return 0, 0, s.fail("&%s; is not a character", printable(body))
		}
		r = r*base + v
	}
	if digits == "" || !xmlChar(r) {
		return 0, 0, s.fail("&%s; is not a character", printable(body))
	}
	return r, end + 1, nil
}

func (s *scanner) comment() error {
	s.pin()
	s.pos += len("<!--")
	if err := s.skipTo("--"); err != nil {
		return err
	}
	s.pos += len("--")
	if !s.has(">") {
		return s.fail("-- stands in a comment")
	}
	s.pos++
	return nil
}

// skipTo moves to a mark however far it is, letting go of and checking what
// stands before.
func (s *scanner) skipTo(mark string) error {
	for {
		i := bytes.Index(s.buf[s.pos:s.end], []byte(mark))
		keep := i
		if i < 0 {
			// Hold back the mark's and a character's unfinished bytes.
			keep = max(0, s.end-s.pos-len(mark)-utf8.UTFMax)
			for keep > 0 && !utf8.RuneStart(s.buf[s.pos+keep]) {
				keep--
			}
		}
		if err := s.check(s.buf[s.pos : s.pos+keep]); err != nil {
			return err
		}
		s.pos += keep
		if i >= 0 {
			return nil
		}
		if !s.fill() {
			return s.cutShort()
		}
	}
}

func (s *scanner) check(raw []byte) error {
	for len(raw) > 0 {
		if raw[0] == '\n' {
			s.line++
		}
		r, size := utf8.DecodeRune(raw)
		if r == utf8.RuneError && size == 1 {
			return s.fail("bytes that are not UTF-8")
		}
		if !xmlChar(r) {
			return s.fail("a control character (%U)", r)
		}
		raw = raw[size:]
	}
	return nil
}

// pin keeps text that may be overwritten when the buffer moves.
func (s *scanner) pin() {
	if !s.joined {
		s.decoded = append(s.decoded, s.text...)
		s.text, s.joined = s.decoded, true
	}
}

func (s *scanner) cdata() error {
	s.pin()
	s.pos += len("<![CDATA[")
	n, err := s.find("]]>", 0, "text")
	if err != nil {
		return err
	}
	raw := s.buf[s.pos : s.pos+n]
	if err := s.check(raw); err != nil {
		return err
	}
	raw = bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	s.decoded = append(s.decoded, raw...)
	s.text = s.decoded
	s.pos += n + 3
	return s.lengthOK()
}

func (s *scanner) instruction() error {
	s.pin()
	n, err := s.find("?>", 2, "processing instruction")
	if err != nil {
		return err
	}
	body := s.buf[s.pos+2 : s.pos+n]
	target := body
	if i := bytes.IndexAny(body, " \t\r\n"); i >= 0 {
		target = body[:i]
	}
	if !validName(target) {
		return s.fail("a processing instruction without a name")
	}
	if strings.EqualFold(string(target), "xml") {
		return s.fail("an XML declaration that is not at the start of the file")
	}
	if err := s.check(body); err != nil {
		return err
	}
	s.pos += n + 2
	return nil
}

func (s *scanner) endTag() error {
	n, err := s.find(">", 2, "tag")
	if err != nil {
		return err
	}
	name := bytes.TrimRight(s.buf[s.pos+2:s.pos+n], " \t\r\n")
	if !validName(name) {
		return s.fail("a closing tag without a proper name")
	}
	s.name, s.ended = append(s.name[:0], name...), false
	s.line += bytes.Count(s.buf[s.pos:s.pos+n], []byte{'\n'})
	s.pos += n + 1
	return nil
}

func (s *scanner) startTag() error {
	n, err := s.tagEnd()
	if err != nil {
		return err
	}
	tag := s.buf[s.pos+1 : s.pos+n]
	if s.ended = len(tag) > 0 && tag[len(tag)-1] == '/'; s.ended {
		tag = tag[:len(tag)-1]
	}
	name, attrs := tag, []byte(nil)
	if i := bytes.IndexAny(tag, " \t\r\n"); i >= 0 {
		name, attrs = tag[:i], tag[i:]
	}
	if !validName(name) {
		return s.fail("not XML: < is not followed by a proper name")
	}
	s.name = append(s.name[:0], name...)
	s.attrs = append(s.attrs[:0], attrs...)
	s.line += bytes.Count(s.buf[s.pos:s.pos+n], []byte{'\n'})
	s.pos += n + 1
	return nil
}

// tagEnd is the offset of the > that is outside quotes.
func (s *scanner) tagEnd() (int, error) {
	n, err := s.find(">", 1, "tag")
	if err != nil || !bytes.ContainsAny(s.buf[s.pos:s.pos+n], `"'`) {
		return n, err
	}
	quote := byte(0)
	for i := 1; ; i++ {
		if i > maxToken {
			return 0, s.fail("tag longer than %d bytes", maxToken)
		}
		if i >= s.end-s.pos && !s.fill() {
			return 0, s.cutShort()
		}
		switch c := s.buf[s.pos+i]; {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == '>':
			return i, nil
		}
	}
}

// attributes parses the attributes of the tag just read.
func (s *scanner) attributes() (map[string]string, error) {
	out := map[string]string{}
	rest := s.attrs
	for {
		trimmed := bytes.TrimLeft(rest, " \t\r\n")
		if len(trimmed) == 0 {
			return out, nil
		}
		if len(trimmed) == len(rest) {
			return nil, s.fail("attributes that are not parted by a space")
		}
		name, value, ok := bytes.Cut(trimmed, []byte{'='})
		name, value = bytes.TrimRight(name, " \t\r\n"), bytes.TrimLeft(value, " \t\r\n")
		if !ok || !validName(name) || len(value) < 2 || (value[0] != '"' && value[0] != '\'') {
			return nil, s.fail("an attribute that is not written name=\"value\"")
		}
		end := bytes.IndexByte(value[1:], value[0])
		if end < 0 {
			return nil, s.fail("an attribute without its closing quote")
		}
		if _, twice := out[string(name)]; twice {
			return nil, s.fail("attribute %s stands twice", name)
		}
		text, err := s.attributeText(value[1 : 1+end])
		if err != nil {
			return nil, err
		}
		out[string(name)], rest = text, value[end+2:]
	}
}

func (s *scanner) attributeText(raw []byte) (string, error) {
	var b strings.Builder
	for len(raw) > 0 {
		if raw[0] == '<' {
			return "", s.fail("< stands in an attribute")
		}
		if raw[0] == '&' {
			r, size, err := s.reference(raw)
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
			raw = raw[size:]
			continue
		}
		r, size := utf8.DecodeRune(raw)
		if (r == utf8.RuneError && size == 1) || !xmlChar(r) {
			return "", s.fail("an attribute with bytes that are not text")
		}
		b.Write(raw[:size])
		raw = raw[size:]
	}
	return b.String(), nil
}

// validName takes the names these files can have: ASCII, at most one colon inside.
func validName(name []byte) bool {
	colons := 0
	for i, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		case i > 0 && (c >= '0' && c <= '9' || c == '-' || c == '.') && name[i-1] != ':':
		case c == ':' && i > 0 && i < len(name)-1:
			colons++
		default:
			return false
		}
	}
	return len(name) > 0 && len(name) <= 200 && colons <= 1
}

// printable cuts and escapes a piece of a foreign file for an error's words.
func printable(s string) string {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	q := fmt.Sprintf("%q", s)
	return q[1 : len(q)-1]
}
