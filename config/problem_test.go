package config

import (
	"maps"
	"strings"
	"testing"
)

// authority is a certificate that nothing was ever signed with.
const authority = `-----BEGIN CERTIFICATE-----
MIIBjjCCATWgAwIBAgIUbBiDNvKbIwbfJi3dbcYcO+U9tDIwCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRbWFkZS11cCBhdXRob3JpdHkwIBcNMjYxMTIzMjMzMzUzWhgP
MjEyNjEwMzAyMzMzNTNaMBwxGjAYBgNVBAMMEW1hZGUtdXAgYXV0aG9yaXR5MFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFG41XrnXaoDSTNgXVPq3UbwVOE1yCenO
G0FreA4BigV52wQAk9CWolDfKE92BY/d7ee2OagcifS0cqijhWnEC6NTMFEwHQYD
VR0OBBYEFNdbtuXFGlsy2wyzNMtxKG3hB4o0MB8GA1UdIwQYMBaAFNdbtuXFGlsy
2wyzNMtxKG3hB4o0MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIg
WbQ/9Dz86RLBG/1xfJuX95cFT02XxypoQm/ZsseHrg0CIHrOQtq4FUQUApo32c8B
smbPBFD4W1g92ZLuFfS8th8B
-----END CERTIFICATE-----
`

