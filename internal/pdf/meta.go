package pdf

import (
	"encoding/binary"
	"math"
	"regexp"
	"strings"
	"sync"
)

// longestText is how many bytes of UTF-16 a text string may have here: a string
// in the file has at most 32,767 (ISO 19005-2, 6.1.13), and each byte may need
// an escape.
const longestText = 16000

// appendText writes a text string: plain if it is ASCII, else UTF-16.
func (d *Doc) appendText(b []byte, s string) []byte {
	s = readable(s)
	plain := true
	for i := range len(s) {
		plain = plain && s[i] < 0x7f
	}
	text := []byte(s)
	if !plain {
		text = utf16BE([]byte{0xfe, 0xff}, s)
	}
	if len(text) > longestText {
		d.fail("write text: %d bytes in one string", len(text))
		return b
	}
	b = append(b, '(')
	for _, c := range text {
		switch c {
		case '(', ')', '\\':
			b = append(b, '\\', c)
		case '\r':
			b = append(b, '\\', 'r')
		default:
			b = append(b, c)
		}
	}
	return append(b, ')')
}

var languageTag = regexp.MustCompile(`^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$`) // RFC 3066

func (d *Doc) language(tag string) {
	if tag != "en-US" && !languageTag.MatchString(tag) {
		d.fail("write document: %q is no language", tag)
	}
}

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

const (
	metadataHead = "<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""` +
		` xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"` +
		` xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"` +
		` xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"` +
		` xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">` + "\n"
	metadataTail = "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>\n" +
		`<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource"><pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>` +
		`<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI><pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>` +
		`<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name>` +
		`<pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category>` +
		`<pdfaProperty:description>Part of ISO 14289 that the document keeps</pdfaProperty:description></rdf:li></rdf:Seq></pdfaSchema:property>` +
		"</rdf:li></rdf:Bag></pdfaExtension:schemas>\n</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>"
)

// metadata is the XMP packet: the same facts as in the information dictionary,
// the two standards that the document keeps, and, because PDF/A asks for it,
// what the property of PDF/UA means.
func (d *Doc) metadata() []byte {
	b := append(make([]byte, 0, len(metadataHead)+len(metadataTail)+1024), metadataHead...)
	fact := func(open, text, end string) {
		if text != "" {
			b = append(append(append(append(b, open...), xmlEscapes.Replace(readable(text))...), end...), '\n')
		}
	}
	fact(`<dc:title><rdf:Alt><rdf:li xml:lang="x-default">`, d.info.Title, "</rdf:li></rdf:Alt></dc:title>")
	fact("<dc:creator><rdf:Seq><rdf:li>", d.info.Author, "</rdf:li></rdf:Seq></dc:creator>")
	fact(`<dc:description><rdf:Alt><rdf:li xml:lang="x-default">`, d.info.Subject, "</rdf:li></rdf:Alt></dc:description>")
	fact("<dc:language><rdf:Bag><rdf:li>", d.info.Language, "</rdf:li></rdf:Bag></dc:language>")
	fact("<pdf:Producer>", d.info.Producer, "</pdf:Producer>")
	when := d.info.Created.UTC().Format("2006-01-02T15:04:05Z")
	fact("<xmp:CreateDate>", when, "</xmp:CreateDate>")
	fact("<xmp:ModifyDate>", when, "</xmp:ModifyDate>")
	return append(b, metadataTail...)
}

// profile is an ICC profile of sRGB (IEC 61966-2-1) as ICC.1:2001-04 has it,
// packed: the primaries adapted to D50 and the tone curve at 256 points.
var profile = sync.OnceValue(func() []byte {
	u32 := binary.BigEndian.AppendUint32
	xyz := func(x, y, z float64) []byte {
		b := append([]byte("XYZ "), 0, 0, 0, 0)
		for _, v := range []float64{x, y, z} {
			b = u32(b, uint32(int32(math.Round(v*65536))))
		}
		return b
	}
	const name = "sRGB IEC61966-2.1"
	desc := u32(append([]byte("desc"), 0, 0, 0, 0), uint32(len(name)+1))
	desc = append(append(desc, name...), make([]byte, 1+4+4+2+1+67)...) // no Unicode and no Macintosh name
	curve := u32(append([]byte("curv"), 0, 0, 0, 0), 256)
	for i := range 256 {
		v := float64(i) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		curve = binary.BigEndian.AppendUint16(curve, uint16(math.Round(v*65535)))
	}
	white := xyz(0.9642, 1, 0.8249)
	tags := []struct {
		sign string
		data []byte
	}{
		{"desc", desc},
		{"cprt", append(append([]byte("text"), 0, 0, 0, 0), "No copyright\x00"...)},
		{"wtpt", white},
		{"rXYZ", xyz(0.43607, 0.22249, 0.01392)},
		{"gXYZ", xyz(0.38515, 0.71687, 0.09708)},
		{"bXYZ", xyz(0.14307, 0.06061, 0.71410)},
		{"rTRC", curve},
		{"gTRC", nil}, // as the red
		{"bTRC", nil},
	}
	table := u32(nil, uint32(len(tags)))
	var data []byte
	start := 128 + 4 + 12*len(tags)
	at, size := 0, 0
	for _, t := range tags {
		if t.data != nil {
			at, size = start+len(data), len(t.data)
			data = append(data, t.data...)
			for len(data)%4 != 0 {
				data = append(data, 0)
			}
		}
		table = u32(u32(append(table, t.sign...), uint32(at)), uint32(size))
	}
	head := make([]byte, 128)
	binary.BigEndian.PutUint32(head, uint32(start+len(data)))
	binary.BigEndian.PutUint32(head[8:], 0x02400000) // version 2.4
	copy(head[12:], "mntrRGB XYZ ")
	copy(head[24:], []byte{0x07, 0xd0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0}) // 2000-01-01, of no meaning
	copy(head[36:], "acsp")
	copy(head[68:], white[8:]) // the illuminant of the connection space, D50
	return fontBook().deflate(nil, append(append(head, table...), data...), new(heads))
})
