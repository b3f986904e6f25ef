package verify

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The signatures and marks of a ZIP (APPNOTE.TXT, sections 4.3 and 4.5.3).
const (
	zipLocal       = 0x04034b50
	zipDescriptor  = 0x08074b50
	zipEntry       = 0x02014b50
	zipEnd         = 0x06054b50
	zip64End       = 0x06064b50
	zip64Locator   = 0x07064b50
	zip64Extra     = 0x0001
	zip64Version   = 45
	zipPlain       = 20        // version of what is not ZIP64
	zip32Max       = 1<<32 - 1 // a size or offset that stands in the form of ZIP64
	zip16Max       = 1<<16 - 1 // so many members
	zip64ExtraSize = 4 + 3*8   // as akashi's bundles have it: both sizes and the offset
	zip64EndSize   = 56 + 20   // end record and locator of ZIP64
)

// checkZip checks the bytes of a ZIP that belong to no member: there is nothing
// between, before or behind the members, and both headers of each say the same
// (APPNOTE.TXT, sections 4.3.7 and 4.3.12). What is larger than 4 GiB has the form
// of ZIP64, and nothing else does. Only what the hashes of members do not cover is
// looked at.
func checkZip(r io.ReaderAt, size int64, z *zip.Reader) error {
	files, at, err := sortedMembers(z)
	if err != nil {
		return err
	}
	var end int64
	var extras [][]byte // of ZIP64, of each member
	for i, f := range files {
		n := at[i] - end
		if n < 30 || n > 30+2*(1<<16) {
			return fmt.Errorf("bytes %d-%d belong to no member", end, at[i]-1)
		}
		h := make([]byte, n)
		if _, err := r.ReadAt(h, end); err != nil {
			return err
		}
		extras = append(extras, largeExtra(f, end))
		if err := checkLocal(h, f, extras[i]); err != nil {
			return fmt.Errorf("header of %q at byte %d: %w", f.Name, end, err)
		}
		if f.CompressedSize64 > uint64(size-at[i]) {
			return fmt.Errorf("member %q is longer than the file", f.Name)
		}
		end = at[i] + int64(f.CompressedSize64)
		if f.Flags&8 == 0 {
			continue
		}
		want := descriptor(f)
		d := make([]byte, len(want))
		if _, err := r.ReadAt(d, end); err != nil {
			return err
		}
		if !bytes.Equal(d, want) {
			return fmt.Errorf("sizes behind %q at byte %d", f.Name, end)
		}
		end += int64(len(d))
	}
	return checkDirectory(r, end, size, files, extras)
}

// large says whether the sizes of a member have the form of ZIP64.
func large(f *zip.File) bool {
	return f.CompressedSize64 >= zip32Max || f.UncompressedSize64 >= zip32Max
}

// largeExtra is the extra field of ZIP64 in the directory of a member whose local
// header begins at byte at; none when it needs none.
func largeExtra(f *zip.File, at int64) []byte {
	if !large(f) && at < zip32Max {
		return nil
	}
	le := binary.LittleEndian
	b := le.AppendUint16(le.AppendUint16(nil, zip64Extra), zip64ExtraSize-4)
	return le.AppendUint64(le.AppendUint64(le.AppendUint64(b, f.UncompressedSize64), f.CompressedSize64), uint64(at))
}

// descriptor is what stands behind a member whose local header has no sizes.
func descriptor(f *zip.File) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(le.AppendUint32(nil, zipDescriptor), f.CRC32)
	if large(f) {
		return le.AppendUint64(le.AppendUint64(b, f.CompressedSize64), f.UncompressedSize64)
	}
	return le.AppendUint32(le.AppendUint32(b, uint32(f.CompressedSize64)), uint32(f.UncompressedSize64))
}

