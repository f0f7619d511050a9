package store

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"crypto/rand"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Keys encrypt personal data and make the keyed hashes it is looked up by. They
// live outside the database; without them its personal fields cannot be read.
type Keys struct {
	fields tink.AEAD
	lookup []byte
}

// keyFile is the form on disk: a Tink keyset and a key for hashes.
type keyFile struct {
	Fields json.RawMessage `json:"fields"`
	Lookup string          `json:"lookup"`
}

// LoadKeys reads the key file. When there is none it makes one, readable by its
// owner only.
func LoadKeys(path string) (*Keys, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newKeys(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	var f keyFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("read keys %s: %w", path, err)
	}
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(f.Fields)))
	if err != nil {
		return nil, fmt.Errorf("read keys %s: %w", path, err)
	}
	lookup, err := base64.StdEncoding.DecodeString(f.Lookup)
	if err != nil || len(lookup) < 32 {
		return nil, fmt.Errorf("read keys %s: the lookup key is missing or short", path)
	}
	a, err := aead.New(h)
	if err != nil {
		return nil, fmt.Errorf("read keys %s: %w", path, err)
	}
	return &Keys{a, lookup}, nil
}

func newKeys(path string) (*Keys, error) {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	var set bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&set)); err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	lookup := make([]byte, 32)
	rand.Read(lookup)
	b, err := json.Marshal(keyFile{set.Bytes(), base64.StdEncoding.EncodeToString(lookup)})
	if err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	// O_EXCL: two processes that start at once must not each make their own.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	return LoadKeys(path)
}

// Seal encrypts a field for its place.
func (k *Keys) Seal(plain, place string) (string, error) {
	if plain == "" {
		return "", nil
	}
	b, err := k.fields.Encrypt([]byte(plain), []byte(place))
	if err != nil {
		return "", fmt.Errorf("encrypt %s: %w", place, err)
	}
	return base64.StdEncoding.EncodeToString(b), nil
}

// Unseal decrypts a field; it fails when the ciphertext belongs elsewhere.
func (k *Keys) Unseal(sealed, place string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	b, err := base64.StdEncoding.DecodeString(sealed)
	if err == nil {
		b, err = k.fields.Decrypt(b, []byte(place))
	}
	if err != nil {
		return "", fmt.Errorf("decrypt %s: %w", place, err)
	}
	return string(b), nil
}

// Hash is the keyed hash of a value for one purpose, hexadecimal.
func (k *Keys) Hash(purpose, value string) string {
	m := hmac.New(sha256.New, k.lookup)
	m.Write([]byte(purpose))
	m.Write([]byte{0})
	m.Write([]byte(value))
	return hex.EncodeToString(m.Sum(nil))
}

// Pepper is the key that passwords are hashed under before anything else is done
// with them. It is not in the database.
func (k *Keys) Pepper() []byte { return []byte(k.Hash("pepper", "")) }

// NewID makes an id that sorts by age.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

func fsSub(f fs.FS) (fs.FS, error) { return fs.Sub(f, "schema") }
