package paper

import (
	_ "embed"
	"fmt"
	"sync"

	"marque/internal/pdf"
)

//go:embed font/inter-regular.ttf
var interRegular []byte

//go:embed font/inter-semibold.ttf
var interSemibold []byte

// faces are the typeface's two weights, read once for all papers.
var faces = sync.OnceValues(func() (out struct{ regular, semibold *pdf.Font }, err error) {
	if out.regular, err = pdf.NewFont(interRegular, "InterMarque-Regular"); err != nil {
		return out, fmt.Errorf("read the regular face: %w", err)
	}
	if out.semibold, err = pdf.NewFont(interSemibold, "InterMarque-SemiBold"); err != nil {
		return out, fmt.Errorf("read the semibold face: %w", err)
	}
	return out, nil
})
