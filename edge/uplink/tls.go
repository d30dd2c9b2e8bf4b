package uplink

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"sync"
	"time"
)

// Credentials are files in PEM. They are read anew at each connection, so that a
// renewed certificate needs no restart. All are optional.
type Credentials struct {
	CAFile     string // who may sign the broker's certificate; empty: the system's roots
	CertFile   string // the gateway's own certificate, behind it those that lead to its authority
	KeyFile    string // the key of CertFile, not encrypted, readable by the gateway alone
	ServerName string // the name in the broker's certificate; empty: the host of the address
}

// Check reads the files and says what is wrong with them, each by itself and with what
// to do: nil where a connection could be made with them. A file that is not there is an
// error as well.
func (c Credentials) Check() error {
	_, err := readRoots(c.CAFile)
	if c.CertFile == "" || c.KeyFile == "" {
		return err
	}
	_, _, own := readPair(c.CertFile, c.KeyFile)
	return errors.Join(err, own)
}

// secrets makes TLS configurations and remembers what it learned of certificates.
// Its methods are safe for concurrent use.
type secrets struct {
	files Credentials
	time  func() (now time.Time, trusted bool)

	mu    sync.Mutex
	own   Certificate // of CertFile, as read last
	read  fileStamp   // what CertFile was then
	chain []Certificate
	fault error // of our files, when they were read last
	open  bool  // everybody may read KeyFile
}

func newSecrets(o *Options) *secrets {
	s := &secrets{files: o.Credentials, time: o.Time}
	if s.time == nil {
		s.time = func() (time.Time, bool) { return time.Now(), true }
	}
	return s
}

// config reads the files and returns how to speak TLS with a host.
func (s *secrets) config(host string) (*tls.Config, error) {
	now, trusted := s.time()
	name := cmp.Or(s.files.ServerName, host)
	roots, err := readRoots(s.files.CAFile)
	var own *tls.Certificate
	if err == nil {
		own, err = s.readOwn(now, trusted)
	}
	s.mu.Lock()
	s.fault = err
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	j := judge{name: name, roots: roots, file: s.files.CAFile, now: now, trusted: trusted}
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		ServerName: name,
		// The judge does what crypto/tls would, but at a time of its own: see judge.
		InsecureSkipVerify: true,
		VerifyConnection: func(c tls.ConnectionState) error {
			chain, err := j.verify(c.PeerCertificates)
			if err != nil {
				return err
			}
			s.saw(chain)
			return nil
		},
		// Not Certificates: of those, one that the broker's list of authorities does not
		// mention is left out without a word, and the broker then misses it.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return own, nil },
	}, nil
}

// readOwn reads the gateway's certificate and key; without any it returns an empty
// one, which says to the broker that there is none.
func (s *secrets) readOwn(now time.Time, trusted bool) (*tls.Certificate, error) {
	if s.files.CertFile == "" {
		return new(tls.Certificate), nil
	}
	stamp := stampOf(s.files.CertFile)
	own, open, err := readPair(s.files.CertFile, s.files.KeyFile)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = open
	if err != nil {
		return nil, err
	}
	s.read, s.own = stamp, Certificate{Of: OfGateway, Name: s.files.CertFile, Starts: own.Leaf.NotBefore, Ends: own.Leaf.NotAfter}
	// An expired certificate is tried all the same: it is the broker's to refuse.
	return own, nil
}

// saw keeps the certificates of the broker: its own, and of those above it the one
// that ends first.
func (s *secrets) saw(chain []*x509.Certificate) {
	seen := []Certificate{{Of: OfBroker, Name: title(chain[0]), Starts: chain[0].NotBefore, Ends: chain[0].NotAfter}}
	if above := chain[1:]; len(above) > 0 {
		first := above[0]
		for _, c := range above[1:] {
			if c.NotAfter.Before(first.NotAfter) {
				first = c
			}
		}
		seen = append(seen, Certificate{Of: OfAuthority, Name: title(first), Starts: first.NotBefore, Ends: first.NotAfter})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chain = seen
}

// judge decides whether a broker is the one that it should be.
//
// The time it judges at is the gateway's, and while that is not trusted, the floor:
// a time that has certainly passed. A certificate that ended before the floor is
// refused, as it would be with a good clock. One that begins after the floor cannot
// be told from one that is valid now, and refusing it would lock a board without a
// clock chip out of the network from which it gets its time, for as long as its
// floor is older than the broker's last renewal. So it is judged at the moment it
// begins. What that gives away is small: a certificate that is signed by our
// authority for a time to come, and one that has ended since the floor, whose key
// was stolen, while the clock is not trusted. With a trusted clock nothing of this
// holds.
type judge struct {
	name    string
	roots   []*x509.Certificate // nil: the system's
	file    string              // where they come from
	now     time.Time
	trusted bool
}

// verify returns the chain, the broker's certificate first; of several the one that
// holds longest.
func (j judge) verify(shown []*x509.Certificate) ([]*x509.Certificate, error) {
	if len(shown) == 0 {
		return nil, wrongf(nil, "the broker shows no certificate")
	}
	between := x509.NewCertPool()
	for _, c := range shown[1:] {
		between.AddCert(c)
	}
	var roots *x509.CertPool // nil: the system's
	if j.roots != nil {
		roots = x509.NewCertPool()
		for _, c := range j.roots {
			roots.AddCert(c)
		}
	}
	chains, err := shown[0].Verify(x509.VerifyOptions{DNSName: j.name, Roots: roots, Intermediates: between, CurrentTime: j.at(shown)})
	if err != nil {
		return nil, j.explain(shown, err)
	}
	best := chains[0]
	for _, c := range chains[1:] {
		if ends(c).After(ends(best)) {
			best = c
		}
	}
	return best, nil
}

// at returns the time to judge at: see judge.
func (j judge) at(shown []*x509.Certificate) time.Time {
	at := j.now
	if j.trusted {
		return at
	}
	for _, c := range shown {
		if c.NotBefore.After(at) {
			at = c.NotBefore
		}
		for _, root := range j.roots {
			if bytes.Equal(root.RawSubject, c.RawIssuer) && root.NotBefore.After(at) {
				at = root.NotBefore
			}
		}
	}
	return at
}

// ends returns when the first certificate of a chain ends.
func ends(chain []*x509.Certificate) time.Time {
	first := chain[0].NotAfter
	for _, c := range chain[1:] {
		if c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	return first
}
