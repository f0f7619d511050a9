package archive

import (
	"context"
	"fmt"
	"io"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/s3blob" // the scheme s3
	"gocloud.dev/gcerrors"
)

// bucket keeps each file as an object named by its hash.
type bucket struct{ *blob.Bucket }

func openBucket(ctx context.Context, address string) (bucket, error) {
	b, err := blob.OpenBucket(ctx, address)
	return bucket{b}, err
}

// put asks first: most stores bill a write more than a question, and one that
// keeps versions would keep the same twice.
func (b bucket) put(ctx context.Context, hash string, content []byte) error {
	has, err := b.Exists(ctx, hash)
	if err != nil || has {
		return err
	}
	return b.WriteAll(ctx, hash, content, &blob.WriterOptions{ContentType: "application/octet-stream"})
}

// settle has nothing to do: a store that has answered has kept it.
func (bucket) settle([]string) error { return nil }

func (b bucket) open(ctx context.Context, hash string) (io.ReadCloser, error) {
	r, err := b.NewReader(ctx, hash, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fmt.Errorf("missing: %w", ErrDamaged)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (b bucket) close() error { return b.Close() }
