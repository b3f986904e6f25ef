package cli

import (
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"syscall"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/evtx"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/store"
)

// explain words an error for the user: what is wrong and what to do.
func (a *app) explain(err error) string {
	p := a.p
	var format *store.FormatError
	var simulated *engine.SimulatedError
	var space *store.SpaceError
	var path *fs.PathError
	name := ""
	if errors.As(err, &path) {
		name = path.Path
	}
	var conf *config.Error
	var syntax *query.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return a.syntax(syntax)
	case errors.As(err, &conf):
		return p.T("cli.error.config", "error", conf)
	case errors.As(err, &format):
		return p.T("cli.error.newer", "dir", format.Dir, "have", format.Have, "max", store.FormatVersion)
	case errors.As(err, &space):
		return p.T("cli.error.space", "dir", space.Dir, "free", p.Bytes(int64(space.Free)), "need", p.Bytes(int64(space.Need)))
	case errors.As(err, &simulated):
		return p.T("cli.error.simulated", "file", simulated.File)
	case errors.Is(err, store.ErrLocked):
		return p.T("cli.error.locked")
	case errors.Is(err, store.ErrNoStore):
		return p.T("cli.error.nostore")
	case errors.Is(err, syscall.ENOSPC):
		return p.T("cli.error.full", "error", err)
	case errors.Is(err, syscall.EDQUOT):
		return p.T("cli.error.quota", "error", err)
	case errors.Is(err, syscall.EFBIG):
		return p.T("cli.error.filesize", "error", err)
	case errors.Is(err, syscall.EADDRINUSE):
		return p.T("cli.error.port", "error", err)
	case errors.Is(err, fs.ErrNotExist) && name != "":
		return p.T("cli.error.missing", "path", name)
	case errors.Is(err, fs.ErrPermission) && name != "":
		return p.T("cli.error.permission", "path", name)
	case errors.Is(err, collect.ErrEmpty):
		return p.T("cli.error.empty")
	case errors.Is(err, collect.ErrForeign):
		return p.T("cli.error.foreign")
	case errors.Is(err, collect.ErrIrregular):
		return p.T("cli.error.irregular")
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, io.ErrUnexpectedEOF):
		return p.T("cli.error.gzip")
	case errors.Is(err, evtx.ErrFormat):
		return p.T("cli.error.notevtx")
	}
	return err.Error()
}
