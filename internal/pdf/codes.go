package pdf

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
)
