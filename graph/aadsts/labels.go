package aadsts

import "strings"

// A label says which value follows it.
type label uint8

const (
	noLabel      label = iota
	traceLabel         // Trace ID: in the tail of a token error
	requestLabel       // Request Id: on a page and in the portal; the same id
	correlationLabel
	stampLabel   // Timestamp
	createdLabel // createdDateTime of a sign-in from Graph
	dateLabel    // a time only if it says its zone and stands among ids
	foreignLabel // an id of something else
	serviceLabel // the same, and a sign that another service than Entra speaks
)

// field is where the value goes; a foreign id goes nowhere.
func (l label) field() (fieldIndex, bool) {
	switch l {
	case traceLabel, requestLabel:
		return request, true
	case correlationLabel:
		return correlation, true
	case stampLabel, createdLabel, dateLabel:
		return stamp, true
	}
	return 0, false
}

// wants is the kind of item that a label is for.
func (l label) wants() itemKind {
	switch l {
	case stampLabel, createdLabel, dateLabel:
		return timeItem
	}
	return guidItem
}

// A role is what a word says about the number or the address beside it.
type role uint16

const (
	errorCodeRole role = 1 << iota // error code: the number is one
	errorRole                      // error
	codeRole                       // code: weaker, since banks, doors and text messages have codes too
	prefixRole                     // AADSTS
	otherRole                      // line, ticket, phone: the number is something else
	unitRole                       // the number counts something
	linkRole                       // is, was: what follows still belongs to what stood before
	accountRole                    // the address is an account
	forRole                        // the address may be one
	contactRole                    // the address is somebody to turn to
	toRole                         // the same, if the address follows at once
	headerRole                     // the line is a mail header, if a colon follows
	subjectRole                    // what stood before does or suffers something
	noneRole                       // there is no value, which is no damage
)

// A meaning is what a phrase stands for: a label, roles, or both.
type meaning struct {
	label label
	role  role
}

