//go:build !unix

package collect

import "errors"

func makePipe(string) error { return errors.ErrUnsupported }
