package config

import (
	"crypto/x509"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"mfahelp/secret"
)

// config reads the whole file.
func (r *reader) config(v value, c *Config) {
	var login value
	has := r.section(v, r.sections(c, &login))
	r.onlyInSandbox(login, c)
	r.together(has, c)
	r.teamsTogether(has, c)
	r.slackTogether(has, c)
}

// sections are what may stand in the file; login is what web has of that name.
func (r *reader) sections(c *Config, login *value) []field {
	return []field{
		{"tenant", func(v value) { r.tenant(v, &c.Tenant) }, "tenant: and below it id, client_id, and credential"},
		{"admins", func(v value) { r.admins(v, &c.Admins) }, "admins: and below it groups, whose members may work on cases"},
		{"store", func(v value) { r.store(v, &c.Store) }, ""},
		{"web", func(v value) { *login = r.web(v, &c.Web) }, ""},
		{"limits", func(v value) { r.limits(v, &c.Limits) }, ""},
		{"lookup", func(v value) { r.lookup(v, &c.Lookup) }, ""},
		{"log", func(v value) { r.log(v, &c.Log) }, ""},
		{"locale", r.locale(&c.Locale), ""},
		{"public_url", r.publicURL(c), ""},
		{"signin", func(v value) { r.signIn(v, &c.SignIn) }, ""},
		{"resets", func(v value) { r.resets(v, &c.Resets) }, ""},
		{"audit", func(v value) { r.audit(v, &c.Audit) }, ""},
		{"slack", func(v value) { r.slack(v, &c.Slack) }, ""},
		{"teams", func(v value) { r.teams(v, &c.Teams) }, ""},
	}
}

// trail reads what [LoadTrail] is for.
func (r *reader) trail(v value, c *Config) {
	fields := r.sections(c, new(value))
	for i, f := range fields {
		if f.name != "store" && f.name != "audit" {
			fields[i] = field{f.name, func(value) {}, ""}
		}
	}
	r.section(v, fields)
}

func (r *reader) tenant(v value, t *Tenant) {
	cloud := string(t.Cloud)
	has := r.section(v, []field{
		{"id", r.guid(&t.ID), "id: and the tenant's id, which the Entra admin center shows under Overview"},
		{"sandbox", r.truth(&t.Sandbox), ""},
		{"cloud", r.oneOf(&cloud, string(Global), string(USGov), string(USGovDoD), string(China), string(Custom)), ""},
		{"authority", r.https(&t.Authority), ""},
		{"graph", r.https(&t.Graph), ""},
		{"ca_file", r.authorities(&t.CA), ""},
		{"client_id", r.guid(&t.ClientID), ""},
		{"credential", func(v value) { r.credential(v, &t.Credential) },
			"credential: and below it secret, certificate, workload_identity, or managed_identity"},
		{"without_pim", r.truth(&t.WithoutPIM), ""},
	})
	if has == nil {
		return
	}
	t.Cloud = Cloud(cloud)
	if _, ok := has["client_id"]; !ok && t.Credential.ManagedIdentity == nil {
		r.wrong(value{under(v.key, "client_id"), nil, v.at}, "is missing; write client_id: and the app registration's Application (client) ID")
	}
	r.endpoints(v, has, t)
}

// endpoints holds the keys to each other that only belong to a custom cloud.
func (r *reader) endpoints(v value, has map[string]value, t *Tenant) {
	for _, name := range []string{"authority", "graph"} {
		in, ok := has[name]
		if !ok && t.Cloud == Custom {
			r.wrong(value{under(v.key, name), nil, v.at}, "is missing; write its https:// address, since the cloud is custom")
		}
		if ok && t.Cloud != Custom {
			r.wrong(in, "belongs to a custom cloud, but the cloud is %s; remove it, or write cloud: custom", t.Cloud)
		}
	}
	if in, ok := has["ca_file"]; ok && t.Cloud != Custom {
		r.wrong(in, "belongs to a custom cloud, but the cloud is %s; remove it, or write cloud: custom", t.Cloud)
	}
	if t.Sandbox && (t.Cloud != Custom || microsofts(t.Authority) || microsofts(t.Graph)) {
		r.wrong(has["sandbox"], "may be true only with cloud: custom and a sandbox's own authority and graph, never Microsoft's; remove it")
	}
}