func checkLocal(h []byte, f *zip.File, extra64 []byte) error {
	le := binary.LittleEndian
	names, extra := int(le.Uint16(h[26:])), int(le.Uint16(h[28:]))
	if f.Flags&8 == 0 && large(f) {
		return errors.New("a member of 4 GiB or more has its sizes before it: akashi's bundles have them behind, make the bundle again")
	}
	sizes := [3]uint32{f.CRC32, uint32(f.CompressedSize64), uint32(f.UncompressedSize64)}
	if f.Flags&8 != 0 {
		sizes = [3]uint32{}
	}
	version := f.ReaderVersion
	if large(f) { // it was not known yet
		version = zipPlain
	}
	switch {
	case le.Uint32(h) != zipLocal || len(h) != 30+names+extra || string(h[30:30+names]) != f.Name:
		return errors.New("name or length")
	case le.Uint16(h[4:]) != version || le.Uint16(h[6:]) != f.Flags || le.Uint16(h[8:]) != f.Method:
		return errors.New("version, flags or method")
	case le.Uint16(h[10:]) != f.ModifiedTime || le.Uint16(h[12:]) != f.ModifiedDate: // the bytes are meant, not the time
		return errors.New("time")
	case le.Uint32(h[14:]) != sizes[0] || le.Uint32(h[18:]) != sizes[1] || le.Uint32(h[22:]) != sizes[2]:
		return errors.New("sizes")
	case string(h[30+names:])+string(extra64) != string(f.Extra):
		return errors.New("extra fields")
	}
	return nil
}

// checkDirectory checks the central directory from byte at on.
func checkDirectory(r io.ReaderAt, at, size int64, files []*zip.File, extras [][]byte) error {
	begin := at
	le := binary.LittleEndian
	var creator, reader uint16
	var attrs uint32
	if len(files) > 0 {
		creator, reader, attrs = files[0].CreatorVersion, files[0].ReaderVersion, files[0].ExternalAttrs
		if large(files[0]) {
			reader = zipPlain
		}
	}
	for i, f := range files {
		h := make([]byte, 46)
		if _, err := r.ReadAt(h, at); err != nil {
			return err
		}
		version := reader
		if large(f) {
			version = zip64Version
		}
		bad := le.Uint32(h) != zipEntry || f.Comment != "" || le.Uint32(h[34:]) != 0 || f.ExternalAttrs != attrs || f.CreatorVersion != creator || f.ReaderVersion != version
		if x := extras[i]; x != nil {
			offset := uint32(min(le.Uint64(x[zip64ExtraSize-8:]), zip32Max))
			bad = bad || le.Uint32(h[20:]) != zip32Max || le.Uint32(h[24:]) != zip32Max || le.Uint32(h[42:]) != offset
		}
		if bad {
			return fmt.Errorf("directory entry of %q at byte %d", f.Name, at)
		}
		at += 46 + int64(len(f.Name)+len(f.Extra))
	}
	want := directoryEnd(len(files), begin, at)
	h := make([]byte, len(want))
	if _, err := r.ReadAt(h, at); err != nil {
		return err
	}
	if !bytes.Equal(h, want) || at+int64(len(h)) != size {
		return fmt.Errorf("end of the directory at byte %d", at)
	}
	return nil
}

// directoryEnd is what stands behind a directory from byte begin up to but without
// byte end.
func directoryEnd(members int, begin, end int64) []byte {
	le := binary.LittleEndian
	n, size, offset := uint64(members), uint64(end-begin), uint64(begin)
	var b []byte
	if n >= zip16Max || size >= zip32Max || offset >= zip32Max {
		b = make([]byte, 0, zip64EndSize)
		b = le.AppendUint64(le.AppendUint32(b, zip64End), 56-12)
		b = le.AppendUint16(le.AppendUint16(b, zip64Version), zip64Version)
		b = le.AppendUint32(le.AppendUint32(b, 0), 0)
		b = le.AppendUint64(le.AppendUint64(b, n), n)
		b = le.AppendUint64(le.AppendUint64(b, size), offset)
		b = le.AppendUint32(le.AppendUint32(b, zip64Locator), 0)
		b = le.AppendUint32(le.AppendUint64(b, uint64(end)), 1)
		n, size, offset = zip16Max, zip32Max, zip32Max
	}
	b = le.AppendUint32(le.AppendUint32(b, zipEnd), 0)
	b = le.AppendUint16(le.AppendUint16(b, uint16(n)), uint16(n))
	b = le.AppendUint32(le.AppendUint32(b, uint32(size)), uint32(offset))
	return le.AppendUint16(b, 0)
}
