package cli

import (
	"errors"

	"github.com/spf13/pflag"
)

// flagError words what is wrong with a flag.
func (a *app) flagError(err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	var syntax *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &unknown):
		name := "--" + unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			name = "-" + unknown.GetSpecifiedName()
		}
		return errors.New(a.p.T("cli.error.flag.unknown", "flag", name))
	case errors.As(err, &missing):
		return errors.New(a.p.T("cli.error.flag.value", "flag", "--"+missing.GetSpecifiedName()))
	case errors.As(err, &invalid):
		return errors.New(a.p.T("cli.error.flag.invalid", "flag", "--"+invalid.GetFlag().Name, "value", invalid.GetValue()))
	case errors.As(err, &syntax):
		return errors.New(a.p.T("cli.error.flag.unknown", "flag", syntax.GetSpecifiedFlag()))
	}
	return err
}
