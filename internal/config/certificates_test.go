package config

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func pemText(blockType string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der}))
}

// certificateOf makes a certificate of the key, signed with it.
func certificateOf(t *testing.T, key crypto.Signer) string {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "exporter.example.com"},
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pemText("CERTIFICATE", der)
}

func newECKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pkcs8(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pemText("PRIVATE KEY", der)
}

// newPair makes a certificate and its key.
func newPair(t *testing.T) (cert, key string) {
	t.Helper()
	signer := newECKey(t)
	return certificateOf(t, signer), pkcs8(t, signer)
}

// writeFiles writes files into directory.
func writeFiles(t *testing.T, directory string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// writePair writes a certificate and its key into directory, under the names that the
// default file and the documentation have.
func writePair(t *testing.T, directory string) {
	t.Helper()
	cert, key := newPair(t)
	writeFiles(t, directory, map[string]string{
		"ca.pem": cert, "company-ca.pem": cert, "client.pem": cert, "client-key.pem": key,
	})
}

// withTLS is a configuration of which tls_config, given line by line, begins in line 8.
func withTLS(scheme, lines string) string {
	return `workspaces:
  main:
    url: ` + scheme + `://chat.example.com
    user_id: x
    auth_token: x
    http_client:
      tls_config:
        ` + strings.ReplaceAll(lines, "\n", "\n        ") + "\n"
}

func TestGoodCertificates(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	cert, key := newPair(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecKey := newECKey(t)
	sec1, err := x509.MarshalECPrivateKey(ecKey)
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, directory, map[string]string{
		"cert.pem": cert, "key.pem": key,
		"rsa.pem": certificateOf(t, rsaKey), "rsa-key.pem": pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)),
		"ed.pem": certificateOf(t, edKey), "ed-key.pem": pkcs8(t, edKey),
		"ec.pem": certificateOf(t, ecKey), "ec-key.pem": pemText("EC PARAMETERS", []byte{6, 1, 0}) + pemText("EC PRIVATE KEY", sec1),
		"both.pem":  "subject=exporter\n" + key + cert,
		"chain.pem": cert + certificateOf(t, ecKey),
		"largest":   cert + strings.Repeat("\n", maxPEMBytes-len(cert)),
	})
	variables := map[string]string{"CERT": cert, "KEY": key, "DIRECTORY": directory}
	for name, lines := range map[string]string{
		"files":                "ca_file: chain.pem\ncert_file: cert.pem\nkey_file: key.pem",
		"inline":               "ca: ${CERT}\ncert: ${CERT}\nkey: ${KEY}",
		"inline and file":      "cert: ${CERT}\nkey_file: ${DIRECTORY}/key.pem",
		"file and inline":      "cert_file: ${DIRECTORY}/cert.pem\nkey: ${KEY}",
		"RSA":                  "cert_file: rsa.pem\nkey_file: rsa-key.pem",
		"Ed25519":              "cert_file: ed.pem\nkey_file: ed-key.pem",
		"EC with parameters":   "cert_file: ec.pem\nkey_file: ec-key.pem",
		"one file for both":    "cert_file: both.pem\nkey_file: both.pem",
		"a chain":              "cert_file: chain.pem\nkey_file: key.pem",
		"the largest file":     "ca_file: largest",
		"key and certificates": "ca_file: both.pem",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := parse(filepath.Join(directory, "config.yml"), []byte(withTLS("https", lines)), environment(variables)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCertificateMistakes(t *testing.T) {
	t.Parallel()
	const (
		noCert   = "holds no certificate in PEM: it must have all lines from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----"
		noKey    = "holds no private key in PEM: it must have all lines from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----"
		locked   = "holds a key that is encrypted with a passphrase: write it without one, as openssl pkey -in FILE -out NEWFILE does"
		notFile  = "it is not a regular file: name a file that holds "
		noDevice = ", not a directory, a pipe or a device"
		missing  = "no such file or directory: create it, or correct the path in the configuration"
		foreign  = ": configure the key that the certificate was made for"
	)
	directory := t.TempDir()
	cert, key := newPair(t)
	otherCert, otherKey := newPair(t)
	exchange, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"cert.pem": cert, "key.pem": key, "other.pem": otherCert, "other-key.pem": otherKey,
		"text":        "hunter2hunter2\n",
		"empty":       "",
		"large":       strings.Repeat("hunter2\n", maxPEMBytes/8) + "x",
		"damaged":     pemText("CERTIFICATE", []byte("hunter2")),
		"damaged-key": pemText("PRIVATE KEY", []byte("hunter2")),
		"cut":         cert[:len(cert)/2],
		"cut-key":     key[:len(key)/2],
		"exchange":    pkcs8(t, exchange),
		"locked":      pemText("ENCRYPTED PRIVATE KEY", []byte("hunter2")),
		"old-locked": string(pem.EncodeToMemory(&pem.Block{
			Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("hunter2"),
		})),
	}
	writeFiles(t, directory, files)
	variables := map[string]string{
		"CERT": cert, "KEY": key, "OTHER_CERT": otherCert, "OTHER_KEY": otherKey, "TEXT": "hunter2", "NAME": "hunter2.pem",
	}
	for name, test := range map[string]struct {
		lines string
		want  []string // DIR stands for the directory, and each begins with line and key.
	}{
		"missing, with another mistake": {
			"ca_file: a\ncert_file: b\nkey_file: c\nmin_version: TLS9",
			[]string{
				`8: ca_file: read "DIR/a": ` + missing,
				`9: cert_file: read "DIR/b": ` + missing,
				`10: key_file: read "DIR/c": ` + missing,
				`11: min_version: "TLS9" is not a version of TLS: write one of TLS10, TLS11, TLS12, TLS13`,
			},
		},
		"missing, named by a variable": {
			"ca_file: ${NAME}\ncert_file: ${NAME}\nkey_file: x-${NAME}",
			[]string{
				`8: ca_file: read "${NAME}": ` + missing + " (with the value of NAME)",
				`9: cert_file: read "${NAME}": ` + missing + " (with the value of NAME)",
				`10: key_file: read "x-${NAME}": ` + missing + " (with the value of NAME)",
			},
		},
		"variable that is not set": {
			"ca_file: ${NOBODY}\ncert_file: cert.pem\nkey_file: ${NOBODY}",
			[]string{
				"8: ca_file: the environment variable NOBODY is not set: set it",
				"10: key_file: the environment variable NOBODY is not set: set it",
			},
		},
		"directory and device": {
			"ca_file: .\ncert_file: /dev/zero\nkey_file: /dev/null",
			[]string{
				`8: ca_file: read "DIR": ` + notFile + "the certificates" + noDevice,
				`9: cert_file: read "/dev/zero": ` + notFile + "the certificate" + noDevice,
				`10: key_file: read "/dev/null": ` + notFile + "the key" + noDevice,
			},
		},
		"below a file": {
			"ca_file: text/a",
			[]string{`8: ca_file: read "DIR/text/a": not a directory: check the path`},
		},
		"too large": {
			"ca_file: large\ncert_file: large\nkey_file: large",
			[]string{
				`8: ca_file: read "DIR/large": the file is larger than 1024 KiB: it must hold the certificates alone`,
				`9: cert_file: read "DIR/large": the file is larger than 1024 KiB: it must hold the certificate alone`,
				`10: key_file: read "DIR/large": the file is larger than 1024 KiB: it must hold the key alone`,
			},
		},
		"not PEM": {
			"ca_file: text\ncert_file: text\nkey_file: text",
			[]string{`8: ca_file: "DIR/text" ` + noCert, `9: cert_file: "DIR/text" ` + noCert, `10: key_file: "DIR/text" ` + noKey},
		},
		"not PEM, inline": {
			"ca: hunter2\ncert: hunter2\nkey: ${TEXT}",
			[]string{"8: ca: " + noCert, "9: cert: " + noCert, "10: key: " + noKey + " (with the value of TEXT)"},
		},
		"empty": {
			"ca_file: empty\ncert_file: empty\nkey_file: empty",
			[]string{`8: ca_file: "DIR/empty" ` + noCert, `9: cert_file: "DIR/empty" ` + noCert, `10: key_file: "DIR/empty" ` + noKey},
		},
		"damaged": {
			"ca_file: damaged\ncert_file: damaged\nkey_file: damaged-key",
			[]string{`8: ca_file: "DIR/damaged" ` + noCert, `9: cert_file: "DIR/damaged" ` + noCert, `10: key_file: "DIR/damaged-key" ` + noKey},
		},
		"cut short": {
			"ca_file: cut\ncert_file: cut\nkey_file: cut-key",
			[]string{`8: ca_file: "DIR/cut" ` + noCert, `9: cert_file: "DIR/cut" ` + noCert, `10: key_file: "DIR/cut-key" ` + noKey},
		},
		"certificate and key exchanged": {
			"ca_file: key.pem\ncert_file: key.pem\nkey_file: cert.pem",
			[]string{`8: ca_file: "DIR/key.pem" ` + noCert, `9: cert_file: "DIR/key.pem" ` + noCert, `10: key_file: "DIR/cert.pem" ` + noKey},
		},
		"one of the pair": {
			"cert_file: cert.pem\nkey_file: text",
			[]string{`9: key_file: "DIR/text" ` + noKey},
		},
		"key that cannot sign": {
			"cert_file: cert.pem\nkey_file: exchange",
			[]string{`9: key_file: "DIR/exchange" ` + noKey},
		},
		"encrypted key":                    {"cert_file: cert.pem\nkey_file: locked", []string{`9: key_file: "DIR/locked" ` + locked}},
		"encrypted key in the old form":    {"cert_file: cert.pem\nkey_file: old-locked", []string{`9: key_file: "DIR/old-locked" ` + locked}},
		"files that do not match":          {"cert_file: cert.pem\nkey_file: other-key.pem", []string{`9: key_file: "DIR/other-key.pem" is not the key of the certificate in cert_file` + foreign}},
		"key before the certificate":       {"key_file: other-key.pem\ncert_file: cert.pem", []string{`8: key_file: "DIR/other-key.pem" is not the key of the certificate in cert_file` + foreign}},
		"file and inline do not match":     {"cert_file: cert.pem\nkey: ${OTHER_KEY}", []string{"9: key: is not the key of the certificate in cert_file" + foreign + " (with the value of OTHER_KEY)"}},
		"inline and file do not match":     {"cert: ${OTHER_CERT}\nkey_file: key.pem", []string{`9: key_file: "DIR/key.pem" is not the key of the certificate in cert` + foreign}},
		"inline texts that do not match":   {"cert: ${CERT}\nkey: ${OTHER_KEY}", []string{"9: key: is not the key of the certificate in cert" + foreign + " (with the value of OTHER_KEY)"}},
		"certificate alone, and missing":   {"cert_file: b", []string{`8: cert_file: read "DIR/b": ` + missing, "8: cert_file: a client certificate needs its key: add key_file or key"}},
		"key alone, and no key":            {"key_file: text", []string{`8: key_file: "DIR/text" ` + noKey, "8: key_file: a key needs its client certificate: add cert_file or cert"}},
		"text and file, each with mistake": {"ca: hunter2\nca_file: a", []string{"8: ca: " + noCert, "9: ca_file: ca is there too: remove one of them", `9: ca_file: read "DIR/a": ` + missing}},
		"text and file that do not match": {
			"cert_file: cert.pem\ncert: ${OTHER_CERT}\nkey_file: key.pem",
			[]string{"8: cert_file: cert is there too: remove one of them"},
		},
		"the text in place of the name": {
			"ca_file: ${CERT}\ncert_file: -----BEGIN CERTIFICATE----- hunter2\nkey_file: |\n  hunter2hunter2\n  hunter2",
			[]string{
				"8: ca_file: is not the name of a file: rename ca_file to ca if the text itself is meant (with the value of CERT)",
				"9: cert_file: is not the name of a file: rename cert_file to cert if the text itself is meant",
				"10: key_file: is not the name of a file: rename key_file to key if the text itself is meant",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(directory, "config.yml")
			var inFiles []string
			for _, mistake := range test.want {
				line, message, _ := strings.Cut(strings.ReplaceAll(mistake, "DIR", directory), ": ")
				inFiles = append(inFiles, file+":"+line+": workspaces.main.http_client.tls_config."+message)
			}
			noEffect := file + ":7: workspaces.main.http_client.tls_config: has no effect with an http:// url: " +
				"use https:// in url, or remove tls_config"
			for scheme, want := range map[string][]string{"https": inFiles, "http": append([]string{noEffect}, inFiles...)} {
				_, err := parse(file, []byte(withTLS(scheme, test.lines)), environment(variables))
				if err == nil {
					t.Fatal("there is no error")
				}
				if got, want := err.Error(), strings.Join(want, "\n"); got != want {
					t.Errorf("%s: got\n%s\nwant\n%s", scheme, got, want)
				}
				checkMessages(t, file, err)
				checkShowsNoContent(t, err.Error(), files)
			}
		})
	}
}

// checkShowsNoContent checks that the message has nothing of the files but what every
// PEM text has.
func checkShowsNoContent(t *testing.T, message string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		for line := range strings.Lines(content) {
			line = strings.TrimSpace(line)
			if len(line) > 1 && !strings.HasPrefix(line, "-----") && strings.Contains(message, line) {
				t.Errorf("the content of %s is shown: %s", name, message)
			}
		}
	}
}
