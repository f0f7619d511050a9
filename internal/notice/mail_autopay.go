package notice

import "marque/internal/billing"

// What autopay will take, did not take, and when it rests.

var autopayLetters = letters{
	billing.NoticeAutopayComing: {
		en: func(n told) letter {
			rest := []string{"You have the right to this message at least 10 days before. To change, skip or turn off autopay, sign in to our website before that day, or call us."}
			if n.Balance > 0 && n.Balance != n.Amount {
				rest = append([]string{"Your usual amount is " + n.Balance.USD() + "."}, rest...)
			}
			return letter{subject: "Your next autopay payment", reason: "Autopay will take " + n.Amount.USD() + n.on() + n.from() + ".", rest: rest}
		},
		es: func(n told) letter {
			rest := []string{"Usted tiene derecho a recibir este aviso al menos 10 días antes. Para cambiar, omitir o apagar los pagos automáticos, entre a nuestro sitio web antes de ese día o llámenos."}
			if n.Balance > 0 && n.Balance != n.Amount {
				rest = append([]string{"Su monto habitual es " + n.Balance.USD() + "."}, rest...)
			}
			return letter{subject: "Su próximo pago automático", reason: "Su pago automático de " + n.Amount.USD() + " se tomará" + n.on() + n.from() + ".", rest: rest}
		},
	},
	billing.NoticeAutopayNotTaken: {
		en: func(n told) letter {
			return letter{subject: "Autopay did not take this payment", reason: "Autopay did not take " + n.Amount.USD() + n.on() + n.from() + ".", facts: n.due(),
				rest: []string{"It differs from your usual payment, and we did not tell you of it in time. So this payment is yours to make: sign in to our website, or call us.", "Autopay goes on with the next one."}}
		},
		es: func(n told) letter {
			return letter{subject: "No se tomó este pago automático", reason: "Su pago automático de " + n.Amount.USD() + " no se tomó" + n.on() + n.from() + ".", facts: n.due(),
				rest: []string{"Es distinto de su pago habitual y no le avisamos a tiempo. Por eso le toca a usted hacer este pago: entre a nuestro sitio web o llámenos.", "Los pagos automáticos siguen con el próximo."}}
		},
	},
	billing.NoticeAutopayChanged: {
		en: func(n told) letter {
			return letter{subject: "Your autopay dates changed", reason: n.Text, rest: []string{"You changed this on our website. If it was not you, call us."}, alarm: true}
		},
		es: func(n told) letter {
			return letter{subject: "Cambiaron las fechas de sus pagos automáticos", reason: n.Text, rest: []string{"Usted lo cambió en nuestro sitio web. Si no fue usted, llámenos."}, alarm: true}
		},
	},
}
