package pool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"syscall"

	"github.com/minio/minio-go/v7"

	"github.com/akashi-audit/akashi/internal/pace"
)

// backOff waits longer before each further try, and not as long as others do.
func backOff(ctx context.Context, try int) error {
	d := min(s3FirstGap<<try, s3MostGap)
	return pace.Pause(ctx, d/2+rand.N(d/2))
}

// errLine: the connection ended before the answer did.
var errLine = errors.New("the connection ended")

// s3Error makes what a server says comparable.
func s3Error(err error) error {
	if err == nil {
		return nil
	}
	r := minio.ToErrorResponse(err)
	switch {
	case r.Code == "NoSuchKey" || r.Code == "NoSuchVersion" || r.StatusCode == http.StatusNotFound && r.Code != "NoSuchBucket":
		return fmt.Errorf("%w (%w)", fs.ErrNotExist, err)
	case r.Code == "" && errors.Is(err, io.ErrUnexpectedEOF): // the line broke; the object is not short
		return fmt.Errorf("%w: %s", errLine, err.Error())
	}
	return err
}

// again tells whether a call may work when it is tried again.
func again(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, errClosed) {
		return false
	}
	r := minio.ToErrorResponse(err)
	if slices.Contains([]string{"SlowDown", "SlowDownRead", "SlowDownWrite", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted"}, r.Code) {
		return true
	}
	var network net.Error
	if errors.Is(err, errLine) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return true
	}
	return r.StatusCode >= 500 || r.StatusCode == http.StatusTooManyRequests || r.StatusCode == http.StatusRequestTimeout
}

// try does a call until it works or makes no sense.
func (s *s3) try(ctx context.Context, call func() error) error {
	for n := 0; ; n++ {
		err := s3Error(call())
		if n+1 == s3Tries || !again(ctx, err) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		if err := s.wait(ctx, n); err != nil {
			return err
		}
	}
}