// phrases is what the scanner can read, spelled as people and Microsoft spell
// it; case, accents and what joins the words do not matter. Labels are those
// of facts section 4.2, with the variants of case and grammar that machine
// translation and the portal have.
var phrases = []struct {
	meaning
	text string
}{
	{meaning{label: traceLabel}, "trace id|traceid|rntrace id|ntrace id|trace identifier|x ms ests trace id|" +
		"Ablaufverfolgungs-ID|AblaufverfolgungsID|Ablaufverfolgungskennung|Verfolgungs-ID|" +
		"Id. de seguimiento|Identificador de seguimiento|ID de rastreo|" +
		"ID de suivi|ID de trace|ID de traçage|Identificateur de suivi|Identifiant de suivi|Identifiant de trace|ID du suivi|" +
		"ID traccia|ID di traccia|ID di tracciamento|ID tracciamento|ID analisi|" +
		"ID do rastreamento|ID de rastreamento|ID de rastreio|ID do rastreio|ID de controlo|" +
		"Traceer-ID|TraceerID|Tracerings-ID|Trace-ID|Tracerings id|" +
		"Spårnings-ID|SpårningsID|Sporings-id|" +
		"Nyomkövetési azonosító|Nyomkövetés azonosítója|" +
		"Идентификатор отслеживания|Идентификатор трассировки|ИД трассировки|ИД отслеживания|" +
		"Identyfikator śledzenia|Identyfikator śladu|ID trasování|İzleme Kimliği|Jäljitystunnus|Seurantatunnus|" +
		"トレース ID|トレース識別子|추적 ID|跟踪 ID|追踪 ID|跟踪标识符|追蹤識別碼|追蹤 ID"},
	{meaning{label: requestLabel}, "request id|requestid|request identifier|x ms request id|req id|reqid|" +
		"Anforderungs-ID|AnforderungsID|Anfrage-ID|AnfrageID|Anforderungskennung|" +
		"Id. de solicitud|Id. de la solicitud|Identificador de solicitud|" +
		"ID de demande|ID de la demande|ID de requête|ID de la requête|Identifiant de la demande|" +
		"ID richiesta|ID della richiesta|" +
		"ID da solicitação|ID de solicitação|ID do pedido|ID de pedido|" +
		"Aanvraag-ID|AanvraagID|Id van aanvraag|" +
		"Begärans-ID|Begärande-ID|ID för begäran|Begäran-ID|Begärans id|Anmodnings-id|Forespørsels-ID|" +
		"Kérelemazonosító|Kérés azonosítója|Kérelem azonosítója|Kérésazonosító|" +
		"Идентификатор запроса|ИД запроса|" +
		"Identyfikator żądania|ID požadavku|ID žádosti|İstek Kimliği|Pyynnön tunnus|" +
		"要求 ID|リクエスト ID|要求識別子|요청 ID|请求 ID|要求識別碼|請求識別碼|要求 識別碼"},
	{meaning{label: correlationLabel}, "correlation id|rncorrelation id|ncorrelation id|correlationid|correlation identifier|correlations id|msalcorrelationidkey|corr id|correl id|" +
		"Korrelations-ID|KorrelationsID|Korrelation-ID|Korrelationskennung|" +
		"Id. de correlación|Identificador de correlación|" +
		"ID de corrélation|Identificateur de corrélation|Identifiant de corrélation|" +
		"ID correlazione|ID di correlazione|" +
		"ID de correlação|ID da correlação|" +
		"Correlatie-ID|CorrelatieID|" +
		"Korrelasjons-ID|" +
		"Korrelációazonosító|Korrelációs azonosító|Korreláció azonosítója|" +
		"Идентификатор корреляции|ИД корреляции|" +
		"Identyfikator korelacji|ID korelace|Bağıntı Kimliği|Korrelaatiotunnus|Korrelointitunnus|" +
		"関連付け ID|相関 ID|相関関係 ID|関連付け識別子|상관 관계 ID|상관관계 ID|상관 ID|" +
		"相关 ID|关联 ID|相关性 ID|相關識別碼|相互關聯識別碼|相互關聯 ID|關聯識別碼"},
	{meaning{label: stampLabel}, "timestamp|rntimestamp|ntimestamp|time stamp|timestamp utc|time stamp utc|" +
		"Zeitstempel|" +
		"Marca de tiempo|Marca temporal|Marca de hora|" +
		"Horodatage|Horodateur|" +
		"Timbro data/ora|Data e ora|" +
		"carimbo de hora|Carimbo de data/hora|Carimbo de data e hora|Carimbo de tempo|Carimbo temporal|" +
		"tijdstempel|Tijds tempel|" +
		"Tidsstämpel|Tids stämpel|Tidsstempel|Tidspunkt|" +
		"időbélyegző|Időbélyeg|" +
		"Метка времени|Отметка времени|" +
		"Znacznik czasu|Sygnatura czasowa|Časové razítko|Zaman damgası|Aikaleima|" +
		"タイムスタンプ|タイム スタンプ|타임스탬프|타임 스탬프|时间戳|时间标记|時間戳記|時間戳|時間標記"},
	{meaning{label: createdLabel}, "createdDateTime|created date time"},
	{meaning{label: dateLabel}, "date|date utc|Datum|Fecha|Data|日付|날짜|日期|Дата"},
	{meaning{label: foreignLabel, role: otherRole}, "client request id|x ms client request id|clientrequestid|correlation request id|" +
		"x ms correlation request id|original request id|originalrequestid|parent id|operation id|" +
		"application id|applicationid|app id|appid|client id|clientid|tenant id|tenantid|directory id|resource id|resourceid|" +
		"resource tenant id|home tenant id|service principal id|object id|objectid|user id|userid|session id|sessionid|" +
		"device id|deviceid|device identifier|policy id|policyid|subscription id|conversation id|" +
		"client info|state|nonce|code challenge|redirect uri|unique token identifier|uniquetokenidentifier|token id|" +
		"Anwendungs-ID|App-ID|Mandanten-ID|Benutzer-ID|Ressourcen-ID|Id. de aplicación|ID d’application|ID applicazione|" +
		"ID de aplicativo|ID do aplicativo|Toepassings-ID|Program-ID|アプリケーション ID|テナント ID|应用程序 ID|租户 ID|응용 프로그램 ID|애플리케이션 ID"},
	{meaning{label: foreignLabel}, "tenant|application|app|client|resource|subscription|policy|user|users|device|session|" +
		"Mandant|Mandanten|Anwendung|Abonnement|inquilino|aplicación|suscripción|locataire|abonnement|applicazione|tenantu|" +
		"aplicativo|assinatura|toepassing|テナント|アプリケーション|サブスクリプション|租户|订阅|应用程序|테넌트|구독|애플리케이션"},
	{meaning{label: serviceLabel, role: otherRole}, "activity id|activityid|cluster uri|message id|messageid|ray id|span id|spanid|amz|service version"},

	{meaning{role: errorCodeRole}, "aadst|aadts|adsts|addsts|aadstss|error code|error codes|errorcode|errorcodes|error number|error no|errorno|error nr|error s|errcode|err code|errno|serrorcode|ierrorcode|aadsts error code|" +
		"errorcode is|sign in error|signin error|login error|aadsts error|aadsts code|aad error|azure ad error|entra error|" +
		"resulttype|result type|failure code|status code|statuscode|microsoft error|mfa error|" +
		"Fehlercode|Fehler-Code|Fehlernummer|Fehler Nr|Anmeldefehler|" +
		"código de error|código del error|code d’erreur|code erreur|numéro d’erreur|codice errore|codice di errore|codice dell’errore|" +
		"código de erro|código do erro|foutcode|felkod|fejlkode|feilkode|hibakód|код ошибки|код ошибка|" +
		"kod błędu|kód chyby|hata kodu|virhekoodi|" +
		"エラー コード|エラー番号|オレラーコード|오류 코드|오류코드|에러 코드|错误代码|错误码|错误编号|錯誤碼|錯誤代碼|錯誤代号"},
	{meaning{role: errorRole}, "error|errors|err|failure|failed with|Fehler|Fehlermeldung|error de|erreur|errore|erro|fout|foutmelding|fel|" +
		"felmeddelande|fejl|feil|hiba|hibaüzenet|ошибка|ошибку|ошибки|błąd|chyba|hata|virhe|エラー|오류|에러|错误|錯誤"},
	{meaning{role: codeRole}, "code|codes|Kode|código|codice|kód|kod|код|kodu|コード|코드|代码|代碼|代号"},
	{meaning{role: prefixRole}, "aadsts|aad sts|aadst s"},
	{meaning{role: otherRole}, "line|lines|col|column|char|port|pid|process|thread|job|run|build|version|release|revision|commit|" +
		"ticket|tickets|case|incident|issue|bug|request|order|invoice|room|desk|floor|building|street|" +
		"ext|extension|tel|telephone|phone|mobile|cell|fax|call|dial|number|no|nr|num|id|ids|event|page|row|chunk|size|count|total|kb|" +
		"zip|plz|postcode|postal code|zip code|area code|country code|exit code|verification code|security code|" +
		"access code|sms code|one time code|passcode|pin|pin code|otp|employee|badge|personnel|asset|inventory|tag|fullyqualifiederrorid|categoryinfo|" +
		"Zeile|Zeichen|Telefon|Handy|Durchwahl|Vorgang|Raum|Nummer|Bestätigungscode|Prüfcode|" +
		"ligne|téléphone|poste|línea|teléfono|riga|telefono|linha|telefone|regel|rad|строка|телефон|行|位置|電話|전화|电话|" +
		"Tel Nr|código postal|code postal|código de verificación|code de vérification"},
	{meaning{role: unitRole}, "ms|msec|s|sec|seconds|minutes|hours|days|users|people|employees|colleagues|times|bytes|mb|gb|rows|" +
		"records|entries|items|files|devices|messages|points|steps|requests|logins|eur|euro|usd|dollars|km|meters|percent|Benutzer|Mitarbeiter"},
	{meaning{role: linkRole}, "and|or|und|oder|et|ou|y|og|och|is|was|are|were|be|ist|war|lautet|est|était|es|era|e|è|é|is|var|är|means|says|number is|means that|は|が|는|은|이|为|是|為"},

	{meaning{role: noneRole}, "null|none|nil|undefined|n a|not available|not provided|empty|unset"},

	{meaning{role: accountRole}, "account|accounts|accountid|user account|user|users|username|user name|userid|upn|userprincipalname|" +
		"user principal name|principal|preferred username|login hint|loginhint|login|log in|logged in|logging in|signin|sign in|signed in|" +
		"signing in|sign in identifier|signinidentifier|sign ins|identity|member|guest|employee|account name|accountname|home account|" +
		"credential|credentials|" +
		"Konto|Benutzerkonto|Benutzer|Benutzername|Anmeldename|Anmeldung|angemeldet|anmelden|Kennung|" +
		"cuenta|usuario|compte|utilisateur|utente|usuário|conta|utilizador|gebruiker|gebruikersaccount|gebruikersnaam|account van|" +
		"användare|användarkonto|användarkontot|användarnamn|kontot|bruger|brugerkonto|bruker|" +
		"felhasználó|felhasználói|fiók|fiókkal|пользователь|пользователя|учетная запись|учетной записи|учетную запись|" +
		"użytkownik|użytkownika|konta|uživatel|kullanıcı|hesap|hesabı|" +
		"ユーザー|アカウント|ユーザー名|사용자|계정|用户|帐户|账户|帐号|账号|用户名|使用者|帳戶|帳號"},
	{meaning{role: forRole}, "for|as|für|als|para|como|pour|per|come|voor|för|som"},
	{meaning{role: contactRole}, "contact|mail|email|e mail|emails|mails|write|wrote|reply|replies|reach|ask|tell|admin|administrator|admins|helpdesk|help desk|" +
		"support|service desk|servicedesk|sent|sender|send|regards|thanks|thank you|greetings|cheers|forward|forwarded|boss|manager|Chef|chefe|jefe|" +
		"Kontakt|kontaktieren|schreiben|schrieb|Gruß|Grüße|Grüßen|écrire|écrit|cordialement|contacter|escribir|escribió|saludos|" +
		"scrivere|saluti|escreveu|escrever|atenciosamente|schreef|groeten|skrev|hälsningar|írta|üdvözlettel|написал|уважением"},
	{meaning{role: toRole}, "to|by|an|à|von|de|aan|till|di|från"},
	{meaning{role: headerRole}, "from|to|cc|bcc|reply to|return path|sender|delivered to|von|an|kopie|de|à|para|da|a|van|aan|från|till|от|кому|" +
		"差出人|宛先|发件人|收件人|寄件者|收件者|보낸 사람|받는 사람"},
	{meaning{role: subjectRole}, "cannot|can t|cant|can not|could not|couldn t|gets|get|got|tried|tries|keeps|fails|failed|receives|sees|does not|doesn t|" +
		"is locked|is blocked|was locked|was blocked|kann|bekommt|ist gesperrt|wird gesperrt|no puede|ne peut|non riesce|não consegue|" +
		"kan niet|krijgt|kan inte|får|не может|nem tud"},
}

