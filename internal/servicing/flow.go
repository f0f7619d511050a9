package servicing

import (
	"context"
	"errors"
	"time"

	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// FlowID is the secret by which a browser goes on with a run through sign-in,
// activation or recovery. It is never a session.
type FlowID string

// flowLife is how long a run may take.
const flowLife = 20 * time.Minute

var errFlow = &Refusal{"flow_gone", "", "This took too long or was finished already. Start again."}

// newFlow keeps a new run and gives its secret.
func (s *Service) newFlow(tx *store.Tx, f *store.Flow, life time.Duration) (FlowID, error) {
	id := FlowID(identity.NewToken() + identity.NewToken())
	f.TokenHash, f.State = tx.Keys().Hash("flow", string(id)), "open"
	f.Created, f.Expires = s.clock(), s.clock().Add(life)
	return id, tx.InsertFlow(f)
}

// flow reads a run that is not over.
func (s *Service) flow(tx *store.Tx, id FlowID, kind string) (*store.Flow, error) {
	f, err := tx.Flow(tx.Keys().Hash("flow", string(id)), kind)
	if errors.Is(err, store.ErrNotFound) || err == nil && (f.State == "done" || f.Expires <= s.clock()) {
		return nil, errFlow
	}
	return f, err
}

// readFlow is flow in a transaction of its own.
func (s *Service) readFlow(ctx context.Context, id FlowID, kind string) (f *store.Flow, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		f, err = s.flow(tx, id, kind)
		return err
	})
	return f, err
}

// prove adds to what a run has shown. A run that moved on meanwhile is refused,
// so that one proof is not counted for two.
func prove(tx *store.Tx, f *store.Flow, p identity.Proof) error {
	next := identity.Proofs(f.Proofs).And(p)
	moved, err := tx.ProveFlow(f, string(next), "proven")
	if err == nil && !moved {
		return errFlow
	}
	f.Proofs, f.State = string(next), "proven"
	return err
}

// endFlow finishes a run, once.
func endFlow(tx *store.Tx, f *store.Flow) error {
	ended, err := tx.EndFlow(f.TokenHash)
	if err == nil && !ended {
		return errFlow
	}
	return err
}

// DropExpired deletes what has ended: runs, codes and spent challenges.
func (s *Service) DropExpired(ctx context.Context, actor identity.Actor) error {
	if err := system(actor); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		now := s.clock()
		tx.DropExpired(now.Add(-24 * time.Hour))
		tx.DropCounts(now.Add(-90*24*time.Hour), now)
		return nil
	})
}

// sealed is a secret that a page holds between two steps, so that nothing has to
// be kept for it here: it opens for the same purpose and the same session only,
// and not for long.
type sealed struct {
	Until   money.Instant `json:"until"`
	Content string        `json:"content"`
}
