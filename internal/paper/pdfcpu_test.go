package paper

import (
	"bytes"
	"encoding/json"
	"testing"

	"marque/internal/billing"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
)

// An independent reader of PDF, as strict as it can be, takes every paper in both
// languages.
func TestAnotherReaderTakesEveryPaper(t *testing.T) {
	api.DisableConfigDir()
	conf := model.NewDefaultConfiguration()
	conf.ValidationMode = model.ValidationStrict
	for kind, all := range samples(t) {
		for i, snapshot := range all {
			content, err := json.Marshal(snapshot)
			if err != nil {
				t.Fatal(err)
			}
			for _, language := range []string{billing.English, billing.Spanish} {
				b, err := PDF(kind, language, content)
				if err != nil {
					t.Fatal(err)
				}
				if err := api.Validate(bytes.NewReader(b), conf); err != nil {
					t.Errorf("%s %d in %s: %v", kind, i, language, err)
				}
			}
		}
	}
}
