package pdf

// Canonical composition (Unicode, UAX #15) of the characters that Latin, Greek
// and Cyrillic names are written with. Each row has a combining mark and, by
// twos, a character and what it becomes with the mark.
var compositions = [...]struct {
	mark  rune
	pairs string
}{
	{0x0300, "AÀEÈIÌOÒUÙaàeèiìoòuùÜǛüǜNǸnǹЕЀИЍеѐиѝĒḔēḕŌṐōṑWẀwẁÂẦâầĂẰăằÊỀêề" +
		"ÔỒôồƠỜơờƯỪưừYỲyỳ"},
	{0x0301, "AÁEÉIÍOÓUÚYÝaáeéiíoóuúyýCĆcćLĹlĺNŃnńRŔrŕSŚsśZŹzźÜǗüǘGǴgǵÅǺåǻ" +
		"ÆǼæǽØǾøǿ¨΅ΑΆΕΈΗΉΙΊΟΌΥΎΩΏϊΐαάεέηήιίϋΰοόυύωώϒϓГЃКЌгѓкќÇḈçḉĒḖēḗ" +
		"ÏḮïḯKḰkḱMḾmḿÕṌõṍŌṒōṓPṔpṕŨṸũṹWẂwẃÂẤâấĂẮăắÊẾêếÔỐôốƠỚơớƯỨưứ"},
	{0x0302, "AÂEÊIÎOÔUÛaâeêiîoôuûCĈcĉGĜgĝHĤhĥJĴjĵSŜsŝWŴwŵYŶyŷZẐzẑẠẬạậẸỆẹệ" +
		"ỌỘọộ"},
	{0x0303, "AÃNÑOÕaãnñoõIĨiĩUŨuũVṼvṽÂẪâẫĂẴăẵEẼeẽÊỄêễÔỖôỗƠỠơỡƯỮưữYỸyỹ"},
	{0x0304, "AĀaāEĒeēIĪiīOŌoōUŪuūÜǕüǖÄǞäǟȦǠȧǡÆǢæǣǪǬǫǭÖȪöȫÕȬõȭȮȰȯȱYȲyȳИӢиӣ" +
		"УӮуӯGḠgḡḶḸḷḹṚṜṛṝ"},
	{0x0306, "AĂaăEĔeĕGĞgğIĬiĭOŎoŏUŬuŭУЎИЙийуўЖӁжӂАӐаӑЕӖеӗȨḜȩḝẠẶạặ"},
	{0x0307, "CĊcċEĖeėGĠgġIİZŻzżAȦaȧOȮoȯBḂbḃDḊdḋFḞfḟHḢhḣMṀmṁNṄnṅPṖpṗRṘrṙSṠ" +
		"sṡŚṤśṥŠṦšṧṢṨṣṩTṪtṫWẆwẇXẊxẋYẎyẏſẛ"},
	{0x0308, "AÄEËIÏOÖUÜaäeëiïoöuüyÿYŸΙΪΥΫιϊυϋϒϔЕЁІЇеёіїАӒаӓӘӚәӛЖӜжӝЗӞзӟИӤ" +
		"иӥОӦоӧӨӪөӫЭӬэӭУӰуӱЧӴчӵЫӸыӹHḦhḧÕṎõṏŪṺūṻWẄwẅXẌxẍtẗ"},
	{0x0309, "AẢaảÂẨâẩĂẲăẳEẺeẻÊỂêểIỈiỉOỎoỏÔỔôổƠỞơởUỦuủƯỬưửYỶyỷ"},
	{0x030a, "AÅaåUŮuůwẘyẙ"},
	{0x030b, "OŐoőUŰuűУӲуӳ"},
	{0x030c, "CČcčDĎdďEĚeěLĽlľNŇnňRŘrřSŠsšTŤtťZŽzžAǍaǎIǏiǐOǑoǒUǓuǔÜǙüǚGǦgǧ" +
		"KǨkǩƷǮʒǯjǰHȞhȟ"},
	{0x030f, "AȀaȁEȄeȅIȈiȉOȌoȍRȐrȑUȔuȕ"},
	{0x0311, "AȂaȃEȆeȇIȊiȋOȎoȏRȒrȓUȖuȗ"},
	{0x031b, "OƠoơUƯuư"},
	{0x0323, "BḄbḅDḌdḍHḤhḥKḲkḳLḶlḷMṂmṃNṆnṇRṚrṛSṢsṣTṬtṭVṾvṿWẈwẉZẒzẓAẠaạEẸeẹ" +
		"IỊiịOỌoọƠỢơợUỤuụƯỰưựYỴyỵ"},
	{0x0324, "UṲuṳ"},
	{0x0325, "AḀaḁ"},
	{0x0326, "SȘsșTȚtț"},
	{0x0327, "CÇcçGĢgģKĶkķLĻlļNŅnņRŖrŗSŞsşTŢtţEȨeȩDḐdḑHḨhḩ"},
	{0x0328, "AĄaąEĘeęIĮiįUŲuųOǪoǫ"},
	{0x032d, "DḒdḓEḘeḙLḼlḽNṊnṋTṰtṱUṶuṷ"},
	{0x032e, "HḪhḫ"},
	{0x0330, "EḚeḛIḬiḭUṴuṵ"},
	{0x0331, "BḆbḇDḎdḏKḴkḵLḺlḻNṈnṉRṞrṟTṮtṯZẔzẕhẖ"},
	{0x0338, "=≠"},
}

// pair is a character and the mark that stands with it.
type pair struct{ base, mark rune }

var composed, decomposed = func() (map[pair]rune, map[rune]pair) {
	to, from := make(map[pair]rune), make(map[rune]pair)
	for _, row := range compositions {
		var base rune
		for i, r := range []rune(row.pairs) {
			if i%2 == 0 {
				base = r
				continue
			}
			to[pair{base, row.mark}], from[r] = r, pair{base, row.mark}
		}
	}
	return to, from
}()

// below is the class of marks under a letter.
const below = 220

// combiningClass orders the marks on one letter (U+0300 to U+036F): those of
// the same class stand on the same side of it and keep their order.
func combiningClass(r rune) int {
	switch {
	case r >= 0x334 && r <= 0x338:
		return 1
	case r >= 0x321 && r <= 0x322, r >= 0x327 && r <= 0x328:
		return 202
	case r == 0x31b:
		return 216
	case r >= 0x316 && r <= 0x319, r >= 0x31c && r <= 0x320, r >= 0x323 && r <= 0x326, r >= 0x329 && r <= 0x333, r >= 0x339 && r <= 0x33c, r >= 0x347 && r <= 0x349, r >= 0x34d && r <= 0x34e, r >= 0x353 && r <= 0x356, r >= 0x359 && r <= 0x35a:
		return below
	case r == 0x315, r == 0x31a, r == 0x358:
		return 232
	case r == 0x35c, r == 0x35f, r == 0x362:
		return 233
	case r >= 0x35d && r <= 0x35e, r >= 0x360 && r <= 0x361:
		return 234
	case r == 0x345:
		return 240
	case r == 0x34f:
		return 0
	}
	return 230
}
