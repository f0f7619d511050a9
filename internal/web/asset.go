package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// scripts are the enhancements, one file for each purpose; every page works
// without them.
var scripts = []string{"passkey.js", "password.js", "print.js", "session.js"}

// Assets serves the stylesheet, scripts, font and the brand's marks under names
// that hold a hash of their content, so that a browser may keep them for ever.
type Assets struct {
	address map[string]string // name to address
	files   map[string]asset  // by address
}

type asset struct {
	kind        string
	plain, zipd []byte // zipd is nil where compressing gains nothing
}

// newAssets hashes and compresses everything once. The brand's colours go at
// the end of the one stylesheet.
func newAssets(b *Brand) (*Assets, error) {
	a := &Assets{address: map[string]string{}, files: map[string]asset{}}
	font, err := assetFiles.ReadFile("assets/inter.woff2")
	if err != nil {
		return nil, err
	}
	css, err := assetFiles.ReadFile("assets/marque.css")
	if err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name string
		data []byte
	}{{"inter.woff2", font}, {"logo.svg", b.logo}, {"icon.svg", b.icon}} {
		if err := a.add(f.name, f.data); err != nil {
			return nil, err
		}
	}
	for _, name := range scripts {
		js, err := assetFiles.ReadFile("assets/" + name)
		if err != nil {
			return nil, err
		}
		if err := a.add(name, js); err != nil {
			return nil, err
		}
	}
	sheet := strings.Replace(string(css)+b.css(), `url("inter.woff2")`, `url("`+a.address["inter.woff2"]+`")`, 1)
	return a, a.add("marque.css", []byte(sheet))
}

func (a *Assets) add(name string, data []byte) error {
	sum := sha256.Sum256(data)
	ext := path.Ext(name)
	f := asset{kind: mime.TypeByExtension(ext), plain: data}
	if ext == ".js" {
		f.kind = "text/javascript; charset=utf-8" // whatever the machine's table says
	}
	switch ext {
	case ".woff2":
		f.kind = "font/woff2"
	case ".svg", ".css", ".js":
		var z bytes.Buffer
		w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		f.zipd = z.Bytes()
	}
	address := "/assets/" + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	a.address[name], a.files[address] = address, f
	return nil
}

// URL is the hashed address of an asset; an unknown name is an error.
func (a *Assets) URL(name string) (string, error) {
	u, ok := a.address[name]
	if !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return u, nil
}

// ServeHTTP answers /assets/ addresses.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.URL.Path]
	if !ok {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "no such asset", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", f.kind)
	body := f.plain
	if f.zipd != nil {
		h.Set("Vary", "Accept-Encoding")
		if takesGzip(r) {
			h.Set("Content-Encoding", "gzip")
			body = f.zipd
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a reader that went away is not our fault
	}
}

func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, "gzip") {
			q = strings.TrimSpace(q)
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}
