package verify

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// checkZip checks the bytes of a ZIP that belong to no member: there is nothing
// between, before or behind the members, and both headers of each say the same
// (APPNOTE.TXT, sections 4.3.7 and 4.3.12). Only what the hashes of members do
// not cover is looked at.
func checkZip(r io.ReaderAt, size int64, z *zip.Reader) error {
	files, at, err := sortedMembers(z)
	if err != nil {
		return err
	}
	var end int64
	for i, f := range files {
		n := at[i] - end
		if n < 30 || n > 30+2*(1<<16) {
			return fmt.Errorf("bytes %d-%d belong to no member", end, at[i]-1)
		}
		h := make([]byte, n)
		if _, err := r.ReadAt(h, end); err != nil {
			return err
		}
		if err := checkLocal(h, f); err != nil {
			return fmt.Errorf("header of %q at byte %d: %w", f.Name, end, err)
		}
		if f.CompressedSize64 > uint64(size-at[i]) {
			return fmt.Errorf("member %q is longer than the file", f.Name)
		}
		end = at[i] + int64(f.CompressedSize64)
		if f.Flags&8 == 0 {
			continue
		}
		d := make([]byte, 16)
		if _, err := r.ReadAt(d, end); err != nil {
			return err
		}
		le := binary.LittleEndian
		if le.Uint32(d) != 0x08074b50 || le.Uint32(d[4:]) != f.CRC32 || uint64(le.Uint32(d[8:])) != f.CompressedSize64 || uint64(le.Uint32(d[12:])) != f.UncompressedSize64 {
			return fmt.Errorf("sizes behind %q at byte %d", f.Name, end)
		}
		end += 16
	}
	return checkDirectory(r, end, size, files)
}

func checkLocal(h []byte, f *zip.File) error {
	le := binary.LittleEndian
	names, extra := int(le.Uint16(h[26:])), int(le.Uint16(h[28:]))
	sizes := [3]uint32{f.CRC32, uint32(f.CompressedSize64), uint32(f.UncompressedSize64)}
	if f.Flags&8 != 0 {
		sizes = [3]uint32{}
	}
	switch {
	case le.Uint32(h) != 0x04034b50 || len(h) != 30+names+extra || string(h[30:30+names]) != f.Name:
		return errors.New("name or length")
	case le.Uint16(h[4:]) != f.ReaderVersion || le.Uint16(h[6:]) != f.Flags || le.Uint16(h[8:]) != f.Method:
		return errors.New("version, flags or method")
	case le.Uint16(h[10:]) != f.ModifiedTime || le.Uint16(h[12:]) != f.ModifiedDate: // the bytes are meant, not the time
		return errors.New("time")
	case le.Uint32(h[14:]) != sizes[0] || le.Uint32(h[18:]) != sizes[1] || le.Uint32(h[22:]) != sizes[2]:
		return errors.New("sizes")
	case string(h[30+names:]) != string(f.Extra):
		return errors.New("extra fields")
	}
	return nil
}

// checkDirectory checks the central directory from byte at on.
func checkDirectory(r io.ReaderAt, at, size int64, files []*zip.File) error {
	begin := at
	le := binary.LittleEndian
	for _, f := range files {
		h := make([]byte, 46)
		if _, err := r.ReadAt(h, at); err != nil {
			return err
		}
		first := files[0]
		if le.Uint32(h) != 0x02014b50 || f.Comment != "" || le.Uint16(h[34:]) != 0 || le.Uint16(h[36:]) != 0 ||
			f.ExternalAttrs != first.ExternalAttrs || f.CreatorVersion != first.CreatorVersion || f.ReaderVersion != first.ReaderVersion {
			return fmt.Errorf("directory entry of %q at byte %d", f.Name, at)
		}
		at += 46 + int64(len(f.Name)+len(f.Extra))
	}
	h := make([]byte, 22)
	if _, err := r.ReadAt(h, at); err != nil {
		return err
	}
	n := uint16(len(files))
	if at+22 != size || le.Uint32(h) != 0x06054b50 || le.Uint32(h[4:]) != 0 || le.Uint16(h[8:]) != n || le.Uint16(h[10:]) != n ||
		int64(le.Uint32(h[12:])) != at-begin || int64(le.Uint32(h[16:])) != begin || le.Uint16(h[20:]) != 0 {
		return fmt.Errorf("end of the directory at byte %d", at)
	}
	return nil
}
