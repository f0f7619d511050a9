package servicing

import (
	"context"
	"fmt"
	"strings"

	"marque/internal/identity"
	"marque/internal/store"
)

// RekeyProgress is how far a re-encryption is.
type RekeyProgress = store.RekeyProgress

// FieldKey is a key of the encrypted fields, and how many values use it.
type FieldKey struct {
	ID      string
	Primary bool // encrypts; the others only decrypt
	Next    bool // prepared, and the one that the next rotation takes
	Values  int
}

// FieldKeys lists the keys of the encrypted fields, oldest first.
func (s *Service) FieldKeys(ctx context.Context, actor identity.Actor) (out []FieldKey, err error) {
	if err := system(actor); err != nil {
		return nil, err
	}
	keys, err := s.db.Keys().List()
	if err != nil {
		return nil, err
	}
	use, err := s.db.KeyUse(ctx)
	if err != nil {
		return nil, err
	}
	after := false // the primary
	for _, k := range keys {
		out = append(out, FieldKey{k.ID.String(), k.Primary, after, use[k.ID]})
		after = after || k.Primary
	}
	return out, nil
}

// RotateKeys makes a new key the one that fields are encrypted with; prepare only
// adds it. Values stay readable as they are.
func (s *Service) RotateKeys(ctx context.Context, actor identity.Actor, prepare bool) (id string, err error) {
	if err := system(actor); err != nil {
		return "", err
	}
	made, err := s.db.Keys().Rotate(prepare)
	if err != nil {
		return "", err
	}
	action := "keys_rotated"
	if prepare {
		action = "keys_prepared"
	}
	return made.String(), s.note(ctx, actor, action, made.String())
}

// Rekey encrypts every field that is under an older key anew, while others read
// and write. Stopped at any point it can be run again.
func (s *Service) Rekey(ctx context.Context, actor identity.Actor, progress func(RekeyProgress)) (changed int, err error) {
	if err := system(actor); err != nil {
		return 0, err
	}
	changed, err = s.db.Rekey(ctx, progress)
	if err != nil {
		return changed, err
	}
	return changed, s.note(ctx, actor, "keys_rekeyed", fmt.Sprintf("%d values", changed))
}

// RetireKeys takes the older keys out of the key file, all that nothing uses any
// more. The refusal keys_in_use says which still are, and then none is taken.
func (s *Service) RetireKeys(ctx context.Context, actor identity.Actor) (retired []string, err error) {
	if err := system(actor); err != nil {
		return nil, err
	}
	keys, err := s.db.Keys().List()
	if err != nil {
		return nil, err
	}
	use, err := s.db.KeyUse(ctx)
	if err != nil {
		return nil, err
	}
	var old []store.KeyID
	for _, k := range keys {
		if k.Primary {
			break // what comes after it is prepared
		}
		if n := use[k.ID]; n > 0 {
			return nil, refuse("keys_in_use", "", "%d values are still encrypted with key %s: run marque keys rekey first", n, k.ID)
		}
		old = append(old, k.ID)
		retired = append(retired, k.ID.String())
	}
	if len(old) == 0 {
		return nil, nil
	}
	if err := s.db.Keys().Retire(old); err != nil {
		return nil, err
	}
	return retired, s.note(ctx, actor, "keys_retired", strings.Join(retired, " "))
}

// note writes an audit row of its own.
func (s *Service) note(ctx context.Context, actor identity.Actor, action, detail string) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		tx.Audit(s.clock(), actor.String(), action, "", detail)
		return nil
	})
}
