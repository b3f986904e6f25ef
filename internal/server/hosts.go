package server

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// hosts are the names under which this server answers. A foreign name that was made
// to point here (DNS rebinding) gets nothing; an address cannot be made so.
type hosts struct {
	local bool     // loopback only
	names []string // lower case
}

// newHosts takes the names of the machine, of the configuration and of the
// certificate. On loopback only the loopback names and those of the configuration
// count.
func newHosts(local bool, configured []string, id *identity) hosts {
	h := hosts{local: local}
	for _, n := range configured {
		h.names = append(h.names, strings.ToLower(n))
	}
	if local {
		return h
	}
	own, _ := ownNames(nil)
	h.names = append(h.names, own...)
	if id != nil {
		for _, n := range id.names() {
			h.names = append(h.names, strings.ToLower(n))
		}
	}
	return h
}

// answers reports whether the Host header names this server.
func (h hosts) answers(host string) bool {
	if n, _, err := net.SplitHostPort(host); err == nil {
		host = n
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if loopback(host) || slices.Contains(h.names, host) {
		return true
	}
	if h.local {
		return false
	}
	name, _, _ := strings.Cut(host, "%")
	if net.ParseIP(name) != nil {
		return true
	}
	_, parent, ok := strings.Cut(host, ".")
	return ok && slices.Contains(h.names, "*."+parent) // a certificate for all names of a domain
}

// check answers only requests that name this server.
func (h hosts) check(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.answers(r.Host) {
			http.Error(w, "this server does not answer to that name; name it in akashi.toml, [serve] names", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// loopback reports whether host names this machine only.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