// A trie walks phrases word by word. One open-addressed table holds all its
// edges, since a Go map would be most of the time that a paste takes.
type trie struct {
	edges [trieSize]edge
}

const trieSize = 1 << 13 // much more than the phrases need, so that most words miss at once

type edge struct {
	key     uint64 // of the state and the word; 0 is free
	next    uint16
	meaning meaning
}

var dictionary = makeDictionary()

func makeDictionary() *trie {
	t := &trie{}
	states := uint16(0)
	for _, p := range phrases {
		for text := range strings.SplitSeq(p.text, "|") {
			t.add(clean(text, nil), p.meaning, &states)
		}
	}
	return t
}

func (t *trie) add(b []byte, m meaning, states *uint16) {
	var at *edge
	state := uint16(0)
	for i := 0; i < len(b); {
		if !startsWord(b[i]) {
			i++
			continue
		}
		h, end := word(b, i)
		at = t.slot(state, h)
		if at.key == 0 {
			*states++
			at.key, at.next = edgeKey(state, h), *states
		}
		state, i = at.next, end
	}
	if m.label != noLabel && at.meaning.label == noLabel {
		at.meaning.label = m.label
	}
	at.meaning.role |= m.role
}

func edgeKey(state uint16, h uint64) uint64 { return (h ^ uint64(state)*0x9e3779b97f4a7c15) | 1 }

