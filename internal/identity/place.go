package identity

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Place is roughly where an address on the internet is: a town, not a house.
type Place struct {
	Name     string // as a person reads it: "Dallas, Texas"
	Lat, Lon float64
}

// Places knows where networks are, from a file that the lender supplies. The nil
// *Places knows nothing.
type Places struct {
	at   map[netip.Prefix]Place
	bits []int // the lengths of prefixes there are, longest first; IPv4 counts as 0 to 32
}

// placeFaults is how many faults of a file are told at once.
const placeFaults = 20

// ReadPlaces reads a table of networks: CSV with the columns prefix, latitude,
// longitude and name, a heading of those words or none, lines that begin with #
// passed over. Degrees are decimal, north and east positive. Errors name the line;
// the first twenty are told, and a file with one is not used.
func ReadPlaces(r io.Reader) (*Places, error) {
	p := &Places{at: map[netip.Prefix]Place{}}
	in := csv.NewReader(r)
	in.Comment = '#'
	in.FieldsPerRecord = 4
	in.TrimLeadingSpace = true
	var faults []error
	for first := true; len(faults) < placeFaults; first = false {
		record, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("read places: %w", err))
			if errors.Is(err, csv.ErrFieldCount) {
				continue
			}
			break
		}
		if first && strings.EqualFold(record[0], "prefix") {
			continue
		}
		if err := p.add(record); err != nil {
			line, _ := in.FieldPos(0)
			faults = append(faults, fmt.Errorf("read places: line %d: %w", line, err))
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	slices.SortFunc(p.bits, func(a, b int) int { return b - a })
	return p, nil
}

func (p *Places) add(record []string) error {
	prefix, err := netip.ParsePrefix(record[0])
	if err != nil {
		return fmt.Errorf("prefix %q: %w", record[0], err)
	}
	if prefix != prefix.Masked() || prefix.Addr().Is4In6() {
		return fmt.Errorf("prefix %q: not a network's first address", record[0])
	}
	lat, err := degrees(record[1], 90)
	if err != nil {
		return fmt.Errorf("latitude %q: %w", record[1], err)
	}
	lon, err := degrees(record[2], 180)
	if err != nil {
		return fmt.Errorf("longitude %q: %w", record[2], err)
	}
	name := strings.TrimSpace(record[3])
	if name == "" {
		return fmt.Errorf("prefix %s: no name", prefix)
	}
	if _, twice := p.at[prefix]; twice {
		return fmt.Errorf("prefix %s: given before", prefix)
	}
	p.at[prefix] = Place{Name: name, Lat: lat, Lon: lon}
	if !slices.Contains(p.bits, prefix.Bits()) {
		p.bits = append(p.bits, prefix.Bits())
	}
	return nil
}

func degrees(text string, most float64) (float64, error) {
	d, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(d) || math.Abs(d) > most {
		return 0, fmt.Errorf("not degrees from -%g to %g", most, most)
	}
	return d, nil
}

// Find gives the place of the longest prefix that holds the address.
func (p *Places) Find(a netip.Addr) (Place, bool) {
	if p == nil || !a.IsValid() {
		return Place{}, false
	}
	a = a.Unmap().WithZone("")
	for _, bits := range p.bits {
		prefix, err := a.Prefix(bits)
		if err != nil {
			continue // a prefix longer than this address is not of its kind
		}
		if place, ok := p.at[prefix]; ok {
			return place, true
		}
	}
	return Place{}, false
}

// Kilometres is the distance along the earth's surface, taken for a ball.
func Kilometres(a, b Place) float64 {
	const radius = 6371
	rad := func(d float64) float64 { return d * math.Pi / 180 }
	sinLat, sinLon := math.Sin(rad(b.Lat-a.Lat)/2), math.Sin(rad(b.Lon-a.Lon)/2)
	h := sinLat*sinLat + math.Cos(rad(a.Lat))*math.Cos(rad(b.Lat))*sinLon*sinLon
	return 2 * radius * math.Asin(math.Sqrt(min(h, 1)))
}

// Network is what counts as the same network as an address: its /24, for IPv6 its
// /48, which is what one site is given (RFC 6177). Empty for what is no address.
func Network(ip string) string { return prefixOf(ip, 24, 48) }

// SourceBucket is what attempts are counted by: the address, for IPv6 its /64,
// because one subscriber has all of it. Empty for what is no address.
func SourceBucket(ip string) string { return prefixOf(ip, 32, 64) }

func prefixOf(ip string, v4, v6 int) string {
	a, err := netip.ParseAddr(strings.TrimSpace(ip))
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	bits := v6
	if a.Is4() {
		bits = v4
	}
	prefix, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return prefix.String()
}
