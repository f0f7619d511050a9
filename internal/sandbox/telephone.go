package sandbox

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"marque/internal/tape"
)

// AppCode is what a person's authenticator app shows at a moment, for a key in
// base32 (RFC 6238, six digits, 30 seconds); empty for what is no key.
func AppCode(key string, at time.Time) string {
	code, err := totp.GenerateCode(key, at)
	if err != nil {
		return ""
	}
	return code
}

// FarAddress is an address on the internet that is nobody's, far from all towns.
const FarAddress = "203.0.113.77"

// coordinates are the middle of each state in thousandths of a degree, north and
// east.
var coordinates = map[string][2]int{
	"FL": {27_800, -81_700}, "TX": {31_000, -99_300}, "CA": {36_800, -119_400}, "IL": {40_000, -89_200}, "AL": {32_800, -86_800},
	"KY": {37_500, -85_300}, "AZ": {34_300, -111_700}, "MO": {38_400, -92_500}, "WI": {44_600, -89_900}, "MD": {39_000, -76_700},
	"LA": {31_000, -92_000}, "MN": {46_300, -94_300}, "NV": {39_300, -116_600}, "WA": {47_400, -120_500},
}

// eachTown gives every town a network of sixteen addresses out of those that are
// kept for documentation (RFC 5737).
func eachTown(do func(t town, network string, first int)) {
	n := 0
	for _, p := range places {
		for _, t := range p.towns {
			network := "192.0.2."
			if n >= 16 {
				network = "198.51.100."
			}
			do(t, network, n%16*16)
			n++
		}
	}
}

// PlacesTable says where the sandbox's addresses are, in the form that
// identity.ReadPlaces reads.
func PlacesTable() string {
	var b strings.Builder
	b.WriteString("prefix,latitude,longitude,name\n")
	eachTown(func(t town, network string, first int) {
		at := coordinates[t.state]
		fmt.Fprintf(&b, "%s%d/28,%s,%s,\"%s, %s\"\n", network, first, degrees(at[0]), degrees(at[1]), t.name, t.state)
	})
	fmt.Fprintf(&b, "203.0.113.0/24,64.1,-21.9,\"Reykjavik, Iceland\"\n")
	return b.String()
}

func degrees(thousandths int) string {
	sign := ""
	if thousandths < 0 {
		sign, thousandths = "-", -thousandths
	}
	return fmt.Sprintf("%s%d.%03d", sign, thousandths/1000, thousandths%1000)
}

// AddressOf is a person's address on the internet, at home.
func AddressOf(p tape.Person) (ip string) {
	h := fnv.New32a()
	h.Write([]byte(p.Street))
	ip = "192.0.2.1"
	eachTown(func(t town, network string, first int) {
		if t.name == p.City && t.state == p.State {
			ip = fmt.Sprintf("%s%d", network, first+1+int(h.Sum32()%14))
		}
	})
	return ip
}