// slot is where the edge is, or a free slot where it would be.
func (t *trie) slot(state uint16, h uint64) *edge {
	key := edgeKey(state, h)
	for i := key >> 1; ; i++ {
		e := &t.edges[i%trieSize]
		if e.key == key || e.key == 0 {
			return e
		}
	}
}

// phrase reads the longest phrase that starts at b[i], which must start a
// word. Without one, end is where that word ends and m is zero.
func (t *trie) phrase(b []byte, i int) (m meaning, end int) {
	h, end := word(b, i)
	pos, state := end, uint16(0)
	for {
		e := t.slot(state, h)
		if e.key == 0 {
			e, pos = t.wrapped(b, pos, state, h)
		}
		if e == nil {
			return m, end
		}
		if e.meaning != (meaning{}) {
			m, end = e.meaning, pos
		}
		state = e.next
		next := joint(b, pos)
		if next == len(b) || !startsWord(b[next]) {
			return m, end
		}
		h, pos = word(b, next)
	}
}

// wrapped looks for a word that a console broke at the end of a line, b[i].
func (t *trie) wrapped(b []byte, i int, state uint16, h uint64) (e *edge, end int) {
	if i == len(b) || b[i] != '\n' {
		return nil, i
	}
	next := gap(b, i)
	if next == len(b) || lower[b[next]] == 0 {
		return nil, i
	}
	h, end = moreWord(h, b, next)
	if e = t.slot(state, h); e.key == 0 {
		return nil, i
	}
	return e, end
}

// joint skips what may stand between the words of one phrase: trace_id,
// Id. de seguimiento, error?code, a line end in a quoted mail.
func joint(b []byte, i int) int {
	for n := 0; n < 3 && i < len(b); n++ {
		switch b[i] {
		case ' ', '\n', '\t':
			if next := gap(b, i); hasLineEnd(b[i:next]) {
				return next
			}
			i++
		case '.':
			// The point of Id. de seguimiento, not that of a sentence.
			if i+2 < len(b) && b[i+1] == ' ' && b[i+2] >= 'A' && b[i+2] <= 'Z' {
				return i
			}
			i++
		case '-', '_', '/', '\'', '(', '?', '+':
			i++
		default:
			return i
		}
	}
	return i
}