// TestProblems is what people read when the file is wrong. The place is the
// line and column of what is to be changed.
func TestProblems(t *testing.T) {
	files := map[string]string{"empty": "\n", "two": "a\nb\n", "app.pem": "x"}
	for _, test := range []struct {
		name, text, want string
	}{
		{"an empty file", "",
			"1:1: the file says nothing; config/example.yaml shows what may stand in it"},
		{"only a comment", "# nothing yet\n",
			"1:1: the file says nothing; config/example.yaml shows what may stand in it"},
		{"a list", "- tenant\n",
			"1:1: has no keys in it; write them below it, indented: tenant, admins, store, web, limits, lookup, log, locale, public_url, signin, resets, audit, slack, teams"},
		{"two documents", minimal + "---\nlocale: de\n",
			"9:1: a second document begins here; write one, without ---"},
		{"not YAML: a tab", "tenant:\n\tid: x\n",
			"2:1: this is not YAML: found character '\t' that cannot start any token; look at the spaces, colons, and quotes here and a line above"},
		{"not YAML: a quote", "tenant:\n  id: \"x\n",
			"2:7: this is not YAML: could not find end character of double-quoted text; look at the spaces, colons, and quotes here and a line above"},
		{"not YAML: indented otherwise", "tenant:\n  id: x\n client_id: y\n",
			"3:2: this is not YAML: value is not allowed in this context; look at the spaces, colons, and quotes here and a line above"},
		{"nothing that must be there", "locale: en\n",
			"1:1: tenant: is missing; write tenant: and below it id, client_id, and credential" + "\n" +
				"1:1: admins: is missing; write admins: and below it groups, whose members may work on cases"},
		{"sections without keys", "tenant:\nadmins: [x]\n",
			"1:1: tenant: has no keys in it; write them below it, indented: id, sandbox, cloud, authority, graph, ca_file, client_id, credential, without_pim" + "\n" +
				"2:1: admins: has no keys in it; write them below it, indented: groups, channel"},
		{"an unknown key", minimal + "looup: {}\n",
			`8:1: "looup" is no key that may stand here; did you mean "lookup"?`},
		{"an unknown key unlike any", minimal + "metrics: true\n",
			`8:1: "metrics" is no key that may stand here; there are tenant, admins, store, web, limits, lookup, log, locale, public_url, signin, resets, audit, slack, teams`},
		{"an unknown key further in", with("client_id", "clientid"),
			`3:3: tenant: "clientid" is no key that may stand here; did you mean "client_id"?`},
		{"an unknown section that must be there", with("admins:\n  groups: [", "admin:\n  grops: [x, "),
			`6:1: "admin" is no key that may stand here; did you mean "admins"?` + "\n" +
				`7:3: admins: "grops" is no key that may stand here; did you mean "groups"?` + "\n" +
				`7:11: admins.groups[0]: is no id of the directory; copy the GUID, such as 3f1c0a52-6d0e-4c56-9d0b-6f2f8f6f7a11, not the name`},
		{"an unknown key beside the right one", with("  client_id", "  client_i: x\n  client_id"),
			`3:3: tenant: "client_i" is no key that may stand here; did you mean "client_id"?`},
		{"a key twice", with("  client_id", "  id: 6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63\n  client_id"),
			"3:3: tenant.id: stands here a second time; keep one"},
		{"a key that is no text", minimal + "1: x\n",
			"8:1: only plain keys may stand here: tenant, admins, store, web, limits, lookup, log, locale, public_url, signin, resets, audit, slack, teams"},
		{"roles, not there yet", with("admins:\n", "admins:\n  roles: [x]\n"),
			"7:3: admins.roles: comes with a later release; remove it"},
		{"a platform that is none", with("admins:\n", "admins:\n  channel: {platform: irc}\n"),
			"7:3: admins.channel.id: is missing; write id: and the channel's id on that platform" + "\n" +
				`7:23: admins.channel.platform: "irc" is none of web, slack, teams`},
		{"a name for an id", with("6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63", "contoso.onmicrosoft.com"),
			"2:7: tenant.id: is no id of the directory; copy the GUID, such as 3f1c0a52-6d0e-4c56-9d0b-6f2f8f6f7a11, not the name"},
		{"a number for an id", with("6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63", "17"),
			"2:7: tenant.id: is a number, not text; put it in quotes"},
		{"no value", with("6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63", ""),
			"2:3: tenant.id: has no value; write one or remove the key"},
		{"an empty value", with("6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63", "\"\""),
			"2:7: tenant.id: is empty; write a text or remove the key"},
		{"several lines", with("6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63", "|\n    a\n    b"),
			"2:7: tenant.id: has several lines; write it in one"},
		{"a section for an id", with("6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63", "{a: b}"),
			"2:3: tenant.id: is a section with keys; write a text"},
		{"an anchor", with("6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63", "&x y"),
			"2:7: tenant.id: is a YAML anchor, alias, or tag; write a text"},
		{"no group", with("[a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51]", "[]"),
			"7:3: admins.groups: is an empty list; write at least one, such as [3f1c0a52-6d0e-4c56-9d0b-6f2f8f6f7a11]"},
		{"a group that is no list", with("[a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51]", "IT"),
			"7:11: admins.groups: is a text; write a list, such as [3f1c0a52-6d0e-4c56-9d0b-6f2f8f6f7a11]"},
		{"groups by name", with("[a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51]", "[IT helpdesk, 7]"),
			"7:12: admins.groups[0]: is no id of the directory; copy the GUID, such as 3f1c0a52-6d0e-4c56-9d0b-6f2f8f6f7a11, not the name" + "\n" +
				"7:25: admins.groups[1]: is a number, not text; put it in quotes"},
		{"a literal secret", with("env:MFAHELP_CLIENT_SECRET", "hunter2"),
			"5:13: tenant.credential.secret: is written out here, where it does not belong; put it in the environment and write env:NAME, or in a file and write file:/path, and change the secret if others have seen this file"},
		{"a number for a secret", with("env:MFAHELP_CLIENT_SECRET", "123456"),
			"5:13: tenant.credential.secret: is written out here, where it does not belong; put it in the environment and write env:NAME, or in a file and write file:/path, and change the secret if others have seen this file"},
		{"no secret", with("env:MFAHELP_CLIENT_SECRET", ""),
			"5:5: tenant.credential.secret: is empty; write env:NAME or file:/path, where the secret is"},
		{"an unset variable", with("env:MFAHELP_CLIENT_SECRET", "env:MISSING"),
			"5:13: tenant.credential.secret: the environment has no MISSING; set it, or write file:/path"},
		{"an empty variable", with("env:MFAHELP_CLIENT_SECRET", "env:EMPTY"),
			"5:13: tenant.credential.secret: the environment has nothing in it; set it, or write file:/path"},
		{"no variable", with("env:MFAHELP_CLIENT_SECRET", "\"env: X\""),
			"5:13: tenant.credential.secret: names no variable of the environment; write env: and its name, such as env:MFAHELP_CLIENT_SECRET"},
		{"no secret file", with("env:MFAHELP_CLIENT_SECRET", "file:/no/such/file"),
			"5:13: tenant.credential.secret: the file it names cannot be read (no such file or directory); check the path, and that this user may read it"},
		{"a folder for a secret", with("env:MFAHELP_CLIENT_SECRET", "file:/"),
			"5:13: tenant.credential.secret: the file it names cannot be read (is a directory); check the path, and that this user may read it"},
		{"no path of a secret file", with("env:MFAHELP_CLIENT_SECRET", "\"file:\""),
			"5:13: tenant.credential.secret: names no file; write file: and its path, such as file:/run/secrets/client_secret"},
		{"an empty secret file", with("env:MFAHELP_CLIENT_SECRET", "file:empty"),
			"5:13: tenant.credential.secret: the file it names is empty; write the secret into it"},
		{"a secret file of two lines", with("env:MFAHELP_CLIENT_SECRET", "file:two"),
			"5:13: tenant.credential.secret: the file it names has more than one line; write the secret into it and nothing else"},
		{"two credentials", with("    secret:", "    managed_identity:\n    secret:"),
			"4:3: tenant.credential: has 2 ways to prove who the app is; keep one of secret, certificate, workload_identity, managed_identity"},
		{"no credential", with("    secret: env:MFAHELP_CLIENT_SECRET\n", "    {}\n"),
			"4:3: tenant.credential: has 0 ways to prove who the app is; keep one of secret, certificate, workload_identity, managed_identity"},
		{"a certificate without a file", with("secret: env:MFAHELP_CLIENT_SECRET", "certificate: {password: env:MFAHELP_CLIENT_SECRET}"),
			"5:5: tenant.credential.certificate.file: is missing; write file: and the path of the certificate with its private key"},
		{"a certificate that is not there", with("secret: env:MFAHELP_CLIENT_SECRET", "certificate: {file: none.pem}"),
			"5:25: tenant.credential.certificate.file: the file it names cannot be read (no such file or directory); check the path, and that this user may read it"},
		{"a cloud that is none", with("tenant:\n", "tenant:\n  cloud: glbal\n"),
			`2:10: tenant.cloud: "glbal" is none of global, usgov, usgov-dod, china, custom; did you mean "global"?`},
		{"a custom cloud without endpoints", with("tenant:\n", "tenant:\n  cloud: custom\n"),
			"1:1: tenant.authority: is missing; write its https:// address, since the cloud is custom" + "\n" +
				"1:1: tenant.graph: is missing; write its https:// address, since the cloud is custom"},
		{"endpoints without a custom cloud", with("tenant:\n", "tenant:\n  authority: https://a.example\n  graph: https://g.example\n  ca_file: app.pem\n"),
			"2:14: tenant.authority: belongs to a custom cloud, but the cloud is global; remove it, or write cloud: custom" + "\n" +
				"3:10: tenant.graph: belongs to a custom cloud, but the cloud is global; remove it, or write cloud: custom" + "\n" +
				"4:12: tenant.ca_file: the file it names has no certificate; write one with lines of BEGIN CERTIFICATE" + "\n" +
				"4:12: tenant.ca_file: belongs to a custom cloud, but the cloud is global; remove it, or write cloud: custom"},
		{"an endpoint without TLS", with("tenant:\n", "tenant:\n  cloud: custom\n  authority: http://a.example\n  graph: https://u:p@g.example\n"),
			"3:14: tenant.authority: is no address for it; write https:// and a host, such as https://login.microsoftonline.com" + "\n" +
				"4:10: tenant.graph: is no address for it; write https:// and a host, such as https://login.microsoftonline.com"},
		{"a sandbox in a real cloud", with("tenant:\n", "tenant:\n  sandbox: true\n"),
			"2:12: tenant.sandbox: may be true only with cloud: custom and a sandbox's own authority and graph, never Microsoft's; remove it"},
		{"a sandbox at a real endpoint", with("tenant:\n", "tenant:\n  cloud: custom\n  sandbox: true\n  authority: https://login.microsoftonline.com\n  graph: https://localhost\n"),
			"3:12: tenant.sandbox: may be true only with cloud: custom and a sandbox's own authority and graph, never Microsoft's; remove it"},
		{"a truth in quotes", with("tenant:\n", "tenant:\n  sandbox: \"true\"\n"),
			"2:12: tenant.sandbox: is a text; write true or false, without quotes"},
		{"a login outside a sandbox", minimal + "web: {login: choose}\n",
			"8:14: web.login: lets anybody say that they are anybody, so it is only for a sandbox; remove it"},
		{"a login that is not there", minimal + "web: {login: password}\n",
			`8:14: web.login: "password" is not choose, which is all there is`},
		{"others can reach it, under no name", minimal + "web: {listen: \":8025\"}\n",
			"8:1: web.hosts: is missing; write hosts: and the names that people type, since others than this machine can reach :8025"},
		{"a host with a scheme", minimal + "web:\n  hosts: [\"https://x.example\"]\n",
			`9:11: web.hosts[0]: "https://x.example" is no host; write a name without https:// and without a port, such as mfahelp.example.com`},
		{"a port alone", minimal + "web: {listen: 8025}\n",
			"8:15: web.listen: is a port without an address; write 127.0.0.1:8025"},
		{"an address without a port", minimal + "web: {listen: localhost}\n",
			`8:15: web.listen: "localhost" is no address to listen on; write a host and a port, such as 127.0.0.1:8025`},
		{"a port that is none", minimal + "web: {listen: \"localhost:99999\"}\n",
			`8:15: web.listen: "localhost:99999" is no address to listen on; write a host and a port, such as 127.0.0.1:8025`},
		{"a database that we have not", minimal + "store: {url: \"mysql://u:p@h/d\"}\n",
			"8:14: store.url: is no address of a database; write sqlite: and the path of a file, such as sqlite:/var/lib/mfahelp/mfahelp.db"},
		{"a database to come", minimal + "store: {url: \"postgres://u:p@h/d\"}\n",
			"8:14: store.url: Postgres comes with a later release; write sqlite: and the path of a file"},
		{"a database without a file", minimal + "store: {url: \"sqlite:\"}\n",
			"8:14: store.url: names no file; write sqlite: and its path, such as sqlite:/var/lib/mfahelp/mfahelp.db"},
		{"a duration that is none", minimal + "lookup:\n  waits: [1m, soon]\n",
			`9:15: lookup.waits[1]: "soon" is no duration; write a number and a unit, such as 90s, 5m, or 1h`},
		{"a duration without a unit", minimal + "lookup: {waits: [60]}\n",
			"8:18: lookup.waits[0]: is a number without a unit; write a duration, such as 90s, 5m, or 1h"},
		{"a duration out of range", minimal + "lookup: {waits: [1ms]}\n",
			`8:18: lookup.waits[0]: "1ms" is out of range; write a duration from 1s to 24h0m0s`},
		{"durations out of order", minimal + "lookup: {waits: [1m, 3m, 2m]}\n",
			"8:26: lookup.waits[2]: is not longer than the wait before it, and each counts from the first question; write them in order"},
		{"one duration", minimal + "lookup: {waits: 1m}\n",
			"8:17: lookup.waits: is a text; write a list, such as [1m, 3m, 6m, 12m]"},
		{"no number", minimal + "limits: {messages_per_hour: many}\n",
			"8:29: limits.messages_per_hour: is a text; write a whole number, such as 20"},
		{"numbers out of range", minimal + "limits: {messages_per_hour: 0, lookups_per_hour: -3, escalations_per_day: 9999999999}\n",
			"8:29: limits.messages_per_hour: is out of range; write a whole number from 1" + "\n" +
				"8:50: limits.lookups_per_hour: is out of range; write a whole number from 1" + "\n" +
				"8:75: limits.escalations_per_day: is out of range; write a whole number from 1"},
		{"half a number", minimal + "limits: {lookups_per_hour: 1.5}\n",
			"8:28: limits.lookups_per_hour: is a number; write a whole number, such as 20"},
		{"a level that is none", minimal + "log: {level: warning, format: xml}\n",
			`8:14: log.level: "warning" is none of debug, info, warn, error; did you mean "warn"?` + "\n" +
				`8:31: log.format: "xml" is none of json, console`},
		{"a language that is none", minimal + "locale: English\n",
			`8:9: locale: "English" is no language; write one such as en, de, or pt-BR`},
		{"several, in the order of the file", with("tenant:\n", "locale: x\ntenant:\n  colud: global\n") + "log: {level: loud}\n",
			`1:9: locale: "x" is no language; write one such as en, de, or pt-BR` + "\n" +
				`3:3: tenant: "colud" is no key that may stand here; did you mean "cloud"?` + "\n" +
				`10:14: log.level: "loud" is none of debug, info, warn, error`},
	} {
		_, err := load(t, test.text, maps.Clone(files))
		if err == nil {
			t.Errorf("%s: nothing is said of\n%s", test.name, test.text)
			continue
		}
		if got := strings.ReplaceAll(err.Error(), "mfahelp.yaml:", ""); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

// with is the minimal file but for one piece.
func with(piece, instead string) string { return strings.Replace(minimal, piece, instead, 1) }
