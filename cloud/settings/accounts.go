package settings

import (
	"crypto/tls"
	"net"
	"net/netip"
	"net/url"
	"time"
)

// TLS is the certificate that the console and the API show.
type TLS struct {
	Certificate string `yaml:"certificate,required"` // PEM file, the server's first
	Key         string `yaml:"key,required"`         // PEM file
}

// Accounts says who may log in, and how.
type Accounts struct {
	SecondFactor bool          `yaml:"second_factor"` // one-time codes are needed, not only possible
	PasswordAge  time.Duration `yaml:"password_age"`  // older passwords must be changed; 0: never
	// Proxies are the addresses of reverse proxies, like 10.0.0.5 or 10.0.0.0/24, that see to
	// TLS and say where requests come from.
	Proxies []string `yaml:"proxies"`
	OIDC    *OIDC    `yaml:"oidc"` // nil: nobody but local accounts
}

// OIDC is an identity provider that people may log in with.
type OIDC struct {
	Issuer       string             `yaml:"issuer,required"`    // URL
	ClientID     string             `yaml:"client_id,required"` // as the provider knows the aggregator
	ClientSecret string             `yaml:"-"`                  // content of SecretFile
	SecretFile   string             `yaml:"client_secret_file"`
	Redirect     string             `yaml:"redirect,required"` // the aggregator's own URL of /api/v1/auth/oidc/callback
	Claim        string             `yaml:"groups_claim"`      // empty: groups
	Groups       map[string][]Grant `yaml:"groups,required"`   // the rights that each group gives
}

// Grant is a role for an area and all below it; "*" is everywhere.
type Grant struct {
	Role string `yaml:"role,required"`
	Area string `yaml:"area,required"`
}

// maxPasswordAge is what nobody wants to exceed: ten years.
const maxPasswordAge = 3650 * 24 * time.Hour

// Protected says whether the console's address may be reached from outside: it has
// accounts, and either TLS or a proxy that sees to it.
func (s *Settings) Protected() bool {
	return s.Accounts != nil && (s.TLS != nil || len(s.Accounts.Proxies) > 0)
}

// ProxyNetworks are the proxies' addresses as networks. Parse has checked them.
func (a *Accounts) ProxyNetworks() []netip.Prefix {
	var all []netip.Prefix
	for _, text := range a.Proxies {
		if p, ok := network(text); ok {
			all = append(all, p)
		}
	}
	return all
}

// network reads an address or a network.
func network(text string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err == nil
}

func (c *checker) accounts(s *Settings) {
	if t := s.TLS; t != nil && t.Certificate != "" && t.Key != "" {
		if _, err := tls.LoadX509KeyPair(t.Certificate, t.Key); err != nil {
			c.say("E5009", "the certificate and its key cannot be used: "+err.Error(), "tls")
		}
	}
	a := s.Accounts
	if a == nil {
		return
	}
	if a.PasswordAge != 0 && (a.PasswordAge < 24*time.Hour || a.PasswordAge > maxPasswordAge) {
		c.say("E5008", "password_age must be between 1d and 3650d; leave it out for passwords that do not age", "accounts", "password_age")
	}
	if o := a.OIDC; o != nil && o.Issuer != "" && o.Redirect != "" {
		schemes := []string{"https"} // who can change its answers on the way is whoever he likes here
		if u, err := url.Parse(o.Issuer); err == nil && local(u.Hostname()) {
			schemes = append(schemes, "http")
		}
		c.url(o.Issuer, schemes, "accounts", "oidc", "issuer")
		c.url(o.Redirect, []string{"https", "http"}, "accounts", "oidc", "redirect")
		o.ClientSecret = c.secret(o.SecretFile, "accounts", "oidc", "client_secret_file")
	}
	for _, text := range a.Proxies {
		if p, ok := network(text); !ok || p.Bits() == 0 {
			c.say("E5001", "\""+text+"\" is no proxy's address; write one like 10.0.0.5, or a network like 10.0.0.0/24", "accounts", "proxies")
		}
	}
}

// local says whether a host is this machine, so that nobody stands between.
func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
