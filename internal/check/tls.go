package check

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"time"
)

// soon is how long before the end of a certificate there is a warning. Certificates that
// are renewed by themselves are renewed earlier.
const soon = 14 * 24 * time.Hour

// tls tells whether the connection is encrypted, and what the server's certificate says.
func (a *attempt) tls() Result {
	r := Result{Check: TLS, Status: OK}
	seen := a.connection.seen()
	switch {
	case !a.Encrypted && a.Local:
		r.Found = "the address is http:// and this machine's own: what is sent is not encrypted, and does not leave the machine"
		return r
	case !a.Encrypted:
		r.Status, r.Found = Warning, "the address is http://: nothing is encrypted"
		r.Meaning = "everybody on the way can read the credentials"
		r.Action = "use https in url"
		return r
	case seen.tlsErr != nil:
		return a.refusedTLS(seen)
	case seen.certificate == nil:
		return skipped(TLS, "there was no connection")
	}
	r.Found = fmt.Sprintf("%s with a certificate %s", tls.VersionName(seen.version), a.described(seen.certificate))
	left := seen.certificate.NotAfter.Sub(a.options.Now())
	switch {
	case a.Unverified:
		r.Status = Warning
		r.Meaning = "insecure_skip_verify accepts any certificate: whoever stands between the exporter and the server can read the credentials"
		r.Action = "set ca_file in http_client's tls_config in its place"
	case left < soon:
		r.Status = Warning
		r.Meaning = "it ends in " + shown(left) + "; then nothing is exported"
		r.Action = "have it renewed"
	case seen.version < tls.VersionTLS12:
		r.Status = Warning
		r.Meaning = "this version of TLS is obsolete and not safe"
		r.Action = "let the server speak TLS 1.2 or 1.3"
	}
	return r
}

// refusedTLS tells why there is no encrypted connection.
func (a *attempt) refusedTLS(seen sight) Result {
	r := Result{
		Check: TLS, Status: Failed, Meaning: "no credential is sent over such a connection",
		Found:  "the TLS handshake fails: " + a.clean(seen.tlsErr.Error()),
		Action: "see that the port in url speaks TLS, and that min_version and the client certificate in http_client's tls_config fit the server",
	}
	certificate := seen.certificate
	if certificate == nil {
		return r
	}
	r.Found = "the server's certificate is refused: it is " + a.described(certificate)
	switch now := a.options.Now(); {
	case now.After(certificate.NotAfter):
		r.Found += "; it has ended"
		r.Action = "have the certificate renewed"
	case now.Before(certificate.NotBefore):
		r.Found += "; it is valid from " + day(certificate.NotBefore) + " on"
		r.Action = "check the clock of this machine"
	default:
		r.Found += "; " + a.clean(seen.tlsErr.Error())
		r.Action = "correct the host in url or set server_name, if the name is another; set ca_file, if the authority is your own; " +
			"both in http_client's tls_config"
	}
	return r
}

// maxNames is how many names of a certificate are told.
const maxNames = 3

// described tells whom a certificate is for, who issued it, and when it ends.
func (a *attempt) described(c *x509.Certificate) string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		names = append(names, c.Subject.String())
	}
	more := ""
	if len(names) > maxNames {
		more = fmt.Sprintf(" and %d more", len(names)-maxNames)
		names = names[:maxNames]
	}
	return fmt.Sprintf("for %s%s, issued by %s, valid until %s",
		a.clean(strings.Join(names, ", ")), more, a.clean(c.Issuer.String()), day(c.NotAfter))
}

// day writes the day of a moment.
func day(t time.Time) string {
	return t.UTC().Format(time.DateOnly)
}
