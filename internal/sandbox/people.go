package sandbox

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"marque/internal/money"
	"marque/internal/tape"
)

var firstNames = []string{
	"Maria", "James", "Aaliyah", "Wei", "Priya", "Miguel", "Olga", "Kwame", "Hannah", "Tyrone", "Sofia", "Daniel", "Nguyet", "Omar", "Grace",
	"Ivan", "Leilani", "Carlos", "Fatima", "Brandon", "Yuki", "Elena", "Marcus", "Anh", "Rosa", "Patrick", "Imani", "Dmitri", "Ana", "Samuel",
	"Kavya", "Luis", "Monique", "Eric", "Zainab", "Theo", "Camila", "Deshawn", "Ingrid", "Ravi", "Nicole", "Hassan", "Joy", "Pedro", "Mei",
	"Walter", "Adaeze", "Julian", "Renée", "Tomás", "Claire", "Jamal", "Noor", "Victor", "Shanice", "Paolo", "Erin", "Sanjay", "Lucía", "Owen",
}

var lastNames = []string{
	"Alvarez", "Okafor", "Lindqvist", "Nguyen", "Patel", "Johnson", "Kowalski", "Rivera", "Chen", "Washington", "Haddad", "Murphy", "Santos", "Petrov",
	"Kim", "Delgado", "Abebe", "Larsen", "Gutierrez", "Williams", "Tanaka", "Moreau", "Singh", "Castillo", "Brooks", "Yilmaz", "Fernandes", "Novak",
	"Jackson", "Mbeki", "Ortiz", "Schneider", "Tran", "Robinson", "Costa", "Ahmed", "Fitzgerald", "Reyes", "Osei", "Park", "Bianchi", "Coleman",
	"Dubois", "Morales", "Sato", "Ivanova", "Peña", "Hughes", "Rahman", "Carter", "Núñez", "Adeyemi", "Walsh", "Vargas", "Kaplan", "Begum",
}

var streets = []string{
	"Larkmoor Way", "Tamber Street", "Quillon Avenue", "Sedgewater Lane", "Old Pellam Road", "Wrenfield Drive", "Cassit Court", "Highmere Street",
	"Brindle Path", "Oarsman Road", "Marrowby Avenue", "Tillet Lane", "Saltgrass Drive", "Fennimore Close", "Copperline Road", "Juniper Reach",
}

// town is invented. The ZIP codes' first three digits lie among the state's own
// and are not in use.
type town struct {
	name, state, zip3 string
	area              string // telephone
}

// place is a state's towns and its share of customers in thousandths: Florida,
// Texas, California and Illinois as measured at Ally 2017-3 (new cars), the rest
// spread over others.
type place struct {
	share int
	towns []town
}

var places = []place{
	{140, []town{{"Port Avela", "FL", "343", "305"}, {"Lake Senna", "FL", "345", "407"}, {"Coral Hatch", "FL", "348", "813"}}},
	{110, []town{{"San Tobar", "TX", "771", "210"}, {"Ridgeline Flats", "TX", "771", "512"}, {"Cotter Springs", "TX", "771", "214"}}},
	{100, []town{{"Alta Ribera", "CA", "909", "310"}, {"Moss Canyon", "CA", "929", "415"}, {"El Verano Bay", "CA", "909", "619"}}},
	{60, []town{{"Prairie Fells", "IL", "621", "312"}, {"West Harlow", "IL", "621", "217"}}},
	{70, []town{{"Pine Orchard", "AL", "353", "205"}, {"Tansy Hill", "AL", "353", "251"}}},
	{70, []town{{"Harrow Ferry", "KY", "428", "502"}, {"Blue Tannery", "KY", "429", "859"}}},
	{70, []town{{"Copper Wells", "AZ", "854", "602"}, {"Mesa Larga", "AZ", "858", "520"}}},
	{60, []town{{"Fort Amory", "MO", "632", "314"}, {"Dunmarrow", "MO", "642", "816"}}},
	{60, []town{{"Kettle Marsh", "WI", "533", "414"}, {"Green Lathe", "WI", "536", "608"}}},
	{60, []town{{"Annet Harbor", "MD", "213", "410"}}},
	{50, []town{{"Bayou Clair", "LA", "702", "504"}, {"Saint Odile", "LA", "709", "225"}}},
	{50, []town{{"North Tarn", "MN", "552", "612"}}},
	{50, []town{{"Silver Drift", "NV", "892", "702"}}},
	{50, []town{{"Orchard Sound", "WA", "987", "206"}}},
}