// microsofts reports whether a real tenant may be behind an address. What says
// that it is a sandbox lets everybody in, so this is checked here as well.
func microsofts(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return true // unreachable: it was parsed before; but unsure means yes
	}
	host := "." + strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	for _, domain := range []string{
		".microsoft.com", ".microsoftonline.com", ".microsoft.us", ".microsoftonline.us", ".chinacloudapi.cn",
		".microsoftonline.cn", ".windows.net", ".azure.com", ".azure.us", ".azure.cn", ".ciamlogin.com",
	} {
		if strings.HasSuffix(host, domain) {
			return true
		}
	}
	return false
}

// authorities reads the certificates of a custom cloud.
func (r *reader) authorities(to *[]byte) func(value) {
	return func(v value) {
		path, ok := r.text(v)
		if !ok {
			return
		}
		b, ok := r.contents(v, path, maxFile)
		if ok && !x509.NewCertPool().AppendCertsFromPEM(b) {
			r.wrong(v, "the file it names has no certificate; write one with lines of BEGIN CERTIFICATE")
			return
		}
		*to = b
	}
}

// credential reads how the app proves that it is itself.
func (r *reader) credential(v value, c *Credential) {
	has := r.section(v, []field{
		{"secret", r.secret(&c.Secret), ""},
		{"certificate", func(v value) { c.Certificate = r.certificate(v) }, ""},
		{"workload_identity", func(v value) { c.WorkloadIdentity = r.workload(v) }, ""},
		{"managed_identity", func(v value) { c.ManagedIdentity = r.managed(v) }, ""},
	})
	if has != nil && len(has) != 1 {
		r.wrong(v, "has %d ways to prove who the app is; keep one of secret, certificate, workload_identity, managed_identity", len(has))
	}
}

func (r *reader) certificate(v value) *Certificate {
	var c Certificate
	r.section(v, []field{
		{"file", r.readable(&c.File, true), "file: and the path of the certificate with its private key"},
		{"password", r.secret(&c.Password), ""},
	})
	return &c
}

func (r *reader) workload(v value) *WorkloadIdentity {
	var w WorkloadIdentity
	r.section(v, []field{
		{"token_file", r.readable(&w.TokenFile, false), "token_file: and the path that AZURE_FEDERATED_TOKEN_FILE has in the pod"},
	})
	return &w
}

// managed reads an identity that may be the system's own: then nothing, or an
// empty section, stands there.
func (r *reader) managed(v value) *ManagedIdentity {
	var m ManagedIdentity
	if kind(v.node) != "nothing" {
		r.section(v, []field{{"client_id", r.guid(&m.ClientID), ""}})
	}
	return &m
}

// readable reads the path of a file, which must be there.
func (r *reader) readable(to *string, private bool) func(value) {
	return func(v value) {
		path, ok := r.text(v)
		if !ok {
			return
		}
		if _, ok := r.contents(v, path, maxFile); !ok {
			return
		}
		if private {
			r.private(v, path)
		}
		*to = r.path(path)
	}
}

func (r *reader) admins(v value, a *Admins) {
	r.section(v, []field{
		{"groups", func(v value) {
			r.list(v, "3f1c0a52-6d0e-4c56-9d0b-6f2f8f6f7a11", func(v value) {
				var id string
				r.guid(&id)(v)
				a.Groups = append(a.Groups, id)
			})
		}, "groups: and the object ids of the directory groups whose members may work on cases"},
		{"roles", nil, ""},
		{"channel", func(v value) { r.channel(v, &a.Channel) }, ""},
	})
}

func (r *reader) channel(v value, c *Channel) {
	r.section(v, []field{
		{"platform", r.oneOf(&c.Platform, "web", "slack", "teams"), "platform: web, slack, or teams"},
		{"id", func(v value) { c.ID, _ = r.text(v) }, "id: and the channel's id on that platform"},
	})
}

// store reads the address of the database. A password is no part of it, since
// addresses are logged.
func (r *reader) store(v value, s *Store) {
	r.section(v, []field{{"url", func(v value) {
		u, ok := r.text(v)
		if !ok {
			return
		}
		file, isFile := strings.CutPrefix(u, "sqlite:")
		switch {
		case isFile && file != "" && !strings.ContainsAny(file, "?#") && !strings.HasPrefix(file, "//"):
			s.URL = "sqlite:" + r.path(file)
		case isFile:
			r.wrong(v, "names no file; write sqlite: and its path, such as sqlite:/var/lib/mfahelp/mfahelp.db")
		case strings.HasPrefix(u, "postgres://"), strings.HasPrefix(u, "postgresql://"):
			r.wrong(v, "Postgres comes with a later release; write sqlite: and the path of a file")
		default:
			r.wrong(v, "is no address of a database; write sqlite: and the path of a file, such as sqlite:/var/lib/mfahelp/mfahelp.db")
		}
	}, ""}})
}

