package ach

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The reader of this file is made from the published record layout alone (Nacha
// Operating Rules, appendix three) and uses nothing of the package: fixed
// columns, counted from 1, of the file header (1), batch header (5), entry (6),
// addenda (7), batch control (8) and file control (9).

type span struct{ from, to int }

func (s span) of(line string) string { return line[s.from-1 : s.to] }

var columnsOf = struct {
	addendaType, addendaSequence, addendaEntry           span
	service, companyID, sec, odfi, batch                 span
	code, rdfi, account, amount, indicator, trace        span
	controlCompany, count, hash, debit, credit           span
	batches, blocks, allCount, allHash, allDebit, allCre span
}{
	span{2, 3}, span{84, 87}, span{88, 94},
	span{2, 4}, span{41, 50}, span{51, 53}, span{80, 87}, span{88, 94},
	span{2, 3}, span{4, 12}, span{13, 29}, span{30, 39}, span{79, 79}, span{80, 94},
	span{45, 54}, span{5, 10}, span{11, 20}, span{21, 32}, span{33, 44},
	span{2, 7}, span{8, 13}, span{14, 21}, span{22, 31}, span{32, 43}, span{44, 55},
}

func plain(s string) (n int64, ok bool) {
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, s != ""
}

type sums struct{ count, hash, debit, credit int64 }

// byTheLayout gives what is wrong with a file, and how many entries it has.
func byTheLayout(file string) (faults []string, entries int) {
	at := 0
	wrong := func(why string) { faults = append(faults, "line "+strconv.Itoa(at)+": "+why) }
	number := func(s string) int64 {
		n, ok := plain(s)
		if !ok {
			wrong("not digits: " + s)
		}
		return n
	}
	if !strings.HasSuffix(file, "\n") {
		wrong("no end of the last line")
	}
	lines := strings.Split(strings.TrimSuffix(file, "\n"), "\n")
	if len(lines)%10 != 0 {
		wrong("not whole blocks of ten lines")
	}
	var batch, all sums
	var head, trace, order, lastBatch string
	var addenda, batches, announced int64
	for i, line := range lines {
		at = i + 1
		if len(line) != 94 {
			wrong("not 94 columns")
			return faults, entries
		}
		for _, c := range []byte(line) {
			if c < 0x20 || c > 0x7e {
				wrong("not printable ASCII")
			}
		}
		if strings.HasSuffix(order, "9") {
			if line != strings.Repeat("9", 94) {
				wrong("not a line of nines")
			}
			continue
		}
		if head == "" && line[0] >= '6' && line[0] <= '8' {
			wrong("no batch header")
			return faults, entries
		}
		if line[0] != '7' && addenda != announced {
			wrong("addenda announced and there")
		}
		switch line[0] {
		case '1':
			if i != 0 || line[1:3] != "01" || line[34:40] != "094101" {
				wrong("file header")
			}
		case '5':
			head, trace, batch = line, "", sums{}
			if n := columnsOf.batch.of(line); n <= lastBatch {
				wrong("batch numbers do not ascend")
			} else {
				lastBatch = n
			}
			batches++
		case '6':
			entries++
			t := columnsOf.trace.of(line)
			if t <= trace || t[:8] != columnsOf.odfi.of(head) {
				wrong("trace numbers")
			}
			trace, addenda, announced = t, 0, 0
			number(t)
			rdfi := columnsOf.rdfi.of(line)
			number(rdfi)
			sum := int64(0)
			for k, weight := range []int64{3, 7, 1, 3, 7, 1, 3, 7, 1} {
				sum += weight * int64(rdfi[k]-'0')
			}
			if sum%10 != 0 {
				wrong("check digit")
			}
			batch.count++
			batch.hash += number(rdfi[:8])
			amount := number(columnsOf.amount.of(line))
			switch code := number(columnsOf.code.of(line)); {
			case code%10 < 5: // 21 to 24, 31 to 34, 41 to 44, 51 to 54: to the receiver
				batch.credit += amount
			default:
				batch.debit += amount
			}
			if columnsOf.indicator.of(line) == "1" {
				announced = 1
			}
			if strings.TrimSpace(columnsOf.account.of(line)) == "" {
				wrong("no account")
			}
		case '7':
			batch.count++
			if addenda++; addenda > 1 && announced > 0 {
				announced = addenda
			}
			if columnsOf.addendaType.of(line) == "05" {
				if number(columnsOf.addendaSequence.of(line)) != addenda || columnsOf.addendaEntry.of(line) != trace[8:] {
					wrong("addenda sequence")
				}
			}
		case '8':
			stated := sums{number(columnsOf.count.of(line)), number(columnsOf.hash.of(line)), number(columnsOf.debit.of(line)), number(columnsOf.credit.of(line))}
			all = sums{all.count + batch.count, all.hash + batch.hash, all.debit + batch.debit, all.credit + batch.credit}
			batch.hash %= 1e10
			if stated != batch {
				wrong("batch totals")
			}
			if columnsOf.service.of(line) != columnsOf.service.of(head) || columnsOf.controlCompany.of(line) != columnsOf.companyID.of(head) ||
				columnsOf.odfi.of(line) != columnsOf.odfi.of(head) || columnsOf.batch.of(line) != columnsOf.batch.of(head) {
				wrong("batch control is of another batch")
			}
			addenda, announced = 0, 0
		case '9':
			stated := sums{number(columnsOf.allCount.of(line)), number(columnsOf.allHash.of(line)), number(columnsOf.allDebit.of(line)), number(columnsOf.allCre.of(line))}
			all.hash %= 1e10
			if stated != all || number(columnsOf.batches.of(line)) != batches || number(columnsOf.blocks.of(line)) != int64(len(lines)/10) {
				wrong("file totals")
			}
		default:
			wrong("record type")
		}
		if !strings.Contains(map[byte]string{'1': "-", '5': "18", '6': "567", '7': "67", '8': "67", '9': "18"}[line[0]], lastOf(order)) {
			wrong("record out of order after " + order)
		}
		order += string(line[0])
		order = order[max(0, len(order)-3):]
	}
	if !strings.HasSuffix(order, "9") {
		wrong("no file control")
	}
	return faults, entries
}

func lastOf(s string) string {
	if s == "" {
		return "-"
	}
	return s[len(s)-1:]
}

func TestAReaderMadeFromTheLayoutAloneAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := fileOf(t)
		want := 0
		for i := range f.Batches {
			want += len(f.Batches[i].Entries)
		}
		var out bytes.Buffer
		if err := Write(&out, f); err != nil {
			t.Fatal(err)
		}
		if faults, n := byTheLayout(out.String()); len(faults) > 0 || n != want {
			t.Fatalf("%d entries of %d, %v\n%s", n, want, faults, out.String())
		}
	})
	var out bytes.Buffer
	if _, err := stream(&out, many(100_000)); err != nil {
		t.Fatal(err)
	}
	if faults, n := byTheLayout(out.String()); len(faults) > 0 || n != 100_000 {
		t.Fatalf("%d entries, %v", n, faults)
	}
}

// The reader is no rubber stamp: it sees what the package's own sees.
func TestTheReaderMadeFromTheLayoutSeesFaults(t *testing.T) {
	good := writeAndReadBack(t, autopay(), false)
	for _, change := range [][2]string{
		{"0000042137L", "0000042138L"}, {"62723138010400123", "62723138010500123"}, {"S 1121042880000002", "S 1121042880000001"},
		{"00010000002\n", "00020000002\n"}, {"8225000003", "8225000004"}, {"9000001000001", "9000001000002"}, {"094101", "094102"},
		{"R 0121", "R 1121"}, {"JORDAN", "JORD\x01N"}, {"8225000003", "8220000003"},
		{strings.Repeat("9", 94) + "\n", ""},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("nothing to change: %q", change[0])
		}
		if faults, _ := byTheLayout(bad); len(faults) == 0 {
			t.Errorf("%q to %q was not seen", change[0], change[1])
		}
	}
}
