package pdf

// The lengths of the codes, in base 16: of the 256 bytes, the end and the 29
// lengths of matches, then of the 30 distances. They were reckoned by Huffman's
// method from what some twenty papers have, and from the typeface.
const (
	contentCodes = "" +
		"36ddd9bddb7ddd98c8888889899bbddd6b9aa9a989abb7586566666667bdad9dda787878888ca78878b878899a9a9cdd" +
		"dbdbab9adabdaadddd9daadadddddcdbdddddddddddddddddddddcdddddddddadddddddbdddadddcdbdddcddbddddddd" +
		"ddddddddddddddddcddddddddcddddddddddddddddddddddddddddddddddddddbf34545666777688988a9baefffeeed8" +
		"db8876565444444434444557b9bc"
	objectCodes = "" +
		"8fffffffffbfffffffffffffffffffff4fffcfff99fca9965555555555cf8f8ff9888b9a99c9a9a98d888a9abeb8f9fc" +
		"f7988698a7fb89778b7778cab9efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
		"fffffffffffffffffffffffffffffffffdfffffffdfffdfffffdffffffffffddcf3445766766857a879aabecdcfffebc" +
		"c6a4676644444544444546476789"
	fontCodes = "" +
		"355666678998898997887788999999899787887789999989998787888999898978998888888989898898898998998888" +
		"88898989899889998998899989899998899999899a998999899a9a99999a999999999a9999a9999a9aa9899a9a9aaa99" +
		"8aaa9aaa9aaa9aaaaa89aa999aab9aaa9aaa9a9a999a9aaa99aaaaaa99988767df55778898aab9acbbdeeeefffffff8a" +
		"b6766646464544444444455569cc"
)
