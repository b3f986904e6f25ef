package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// AgainDir is the folder in DirName of what is hashed anew under another algorithm.
const AgainDir = "again"

// maxAgain bounds a line of a list, in bytes.
const maxAgain = 1 << 20

// The kinds of things in a list of what is hashed anew.
const (
	AgainFile    = "file"    // the first Size bytes of a file of the data folder
	AgainObject  = "object"  // an object of the archive, plain
	AgainContent = "content" // what a packed file holds: a kept input file
	AgainTrail   = "trail"   // the bytes From to From+Size of a file of the trail
	AgainRows    = "rows"    // the records of a part: both roots are over the same lines
	AgainBroken  = "broken"  // it was not what its SHA-256 says, or could not be read; there is no new digest
)

// Again is a thing that has its SHA-256 in the log or in a list that the log names, with
// its digest under another algorithm. Both were of the same bytes, read once.
type Again struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	From int64  `json:"from,omitempty"` // of AgainTrail
	Size int64  `json:"size"`           // bytes; lines of AgainRows
	Old  Hash   `json:"sha256"`
	New  Digest `json:"new,omitempty"`
	Of   string `json:"of,omitempty"`  // of AgainBroken: the kind that it should have
	Why  string `json:"why,omitempty"` // of AgainBroken
}

// AgainLeaf is the subject of a leaf of KindAgain. From the leaf done on, everything that
// is sealed is hashed under the algorithm, too.
type AgainLeaf struct {
	Act    string    `json:"act"` // AgainBegin, AgainDone
	Hash   Algorithm `json:"hash"`
	Rate   int64     `json:"rate,omitempty"`   // bytes a second of the pass, 0 = as fast as it goes
	Lines  int64     `json:"lines,omitempty"`  // of the list so far
	Broken int       `json:"broken,omitempty"` // things that could not be carried over
}

// The acts of an AgainLeaf.
const (
	AgainBegin = "begin"
	AgainDone  = "done"
)

// ParseAgainLeaf reads the subject of a leaf of KindAgain.
func ParseAgainLeaf(subject string) (x AgainLeaf, err error) {
	if err = json.Unmarshal([]byte(subject), &x); err == nil {
		_, err = ParseAlgorithm(string(x.Hash))
	}
	if err != nil {
		return x, fmt.Errorf("leaf of a renewal: %w", err)
	}
	return x, nil
}

// AgainOf is what the leaves of a log, oldest first, say of renewals: the algorithm in
// force ("" = none) and one whose pass has begun and is not done.
func AgainOf(l []AgainLeaf) (force, begun AgainLeaf) {
	for _, x := range l {
		if x.Act == AgainDone {
			force = x
			if begun.Hash == x.Hash {
				begun = AgainLeaf{}
			}
		} else {
			begun = x
		}
	}
	return force, begun
}

// Key names the thing, whatever its state: the last line of a key holds.
func (x *Again) Key() string {
	kind := x.Kind
	if kind == AgainBroken {
		kind = x.Of
	}
	if kind == AgainTrail {
		return kind + " " + strconv.FormatInt(x.From, 10) + " " + x.Name
	}
	return kind + " " + x.Name
}

// The stored form of a line of a list is {"hash":"…","entry":…}.
const (
	againPrefix = `{"hash":"`
	againMiddle = `","entry":`
)

