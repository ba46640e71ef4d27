package config

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	promconfig "github.com/prometheus/common/config"
)

// maxPEMBytes bounds a file with certificates or a key; all public authorities together
// need less.
const maxPEMBytes = 1 << 20

// certificates reads the certificate authorities and the client certificate, and checks
// them whatever the scheme of url. The HTTP client would find the same mistakes, but one
// at a time, and without the line to look at.
func (r *reader) certificates(c *promconfig.TLSConfig, fields map[string]value) {
	ca := r.material(fields, keyCA, "the certificates", checkAuthorities)
	cert := r.material(fields, keyCert, "the certificate", checkCertificate)
	key := r.material(fields, keyKey, "the key", checkKey)
	c.CA, c.CAFile = ca.inline, ca.file
	c.Cert, c.CertFile = cert.inline, cert.file
	c.Key, c.KeyFile = promconfig.Secret(key.inline), key.file

	switch {
	case cert.name != "" && key.name == "":
		r.fail(cert.value, "a client certificate needs its key: add key_file or key")
	case key.name != "" && cert.name == "":
		r.fail(key.value, "a key needs its client certificate: add cert_file or cert")
	case cert.pem != nil && key.pem != nil:
		// What the library says about them is not shown: it has seen the key.
		if _, err := tls.X509KeyPair(cert.pem, key.pem); err != nil {
			r.failText(key.text, "%sis not the key of the certificate in %s: configure the key that the certificate was made for",
				key.subject, cert.name)
		}
	}
}

// material is a certificate, several, or a key. The zero value stands for none.
type material struct {
	text
	name         string // The key that it is configured by, such as ca or ca_file.
	inline, file string // One of them is set: the text itself, or the file's name.
	subject      string // Begins a message about the content; empty where that is inline.
	pem          []byte // The content, if there is no mistake in it.
}

// material reads the text of name, or the file that the key name_file names. It should
// hold content, which check looks at.
func (r *reader) material(fields map[string]value, name, content string, check func(content []byte) error) material {
	inline, hasInline := fields[name]
	file, hasFile := fields[name+fileSuffix]
	if hasInline && hasFile {
		r.fail(file, "%s is there too: remove one of them", name)
	}
	var m material
	if hasFile {
		m = r.materialFile(file, name, content)
		r.checkMaterial(&m, check)
	}
	if hasInline {
		m = material{text: text{value: inline}, name: name}
		if t, ok := r.text(inline); ok {
			m.text, m.inline, m.pem = t, t.content, []byte(t.content)
		}
		r.checkMaterial(&m, check)
	}
	if hasInline && hasFile {
		m.pem = nil // It is not known which of them is meant.
	}
	return m
}

// materialFile reads the file that v names instead of the text of the key name.
func (r *reader) materialFile(v value, name, content string) material {
	m := material{text: text{value: v}, name: name + fileSuffix}
	p, ok := r.path(v)
	if !ok {
		return m
	}
	m.text = p.text
	// A name that is a key in truth must not be shown.
	if strings.Contains(p.content, "-----BEGIN") || strings.Contains(p.content, "\n") {
		r.failText(p.text, "is not the name of a file: rename %s to %s if the text itself is meant", m.name, name)
		return m
	}
	data, err := readRegularFile(p.file, maxPEMBytes)
	if err != nil {
		r.failText(p.text, "read %q: %v", p.shown, explainRead(err, maxPEMBytes, content))
		return m
	}
	m.file, m.subject, m.pem = p.file, fmt.Sprintf("%q ", p.shown), data
	return m
}

// checkMaterial notes what check finds in the content of m, and drops the content then.
func (r *reader) checkMaterial(m *material, check func(content []byte) error) {
	if m.pem == nil {
		return
	}
	if err := check(m.pem); err != nil {
		r.failText(m.text, "%s%v", m.subject, err)
		m.pem = nil
	}
}

// The checks accept what crypto/tls accepts, which skips the blocks of other kinds.

var (
	errNoCertificate = errors.New("holds no certificate in PEM: " +
		"it must have all lines from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----")
	errNoKey = errors.New("holds no private key in PEM: " +
		"it must have all lines from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----")
	errEncryptedKey = errors.New("holds a key that is encrypted with a passphrase: " +
		"write it without one, as openssl pkey -in FILE -out NEWFILE does")
)

func checkAuthorities(content []byte) error {
	if !x509.NewCertPool().AppendCertsFromPEM(content) {
		return errNoCertificate
	}
	return nil
}

func checkCertificate(content []byte) error {
	block := firstBlock(content, "CERTIFICATE")
	if block == nil {
		return errNoCertificate
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		return errNoCertificate
	}
	return nil
}

func checkKey(content []byte) error {
	block := firstBlock(content, "PRIVATE KEY")
	switch {
	case block == nil:
		return errNoKey
	case block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
		return errEncryptedKey
	case !signingKey(block.Bytes):
		return errNoKey
	}
	return nil
}

// firstBlock returns the first block of kind, or of kind after another word, as in RSA
// PRIVATE KEY; nil if there is none.
func firstBlock(content []byte, kind string) *pem.Block {
	for {
		block, rest := pem.Decode(content)
		if block == nil || block.Type == kind || strings.HasSuffix(block.Type, " "+kind) {
			return block
		}
		content = rest
	}
}

// signingKey reports whether der is a private key that can stand for a certificate.
func signingKey(der []byte) bool {
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return true
	}
	if _, err := x509.ParseECPrivateKey(der); err == nil {
		return true
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	_, signs := key.(crypto.Signer)
	return err == nil && signs
}
