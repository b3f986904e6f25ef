package evtx

import "errors"

func (w *Writer) appendFragment(b []byte, text string) ([]byte, error) {
	return b, errors.New("nested XML")
}
