package diagnose

// codes tells what the error codes mean that are not about the second step as
// such. Where Microsoft's own sources contradict each other, such as on 530032,
// the graver reading is taken.
var codes = func() map[string]Cause {
	m := map[string]Cause{}
	for c, list := range byCause {
		for _, code := range list {
			m[code] = c
		}
	}
	return m
}()

var byCause = map[Cause][]string{
	NotCompleted: {strongAuth},
	Interrupt:    {"50058", "50074", "50076", "50140", "50199"},
	Risk:         {"50135", "53004", "53011", "530032", "530034"},

	ConditionalAccess:  {"50131", "53003", "530031"},
	LocationNeeded:     {"50077"},
	RegistrationPlace:  {"53010"},
	DeviceNotCompliant: {"53000", "530002"},
	DeviceNotJoined:    {"50097", "50129", "50187", "53001", "530003"},
	DeviceBroken:       {"50155", "135011"},
	BrokerMissing:      {"50127"},
	AppNotApproved:     {"53002", "53005", "53009", "530021"},
	Browser:            {"53008", "530001", "530022"},
	DeviceCode:         {"530033"},
	OldClient:          {"530035", "1002016"},
	FirstFactor:        {"54008", "54009"},

	Password:        {"50056", "50064", "50126"},
	PasswordExpired: {"50055", "50137", "50142", "50144"},
	Locked:          {"50053"},
	Disabled:        {"50057"},
	OnPremises:      {"80001", "80002", "80007", "80013", "80014"},
	LogonHours:      {"80012"},

	Session:     {"50078", "50085", "50132", "50133", "50173", "70008", "700082", "700084", "70043", "70044", "70046"},
	PageExpired: {"50089", "50143", "50197"},
	Loop:        {"50196"},
	WindowsSSO:  {"50180", "81010"},
	TokenTime:   {"50013", "500133"},

	NoAccount:       {"50034", "51004"},
	WrongAccount:    {"50020", "90072", "500207", "500208"},
	GuestPending:    {"50014"},
	CrossTenant:     {"500212", "500213", "530004"},
	NotAssigned:     {"50105"},
	Consent:         {"65001", "90094", "90095"},
	ConsentDeclined: {"65004"},

	SetupUnfinished:  {"50072", "50079", "50125", "50203"},
	ServiceError:     {"50087", "90025"},
	TelecomLimit:     {"50088"},
	ExternalMFA:      {"50158", "50161", "50166", "50172", "50177"},
	EmailCode:        {"50181", "50182", "50183", "50184"},
	HelloKey:         {"130004", "130005", "130006", "130007", "130008"},
	KeyRefused:       {"135010", "135016"},
	CredentialPolicy: {"130500", "130501", "130502"},
	AccessPass:       {"130503", "130504", "130505", "130506", "130507"},
}