// web returns the login as well, which not every tenant may have.
func (r *reader) web(v value, w *Web) (login value) {
	has := r.section(v, []field{
		{"listen", r.address(&w.Listen), ""},
		{"hosts", func(v value) {
			w.Hosts = nil
			r.list(v, "mfahelp.example.com", func(v value) { w.Hosts = append(w.Hosts, r.host(v)) })
		}, ""},
		{"login", r.oneOf(&w.Login, Choose), ""},
	})
	if has == nil {
		return value{}
	}
	_, named := has["hosts"]
	host, _, _ := net.SplitHostPort(w.Listen)
	if ip := net.ParseIP(host); !named && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		r.wrong(value{under(v.key, "hosts"), nil, v.at},
			"is missing; write hosts: and the names that people type, since others than this machine can reach %s", w.Listen)
	}
	return has["login"]
}

var hostForm = regexp.MustCompile(`^(?i)[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)

// host reads a name without port or scheme, as it is compared with a browser's.
func (r *reader) host(v value) string {
	s, ok := r.text(v)
	if ok && !hostForm.MatchString(s) && net.ParseIP(s) == nil {
		r.wrong(v, "%s is no host; write a name without https:// and without a port, such as mfahelp.example.com", quote(s))
	}
	return strings.ToLower(s)
}

// onlyInSandbox refuses the login that proves nothing where it could harm.
func (r *reader) onlyInSandbox(login value, c *Config) {
	if c.Web.Login == Choose && !c.Tenant.Sandbox {
		r.wrong(login, "lets anybody say that they are anybody, so it is only for a sandbox; remove it")
	}
}

// leastKey is how many characters a key has at least: a word can be guessed, and
// nobody has to remember this one.
const leastKey = 32

func (r *reader) audit(v value, a *Audit) {
	key := func(to *secret.Text) func(value) {
		return func(v value) {
			r.secret(to)(v)
			if n := len(to.Reveal()); n > 0 && n < leastKey {
				r.wrong(v, "is too short to keep anybody out; make one with: openssl rand -base64 32")
			}
		}
	}
	r.section(v, []field{
		{"key", key(&a.Key), "key: and where a long random text is, such as env:MFAHELP_AUDIT_KEY"},
		{"former_keys", func(v value) {
			r.list(v, "env:MFAHELP_FORMER_AUDIT_KEY", func(v value) {
				var t secret.Text
				key(&t)(v)
				a.Former = append(a.Former, t)
			})
		}, ""},
	})
}

func (r *reader) limits(v value, l *Limits) {
	r.section(v, []field{
		{"messages_per_hour", r.count(&l.MessagesPerHour), ""},
		{"lookups_per_hour", r.count(&l.LookupsPerHour), ""},
		{"escalations_per_day", r.count(&l.EscalationsPerDay), ""},
	})
}

func (r *reader) lookup(v value, l *Lookup) {
	r.section(v, []field{{"waits", func(v value) {
		l.Waits = nil
		r.list(v, "1m, 3m, 6m, 12m", func(v value) {
			d, ok := r.duration(v, time.Second, 24*time.Hour)
			if n := len(l.Waits); ok && n > 0 && d <= l.Waits[n-1] {
				r.wrong(v, "is not longer than the wait before it, and each counts from the first question; write them in order")
			}
			l.Waits = append(l.Waits, d)
		})
	}, ""}})
}

func (r *reader) log(v value, l *Log) {
	r.section(v, []field{
		{"level", r.oneOf(&l.Level, "debug", "info", "warn", "error"), ""},
		{"format", r.oneOf(&l.Format, "json", "console"), ""},
	})
}

var localeForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$`)

func (r *reader) locale(to *string) func(value) {
	return func(v value) {
		s, ok := r.text(v)
		if ok && !localeForm.MatchString(s) {
			r.wrong(v, "%s is no language; write one such as en, de, or pt-BR", quote(s))
		}
		*to = s
	}
}
