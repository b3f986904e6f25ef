package i18n

import "strings"

// FromEnv picks the language of a program's messages: the option, then
// AKASHI_LANG, then the POSIX order LC_ALL, LC_MESSAGES, LANG. The first one
// that is set decides; ja… is Japanese, all else English.
func FromEnv(option string, getenv func(string) string) string {
	candidates := []string{option}
	for _, name := range []string{"AKASHI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		candidates = append(candidates, getenv(name))
	}
	for _, c := range candidates {
		if c = strings.TrimSpace(c); c != "" {
			return For(c).Lang()
		}
	}
	return English
}
