package tape

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"
)

// CheckVIN says what is wrong with a vehicle identification number: seventeen
// characters without I, O and Q, the ninth the check digit of 49 CFR 565.15(c).
// The rule holds for every vehicle made for sale in the United States, wherever
// it was built. Lower case is refused; callers fold it first.
func CheckVIN(vin string) error {
	if len(vin) != 17 {
		return errors.New("a VIN has 17 characters")
	}
	const values = "0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ"
	weights := [17]int{8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2}
	sum := 0
	for i := range 17 {
		v := strings.IndexByte(values, vin[i])
		if v < 0 || vin[i] == '.' {
			return errors.New("a VIN has only digits and capital letters other than I, O and Q")
		}
		sum += v % 10 * weights[i]
	}
	if want := "0123456789X"[sum%11]; vin[8] != want {
		return errors.New("the VIN's check digit (its ninth character) should be " + string(want))
	}
	return nil
}

// Phone reads a phone number of the North American plan (NXX NXX-XXXX, N from 2
// to 9) with the usual punctuation and an optional 1 or +1 before it, and gives
// it in E.164 form.
func Phone(s string) (string, error) {
	bad := errors.New("is not a US phone number like 202-555-0143")
	body, international := strings.CutPrefix(strings.TrimSpace(s), "+")
	var digits []byte
	for i := range len(body) {
		switch c := body[i]; {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
		case strings.IndexByte(" -.()", c) < 0:
			return "", bad
		}
	}
	if len(digits) == 11 && digits[0] == '1' {
		digits = digits[1:]
	} else if international {
		return "", bad
	}
	if len(digits) != 10 || digits[0] < '2' || digits[3] < '2' || (digits[1] == '1' && digits[2] == '1') {
		return "", bad
	}
	return "+1" + string(digits), nil
}

// CheckZIP takes five digits, or five, a hyphen and four.
func CheckZIP(s string) error {
	if _, ok := atoi(s[:min(5, len(s))]); ok && len(s) >= 5 {
		if len(s) == 5 {
			return nil
		}
		if _, ok := atoi(s[6:]); len(s) == 10 && s[5] == '-' && ok {
			return nil
		}
	}
	return errors.New("is not a ZIP code like 33101 or 33101-1234")
}

// SSN reads a Social Security number, nine digits with or without hyphens, or
// its last four, and gives the digits. Numbers that are never issued are
// refused: area 000, 666 or 900 to 999, group 00, serial 0000 (20 CFR 422.103
// and the SSA's numbering rules).
func SSN(s string) (string, error) {
	digits := s
	if len(s) == 11 && s[3] == '-' && s[6] == '-' {
		digits = s[:3] + s[4:6] + s[7:]
	}
	if _, ok := atoi(digits); !ok || (len(digits) != 9 && len(digits) != 4) {
		return "", errors.New("is not nine digits or the last four")
	}
	if strings.HasSuffix(digits, "0000") {
		return "", errors.New("is a number that is never issued")
	}
	if len(digits) == 9 && (digits[:3] == "000" || digits[:3] == "666" || digits[0] == '9' || digits[3:5] == "00") {
		return "", errors.New("is a number that is never issued")
	}
	return digits, nil
}

// CheckEmail says whether a letter could be addressed so: one address, no
// display name, a domain with a dot, at most 254 bytes.
func CheckEmail(s string) error {
	a, err := mail.ParseAddress(s)
	if err == nil && a.Address == s && a.Name == "" && len(s) <= 254 && !strings.ContainsAny(s, " \"<>") {
		domain := s[strings.LastIndexByte(s, '@')+1:]
		if strings.Contains(domain, ".") && !strings.HasSuffix(domain, ".") && !strings.HasPrefix(domain, "[") {
			return nil
		}
	}
	return errors.New("is not an e-mail address")
}

// plainText refuses what cannot be printed.
func plainText(s string) error {
	for _, r := range s {
		if unicode.IsControl(r) || (r != ' ' && !unicode.IsPrint(r)) {
			return errors.New("has characters that cannot be printed")
		}
	}
	return nil
}
