package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"net/url"
	"strings"
	"unicode"

	"github.com/pquerna/otp/hotp"

	"marque/internal/money"
)

// totpStep is how long one code stands, in seconds (RFC 6238, 4).
const totpStep = 30

// NewTOTPSeed is the secret that an authenticator app shares with us: 160 bits in
// base32 (RFC 4226, 4, R6).
func NewTOTPSeed() string {
	seed := make([]byte, 20)
	if _, err := rand.Read(seed); err != nil {
		panic(err) // the system's randomness is gone; nothing may go on
	}
	return base32.StdEncoding.EncodeToString(seed)
}

// TOTPAddress is what the square code holds that an app reads: the otpauth
// address of the Key URI Format.
func TOTPAddress(issuer, account, seed string) string {
	q := url.Values{"secret": {seed}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	// The colon parts issuer from account, so that neither may have one.
	label := strings.ReplaceAll(issuer, ":", " ") + ":" + strings.ReplaceAll(account, ":", " ")
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + label, RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}
	return u.String()
}

// CheckTOTP checks six digits of an app against the step of now and one step
// either way (RFC 6238, 5.2; ASVS 6.5.5). step is what the caller keeps: a step
// that is not later than last never passes, so that a code works once (NIST SP
// 800-63B-4, 3.1.4). Spaces are ignored. A seed that is not base32 lets nobody in.
func CheckTOTP(seed, code string, now money.Instant, last int64) (step int64, ok bool) {
	code = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, code)
	current := now.Time().Unix() / totpStep
	for s := current - 1; s <= current+1; s++ {
		if s < 0 {
			continue
		}
		want, err := hotp.GenerateCode(seed, uint64(s))
		if err != nil {
			return 0, false
		}
		if subtle.ConstantTimeCompare([]byte(code), []byte(want)) == 1 && s > last && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}