var mailDomains = []string{"mail.example", "inbox.example", "post.example"}

// SSNs stay at their last four digits: nine would be a number somebody may have.
func (m *maker) person() tape.Person {
	r := m.rand
	p := tape.Person{FirstName: pick(r, firstNames), LastName: pick(r, lastNames)}
	n := r.IntN(1000)
	t := places[0].towns[0]
	for _, pl := range places {
		if n -= pl.share; n < 0 {
			t = pick(r, pl.towns)
			break
		}
	}
	p.City, p.State, p.ZIP = t.name, t.state, fmt.Sprintf("%s%02d", t.zip3, 1+r.IntN(98))
	p.Street = fmt.Sprintf("%d %s", 10+r.IntN(4980), pick(r, streets))
	if r.IntN(4) == 0 {
		p.Street += fmt.Sprintf(", Apt %d", 1+r.IntN(38))
	}
	p.Phone = fmt.Sprintf("+1%s55501%02d", t.area, r.IntN(100))
	p.SSN = fmt.Sprintf("%04d", 1+r.IntN(9998))
	p.BirthDate = m.from - money.Date(22*365+r.IntN(46*365))
	p.Email = m.email(&p)
	return p
}

func (m *maker) email(p *tape.Person) string {
	local := plainLetters(strings.ToLower(p.FirstName + "." + p.LastName))
	if m.mail[local]++; m.mail[local] > 1 {
		local += fmt.Sprint(m.mail[local])
	}
	return local + "@" + pick(m.rand, mailDomains)
}

// together gives a customer's contracts a co-borrower of the same address.
func (m *maker) together(c *Customer) {
	r, p := m.rand, c.Person
	for p.FirstName == c.Person.FirstName {
		p.FirstName = pick(r, firstNames)
	}
	if r.IntN(5) == 0 {
		p.LastName = pick(r, lastNames)
	}
	p.Phone = fmt.Sprintf("%s%02d", p.Phone[:len(p.Phone)-2], r.IntN(100))
	p.SSN = fmt.Sprintf("%04d", 1+r.IntN(9998))
	p.BirthDate = min(p.BirthDate+money.Date(r.IntN(3000)-1500), m.from-22*365)
	p.Email = m.email(&p)
	c.CoBorrower = &p
	for i := range c.Contracts {
		c.Contracts[i].Loan.CoBorrower, c.Contracts[i].Loan.CoBorrowerID = &p, c.Number+"-2"
	}
}

func plainLetters(s string) string {
	return strings.NewReplacer("é", "e", "á", "a", "í", "i", "ñ", "n", "ú", "u").Replace(s)
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// Invented makes and models: no real maker is named in sample data.
var models = []struct{ maker, model, code string }{
	{"Aldon", "Vireo", "AV"}, {"Aldon", "Cassin", "AC"}, {"Aldon", "Merrow", "AM"},
	{"Orvane", "Sela", "VS"}, {"Orvane", "Linnet", "VL"}, {"Orvane", "Tarn 4", "VT"},
	{"Brackwell", "Dray", "BD"}, {"Brackwell", "Stoat", "BS"},
}

func (m *maker) vehicle(year int, isNew bool) tape.Vehicle {
	pickOf := models[m.rand.IntN(len(models))]
	v := tape.Vehicle{Year: year, Make: pickOf.maker, Model: pickOf.model, New: isNew}
	const years = "FGHJKLMNPRSTVWXY" // model years 2015 to 2030
	code := years[min(max(year-2015, 0), len(years)-1)]
	m.serial++
	for _, check := range "0123456789X" {
		// A third character 9 is a maker of few vehicles, named by the twelfth to
		// fourteenth: these are nobody's.
		vin := fmt.Sprintf("5K9%s%03d%c%cM0Z0%03d", pickOf.code, m.serial/1000, check, code, m.serial%1000)
		if tape.CheckVIN(vin) == nil {
			v.VIN = vin
			break
		}
	}
	return v
}
