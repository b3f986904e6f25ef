package web

import (
	"net/http"

	"golang.org/x/text/language"

	"github.com/akashi-audit/akashi/internal/account"
)

const langCookie = "akashi_lang"

// languages in the order of preference when a browser wants neither.
func supported() []string { return []string{"ja", "en"} }

// pickLanguage chooses by cookie (what was last chosen in this browser), then by what
// the person chose, then Accept-Language, then fallback.
func pickLanguage(r *http.Request, who *account.Visitor, fallback string) string {
	if c, err := r.Cookie(langCookie); err == nil && (c.Value == "ja" || c.Value == "en") {
		return c.Value
	}
	if who != nil && (who.Lang == "ja" || who.Lang == "en") {
		return who.Lang
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return fallback
	}
	for _, t := range tags {
		switch b, _ := t.Base(); b.String() {
		case "ja", "en":
			return b.String()
		}
	}
	return fallback
}

// keepLanguage remembers a language in this browser; "" forgets it.
func keepLanguage(w http.ResponseWriter, r *http.Request, lang string) {
	c := &http.Cookie{
		Name: langCookie, Value: lang, Path: "/", MaxAge: 365 * 24 * 3600,
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	}
	if lang == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// setLanguage keeps the choice and goes back to the same page.
func setLanguage(w http.ResponseWriter, r *http.Request, lang string) {
	if lang == "ja" || lang == "en" {
		keepLanguage(w, r, lang)
	}
	u := *r.URL
	v := u.Query()
	v.Del("lang")
	u.RawQuery = v.Encode()
	http.Redirect(w, r, localURL(&u), http.StatusSeeOther)
}
