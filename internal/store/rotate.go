package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// FieldKey is one field key of a key file.
type FieldKey struct {
	ID      KeyID
	Primary bool // what is encrypted from now on is encrypted with it
}

// List lists the field keys of the key file, oldest first.
func (k *Keys) List() (out []FieldKey, err error) {
	r, err := readKeys(k.path)
	if err != nil {
		return nil, err
	}
	for _, id := range r.ids {
		out = append(out, FieldKey{id, id == r.primary})
	}
	return out, nil
}

// Rotate adds a field key to the key file and makes it the one that encrypts.
// With prepare it is only added, so that the file can be brought to every machine
// before the first value is encrypted with it; the next rotation then takes the
// key that was prepared. What the file was stays beside it.
func (k *Keys) Rotate(prepare bool) (id KeyID, err error) {
	err = changeKeys(k.path, func(h *keyset.Handle, m *keyset.Manager) (string, error) {
		info := h.KeysetInfo()
		all := info.GetKeyInfo()
		newest := all[len(all)-1].GetKeyId()
		if newest == info.GetPrimaryKeyId() {
			if newest, err = m.Add(aead.AES256GCMKeyTemplate()); err != nil {
				return "", err
			}
		} else if prepare {
			return "", fmt.Errorf("key %s is prepared already", KeyID(newest))
		}
		id = KeyID(newest)
		if prepare {
			return "preparing-" + id.String(), nil
		}
		return "rotating-" + id.String(), m.SetPrimary(newest)
	})
	if err != nil {
		return 0, fmt.Errorf("rotate keys %s: %w", k.path, err)
	}
	return id, nil
}

// Retire takes field keys out of the key file. The caller has made sure that
// nothing is encrypted with them any more. What the file was stays beside it,
// and is to be destroyed when no backup of the database needs it.
func (k *Keys) Retire(ids []KeyID) error {
	err := changeKeys(k.path, func(h *keyset.Handle, m *keyset.Manager) (string, error) {
		for _, old := range h.KeysetInfo().GetKeyInfo() {
			if slices.Contains(ids, KeyID(old.GetKeyId())) {
				if err := m.Delete(old.GetKeyId()); err != nil { // refuses the primary
					return "", err
				}
			}
		}
		return "retiring-" + ids[0].String(), nil
	})
	if err != nil {
		return fmt.Errorf("retire keys %s: %w", k.path, err)
	}
	return nil
}

// changeKeys puts a changed key file in the place of the old one, in one step; a
// copy of the old one stays beside it under a name of what was done.
func changeKeys(path string, change func(*keyset.Handle, *keyset.Manager) (what string, err error)) error {
	// The new file is also the lock: who finds one does nothing.
	next := path + ".new"
	f, h, _, err := readKeyFile(path)
	if err != nil {
		return err
	}
	m := keyset.NewManagerFromHandle(h)
	what, err := change(h, m)
	if err != nil {
		return err
	}
	changed, err := m.Handle()
	if err != nil {
		return err
	}
	if err := f.write(next, changed); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s is there: another change is under way, or was stopped; if none is under way, remove it", next)
		}
		return err
	}
	// Between reading and here another change may have come and gone.
	if again, _, _, err := readKeyFile(path); err != nil || string(again.Fields) != string(f.Fields) {
		return errors.Join(errors.New("the key file has changed meanwhile; try again"), err, os.Remove(next))
	}
	if err := f.write(path+".before-"+what, h); err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return os.Rename(next, path)
}