// EncodeAgain is the canonical JSON of a thing: what its leaf in the tree of the list is of.
func EncodeAgain(x *Again) ([]byte, error) {
	y := *x
	y.Name, y.Why = strings.ToValidUTF8(y.Name, "\ufffd"), strings.ToValidUTF8(y.Why, "\ufffd")
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(&y); err != nil {
		return nil, fmt.Errorf("encode a line: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// ParseAgain reads a thing; only the canonical form is one.
func ParseAgain(data []byte) (*Again, error) {
	if len(data) > maxAgain {
		return nil, fmt.Errorf("line of %d bytes", len(data))
	}
	var x Again
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&x); err != nil {
		return nil, fmt.Errorf("line: %w", err)
	}
	again, err := EncodeAgain(&x)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, data) {
		return nil, errors.New("line: it is not in the canonical form")
	}
	return &x, nil
}

// AppendAgainLine appends the stored form of a line and its end.
func AppendAgainLine(b, data []byte, h Digest) []byte {
	t, _ := h.MarshalText() // never fails
	b = append(append(append(b, againPrefix...), t...), againMiddle...)
	return append(append(b, data...), "}\n"...)
}

// ParseAgainLine reads a stored line without its end. On an error stored is the digest
// that the line carries, nil when it carries none. data is part of line.
func ParseAgainLine(a Algorithm, line []byte) (data []byte, stored Digest, err error) {
	fixed := len(againPrefix) + 2*a.Size() + len(againMiddle)
	if len(line) > maxAgain || len(line) <= fixed || !bytes.HasPrefix(line, []byte(againPrefix)) || line[len(line)-1] != '}' ||
		string(line[fixed-len(againMiddle):fixed]) != againMiddle {
		return nil, nil, errors.New("it does not follow the format")
	}
	if err := stored.UnmarshalText(line[len(againPrefix) : fixed-len(againMiddle)]); err != nil {
		return nil, nil, errors.New("it does not follow the format")
	}
	data = line[fixed : len(line)-1]
	if !a.Leaf(data).Equal(stored) {
		return data, stored, errors.New("its digest is another one")
	}
	return data, stored, nil
}

// Head is a signed statement under another algorithm: the root over the leaves of the
// log, and the root over a list of Again. Text is the whole signed note; its digest under
// the algorithm is what a time stamp is of.
type Head struct {
	Origin    string
	Algorithm Algorithm
	Leaves    int64
	Tree      Digest // over the leaves of the log
	Lines     int64
	List      Digest // over the lines of the list
	Time      int64  // Unix ns, by the signer's clock; proves nothing
	Text      []byte
}

// body is the signed text.
func (h *Head) body() string {
	e := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("%s\nagain %s\nleaves %d %s\nlist %d %s\ntime %d\n", h.Origin, h.Algorithm, h.Leaves, e(h.Tree), h.Lines, e(h.List), h.Time)
}

// Digest is what a time stamp of the head is of.
func (h *Head) Digest() Digest { return h.Algorithm.Sum(h.Text) }

// ParseHead reads a signed head and checks no signature.
func ParseHead(text []byte) (*Head, error) {
	if len(text) > maxCheckpoint {
		return nil, fmt.Errorf("head of %d bytes, want at most %d", len(text), maxCheckpoint)
	}
	_, err := note.Open(text, note.VerifierList())
	var un *note.UnverifiedNoteError
	if !errors.As(err, &un) {
		return nil, fmt.Errorf("head: %w", err)
	}
	if err := shortest(un.Note); err != nil {
		return nil, fmt.Errorf("head: %w", err)
	}
	h := &Head{Text: bytes.Clone(text)}
	l := strings.Split(un.Note.Text, "\n")
	if len(l) != 6 || l[5] != "" {
		return nil, errors.New("head: want an origin, an algorithm, two roots and a time")
	}
	h.Origin = l[0]
	name, _ := strings.CutPrefix(l[1], "again ")
	if h.Algorithm, err = ParseAlgorithm(name); err != nil {
		return nil, fmt.Errorf("head: %w", err)
	}
	if h.Leaves, h.Tree, err = parseRoot(l[2], "leaves "); err != nil {
		return nil, err
	}
	if h.Lines, h.List, err = parseRoot(l[3], "list "); err != nil {
		return nil, err
	}
	at, _ := strings.CutPrefix(l[4], "time ")
	if h.Time, err = strconv.ParseInt(at, 10, 64); err != nil {
		return nil, fmt.Errorf("head: time %q", l[4])
	}
	if h.body() != un.Note.Text {
		return nil, errors.New("head: it is not in its shortest form")
	}
	return h, nil
}

func parseRoot(s, prefix string) (n int64, d Digest, err error) {
	rest, _ := strings.CutPrefix(s, prefix)
	count, root, _ := strings.Cut(rest, " ")
	if n, err = strconv.ParseInt(count, 10, 64); err == nil {
		d, err = base64.StdEncoding.DecodeString(root)
	}
	if err != nil || n < 0 {
		return 0, nil, fmt.Errorf("head: %q", s)
	}
	return n, d, nil
}

// CheckSigned checks that a key (note verifier key) signed the head.
func (h *Head) CheckSigned(key string) error {
	v, err := note.NewVerifier(key)
	if err != nil {
		return fmt.Errorf("public key %q: %w", key, err)
	}
	n, err := note.Open(h.Text, note.VerifierList(v))
	if err != nil {
		return fmt.Errorf("head of %d leaves, key %s+%08x: %w", h.Leaves, v.Name(), v.KeyHash(), err)
	}
	if n.Text != h.body() {
		return fmt.Errorf("head of %d leaves is not what was signed", h.Leaves)
	}
	return nil
}
