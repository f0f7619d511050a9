package pdf_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A small reader of the files this package writes. It shares no code with the
// writer and refuses what it does not know.

type (
	name     string
	operator string
	ref      int
	dict     map[string]any
	array    []any
)

type stream struct {
	dict dict
	data []byte
}

type scanner struct {
	b  []byte
	at int
}

func (s *scanner) space() {
	for s.at < len(s.b) && strings.IndexByte(" \n\r\t\x00\f", s.b[s.at]) >= 0 {
		s.at++
	}
}

func (s *scanner) has(prefix string) bool {
	if bytes.HasPrefix(s.b[s.at:], []byte(prefix)) {
		s.at += len(prefix)
		return true
	}
	return false
}

const delimiters = " \n\r\t\x00\f()<>[]{}/%"

func (s *scanner) word() string {
	from := s.at
	for s.at < len(s.b) && strings.IndexByte(delimiters, s.b[s.at]) < 0 {
		s.at++
	}
	return string(s.b[from:s.at])
}

// object reads the next object or operator; io.EOF after the last.
func (s *scanner) object() (any, error) {
	s.space()
	switch {
	case s.at >= len(s.b):
		return nil, io.EOF
	case s.has("<<"):
		return s.dict()
	case s.has("["):
		out := array{}
		for {
			s.space()
			if s.has("]") {
				return out, nil
			}
			v, err := s.object()
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
	case s.has("("):
		return s.string()
	case s.has("<"):
		hex := s.word()
		if !s.has(">") || len(hex)%2 != 0 {
			return nil, fmt.Errorf("hexadecimal string %q", hex)
		}
		out := make([]byte, len(hex)/2)
		_, err := fmt.Sscanf(hex, "%x", &out)
		return string(out), err
	case s.has("/"):
		return name(s.word()), nil
	}
	w := s.word()
	if w == "" {
		return nil, fmt.Errorf("%q at %d", s.b[s.at], s.at)
	}
	if w[0] != '-' && w[0] != '.' && (w[0] < '0' || w[0] > '9') {
		return operator(w), nil
	}
	if n, err := strconv.Atoi(w); err == nil {
		was := s.at
		if s.has(" 0 R") {
			return ref(n), nil
		}
		s.at = was
	}
	return strconv.ParseFloat(w, 64)
}

func (s *scanner) dict() (any, error) {
	out := dict{}
	for {
		s.space()
		if s.has(">>") {
			return out, nil
		}
		k, err := s.object()
		if err != nil {
			return nil, err
		}
		key, is := k.(name)
		if _, twice := out[string(key)]; !is || twice {
			return nil, fmt.Errorf("key %v", k)
		}
		if out[string(key)], err = s.object(); err != nil {
			return nil, err
		}
	}
}

func (s *scanner) string() (any, error) {
	var out []byte
	for depth := 1; s.at < len(s.b); {
		c := s.b[s.at]
		s.at++
		switch c {
		case '\\':
			switch c = s.b[s.at]; c {
			case 'r':
				c = '\r'
			case '(', ')', '\\':
			default:
				return nil, fmt.Errorf("escape %q", c)
			}
			s.at++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return string(out), nil
			}
		case '\r':
			return nil, errors.New("a bare carriage return in a string")
		}
		out = append(out, c)
	}
	return nil, io.ErrUnexpectedEOF
}

// reader is a file with all its objects.
type reader struct {
	objects map[int]any
	trailer dict
}

func read(file []byte) (*reader, error) {
	r := &reader{objects: make(map[int]any)}
	end := bytes.LastIndex(file, []byte("startxref\n"))
	if end < 0 || !bytes.HasPrefix(file, []byte("%PDF-1.7\n%")) || !bytes.HasSuffix(file, []byte("\n%%EOF\n")) {
		return nil, errors.New("no head or no end")
	}
	at, err := strconv.Atoi(strings.TrimSuffix(string(file[end+10:]), "\n%%EOF\n"))
	if err != nil {
		return nil, err
	}
	_, x, err := direct(file, at)
	if err != nil {
		return nil, err
	}
	table := x.(stream)
	r.trailer = table.dict
	var packed *stream
	var inside []int
	for i := range len(table.data) / 8 {
		e := table.data[8*i:]
		at := int(binary.BigEndian.Uint32(e[1:]))
		switch e[0] {
		case 1:
			number, v, err := direct(file, at)
			if err != nil || number != i {
				return nil, fmt.Errorf("object %d at %d: %d, %w", i, at, number, err)
			}
			r.objects[i] = v
			if s, is := v.(stream); is && s.dict["Type"] == name("ObjStm") {
				packed = &s
			}
		case 2:
			inside = append(inside, i)
		}
	}
	head := scanner{b: packed.data}
	if n := packed.dict["N"].(float64); int(n) != len(inside) {
		return nil, fmt.Errorf("%v objects in the stream, %d in the table", n, len(inside))
	}
	for i := range inside {
		n, err1 := head.object()
		at, err2 := head.object()
		body := scanner{b: packed.data, at: int(packed.dict["First"].(float64)) + int(at.(float64))}
		v, err3 := body.object()
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("packed object %d: %w", i, err)
		}
		if e := table.data[8*int(n.(float64)):]; e[0] != 2 || int(e[5])<<16|int(e[6])<<8|int(e[7]) != i {
			return nil, fmt.Errorf("packed object %v is not at %d", n, i)
		}
		r.objects[int(n.(float64))] = v
	}
	return r, nil
}

// direct reads an object that stands in the file itself.
func direct(file []byte, at int) (int, any, error) {
	s := scanner{b: file, at: at}
	n, err := s.object()
	if err != nil || !s.has(" 0 obj\n") {
		return 0, nil, fmt.Errorf("no object at %d", at)
	}
	v, err := s.object()
	if err != nil {
		return 0, nil, err
	}
	d, is := v.(dict)
	if !is || !s.has("\nstream\n") {
		return 0, nil, fmt.Errorf("object %v is no stream", n)
	}
	data := file[s.at : s.at+int(d["Length"].(float64))]
	s.at += len(data)
	if !s.has("\nendstream\nendobj\n") {
		return 0, nil, fmt.Errorf("object %v is longer than it says", n)
	}
	if d["Filter"] == name("FlateDecode") {
		z, err := zlib.NewReader(bytes.NewReader(data))
		if err != nil {
			return 0, nil, err
		}
		if data, err = io.ReadAll(z); err != nil {
			return 0, nil, err
		}
	}
	return int(n.(float64)), stream{d, data}, nil
}

func (r *reader) get(v any) any {
	if n, is := v.(ref); is {
		return r.objects[int(n)]
	}
	return v
}

func (r *reader) dict(v any) dict {
	switch v := r.get(v).(type) {
	case dict:
		return v
	case stream:
		return v.dict
	}
	return dict{}
}

func (r *reader) catalog() dict { return r.dict(r.trailer["Root"]) }
