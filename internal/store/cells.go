package store

import (
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strconv"
)

// row is what a read gives: database/sql's, or cells.
type row interface{ Scan(dest ...any) error }

// cells is a row that was read for somebody else: each a text, as bytes or as a
// string, an int64, or nil.
type cells []any

// Scan reads as database/sql does.
func (c cells) Scan(dest ...any) error {
	if len(dest) != len(c) {
		return fmt.Errorf("scan %d columns into %d", len(c), len(dest))
	}
	for i, d := range dest {
		if err := read(d, c[i]); err != nil {
			return fmt.Errorf("scan column %d: %w", i, err)
		}
	}
	return nil
}

func read(dest, cell any) error {
	if s, ok := dest.(sql.Scanner); ok {
		return s.Scan(cell)
	}
	switch c := cell.(type) {
	case []byte:
		return readText(dest, c)
	case string:
		return readText(dest, []byte(c))
	case int64:
		return readNumber(reflect.ValueOf(dest).Elem(), c)
	}
	return errors.New("NULL")
}

func readText(dest any, text []byte) error {
	switch d := dest.(type) {
	case *string:
		*d = string(text)
		return nil
	case *[]byte:
		*d = text
		return nil
	}
	v := reflect.ValueOf(dest).Elem()
	if v.Kind() == reflect.String {
		v.SetString(string(text))
		return nil
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return err
	}
	return readNumber(v, n)
}

func readNumber(v reflect.Value, n int64) error {
	switch v.Kind() {
	case reflect.Int, reflect.Int64:
		v.SetInt(n)
	case reflect.Bool:
		v.SetBool(n != 0)
	default:
		return fmt.Errorf("%d into a %s", n, v.Type())
	}
	return nil
}
