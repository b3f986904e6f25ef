package web

import (
	"net/http"

	"golang.org/x/text/language"
)

const langCookie = "akashi_lang"

// languages in the order of preference when a browser wants neither.
func supported() []string { return []string{"ja", "en"} }

// pickLanguage chooses by cookie, then Accept-Language, then fallback.
func pickLanguage(r *http.Request, fallback string) string {
	if c, err := r.Cookie(langCookie); err == nil && (c.Value == "ja" || c.Value == "en") {
		return c.Value
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

// setLanguage keeps the choice and goes back to the same page.
func setLanguage(w http.ResponseWriter, r *http.Request, lang string) {
	if lang == "ja" || lang == "en" {
		http.SetCookie(w, &http.Cookie{
			Name: langCookie, Value: lang, Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	}
	u := *r.URL
	v := u.Query()
	v.Del("lang")
	u.RawQuery = v.Encode()
	http.Redirect(w, r, localURL(&u), http.StatusSeeOther)
}
