package store

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Keys encrypt personal data, make the keyed hashes it is looked up by, and
// pepper passwords. They live outside the database; without them its personal
// fields cannot be read.
//
// There may be several field keys: one encrypts, all decrypt. A key file that
// another process has changed is read again before the next value is encrypted,
// and when a value needs a key that is not known yet. One that is gone, or is
// another company's, leaves the keys as they were.
type Keys struct {
	path string
	now  atomic.Pointer[keyring]
	read sync.Mutex
}

// keyring is what a key file holds.
type keyring struct {
	fields  tink.AEAD
	primary KeyID
	ids     []KeyID // oldest first
	lookup  []byte
	pepper  []byte
	stamp   stamp
}

// stamp tells one state of a file from another. Two changes may fall within one
// tick of the file system's clock and have one length; each is another file that
// was renamed into the place.
type stamp struct{ os.FileInfo }

func (s stamp) is(other os.FileInfo) bool {
	return os.SameFile(s.FileInfo, other) && s.ModTime().Equal(other.ModTime()) && s.Size() == other.Size()
}

// KeyID is a field key's number. It stands in clear before each ciphertext.
type KeyID uint32

func (id KeyID) String() string { return fmt.Sprintf("%08x", uint32(id)) }

// keyFile is the form on disk: a Tink keyset, a key for hashes and one for
// passwords.
type keyFile struct {
	Fields json.RawMessage `json:"fields"`
	Lookup []byte          `json:"lookup"`
	Pepper []byte          `json:"pepper"`
}

// ErrKeysOpen says that others may read the key file.
var ErrKeysOpen = errors.New("others than its owner may read it: make it readable by its owner only (chmod 600)")

// LoadKeys reads the key file. When there is none it makes one, readable by its
// owner only; one that others may read is refused.
func LoadKeys(path string) (*Keys, error) {
	r, err := readKeys(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeKeys(path); err == nil {
			r, err = readKeys(path)
		}
	}
	if err != nil {
		return nil, err
	}
	k := &Keys{path: path}
	k.now.Store(r)
	return k, nil
}

func readKeys(path string) (*keyring, error) {
	f, h, st, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	r := &keyring{lookup: f.Lookup, pepper: f.Pepper, stamp: st}
	if r.fields, err = aead.New(h); err != nil {
		return nil, fmt.Errorf("read keys %s: %w", path, err)
	}
	info := h.KeysetInfo()
	r.primary = KeyID(info.GetPrimaryKeyId())
	for _, k := range info.GetKeyInfo() {
		r.ids = append(r.ids, KeyID(k.GetKeyId()))
	}
	return r, nil
}

func readKeyFile(path string) (f keyFile, h *keyset.Handle, st stamp, err error) {
	wrong := func(err error) (keyFile, *keyset.Handle, stamp, error) {
		return f, nil, st, fmt.Errorf("read keys %s: %w", path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return wrong(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return wrong(ErrKeysOpen)
	}
	st = stamp{info}
	b, err := os.ReadFile(path)
	if err != nil {
		return wrong(err)
	}
	if err := json.Unmarshal(b, &f); err != nil {
		return wrong(err)
	}
	if len(f.Lookup) < 32 || len(f.Pepper) < 32 {
		return wrong(errors.New("the lookup key or the pepper is missing or short"))
	}
	if h, err = insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(f.Fields))); err != nil {
		return wrong(err)
	}
	return f, h, st, nil
}

// makeKeys makes a new key file.
func makeKeys(path string) error {
	f := keyFile{Lookup: make([]byte, 32), Pepper: make([]byte, 32)}
	rand.Read(f.Lookup)
	rand.Read(f.Pepper)
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	// Written once and only where nothing is: two processes that start at once must
	// not each make their own.
	if err := f.write(path, h); err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	return nil
}

// write writes a key file where there is none.
func (f keyFile) write(path string, h *keyset.Handle) error {
	var set bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&set)); err != nil {
		return err
	}
	f.Fields = set.Bytes()
	b, err := json.Marshal(f)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(b)
	return errors.Join(err, out.Sync(), out.Close())
}

// fresh is the keyring as the file now has it.
func (k *Keys) fresh() *keyring {
	r := k.now.Load()
	info, err := os.Stat(k.path)
	if err != nil || r.stamp.is(info) {
		return r
	}
	return k.reload()
}

func (k *Keys) reload() *keyring {
	k.read.Lock()
	defer k.read.Unlock()
	was := k.now.Load()
	r, err := readKeys(k.path)
	if err != nil || !hmac.Equal(r.lookup, was.lookup) {
		return was
	}
	k.now.Store(r)
	return r
}

// Seal encrypts a field for its place.
func (k *Keys) Seal(plain, place string) (string, error) {
	if plain == "" {
		return "", nil
	}
	b, err := k.fresh().fields.Encrypt([]byte(plain), []byte(place))
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
	// One value has one spelling: what is good once must not come back with a line
	// break in it.
	b, err := base64.StdEncoding.Strict().DecodeString(sealed)
	if strings.ContainsAny(sealed, "\r\n") {
		err = errors.New("a line break")
	}
	if err == nil {
		r := k.now.Load()
		if id, ok := keyOf(b); ok && !r.has(id) {
			r = k.reload()
		}
		b, err = r.fields.Decrypt(b, []byte(place))
	}
	if err != nil {
		return "", fmt.Errorf("decrypt %s: %w", place, err)
	}
	return string(b), nil
}

func (r *keyring) has(id KeyID) bool {
	for _, known := range r.ids {
		if known == id {
			return true
		}
	}
	return false
}

// keyOf is the number of the key that a ciphertext was made with: Tink writes it
// behind a first byte of 1.
func keyOf(b []byte) (KeyID, bool) {
	if len(b) < 5 || b[0] != 1 {
		return 0, false
	}
	return KeyID(binary.BigEndian.Uint32(b[1:])), true
}

// Hash is the keyed hash of a value for one purpose, hexadecimal.
func (k *Keys) Hash(purpose, value string) string {
	m := hmac.New(sha256.New, k.now.Load().lookup)
	m.Write([]byte(purpose))
	m.Write([]byte{0})
	m.Write([]byte(value))
	return hex.EncodeToString(m.Sum(nil))
}

// Pepper is the key that passwords are hashed under before anything else is done
// with them. It is not in the database.
func (k *Keys) Pepper() []byte { return k.now.Load().pepper }

// NewID makes an id that sorts by age.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

func fsSub(f fs.FS) (fs.FS, error) { return fs.Sub(f, "schema") }
