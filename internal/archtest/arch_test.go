package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/akashi-audit/akashi/"

// allowed lists, per package, the packages of this module that it may import.
// A package that is not here fails the test: decide where it belongs first.
var allowed = map[string][]string{
	"internal/column":        {},
	"internal/event":         {"internal/column"},
	"internal/record":        {"internal/column"},
	"internal/query":         {"internal/record", "internal/ntfs"},
	"internal/seal":          {"internal/fsx"},
	"internal/seal/sealtest": {"internal/seal"},
	"internal/paths":         {"internal/query", "internal/pace"},
	"internal/facets":        {"internal/record", "internal/query", "internal/paths", "internal/pace"},
	"internal/catalogue":     {"internal/record", "internal/query", "internal/paths"},
	"internal/segment":       {"internal/record", "internal/query", "internal/facets", "internal/paths", "internal/pace", "internal/column"},
	"internal/rawfile":       {"internal/column", "internal/event"},
	"internal/manifest":      {"internal/seal"},
	"internal/mask":          {},
	"internal/pool":          {"internal/pace", "internal/seal", "internal/manifest", "internal/fsx"},
	"internal/pace":          {},
	"internal/archive": {
		"internal/record", "internal/event", "internal/query", "internal/facets", "internal/paths", "internal/rawfile", "internal/seal", "internal/manifest", "internal/fsx",
		"internal/erasure", "internal/pace", "internal/segment", "internal/restored",
	},
	"internal/restored": {"internal/record", "internal/segment", "internal/seal", "internal/manifest", "internal/fsx"},
	"internal/erasure":  {"internal/event", "internal/record", "internal/query"},
	"internal/hold":     {"internal/seal", "internal/fsx", "internal/query"},
	"internal/report":   {"internal/i18n"},
	"internal/evidence": {
		"internal/event", "internal/record", "internal/query", "internal/evtx", "internal/seal", "internal/manifest", "internal/mask", "internal/report",
		"internal/i18n", "internal/archive", "internal/gloss", "internal/coverage", "internal/fsx",
	},
	"internal/verify":              {"internal/seal", "internal/manifest", "internal/record"},
	"internal/evtx":                {"internal/event"},
	"internal/fsx":                 {},
	"internal/i18n":                {},
	"internal/calendar":            {},
	"internal/config":              {"internal/calendar", "internal/fsx"},
	"internal/deliver":             {"internal/fsx"},
	"internal/deliver/delivertest": {},
	"internal/convert":             {"internal/event", "internal/record", "internal/ntfs"},
	"internal/ntfs":                {},
	"internal/collect":             {"internal/event", "internal/evtx"},
	"internal/coverage":            {"internal/event"},
	"internal/simulate":            {"internal/event", "internal/record", "internal/evtx"},
	"internal/store": {
		"internal/event", "internal/record", "internal/query", "internal/fsx", "internal/segment", "internal/catalogue", "internal/rawfile",
		"internal/facets", "internal/paths", "internal/seal", "internal/erasure", "internal/pace",
	},
	"internal/bench":               {"internal/archive", "internal/record", "internal/query", "internal/store", "internal/simulate", "internal/pace"},
	"internal/gloss":               {"internal/event", "internal/record", "internal/i18n"},
	"internal/account":             {"internal/seal", "internal/state"},
	"internal/account/accounttest": {"internal/account", "internal/seal", "internal/state"},
	"internal/trail":               {"internal/fsx", "internal/manifest", "internal/seal"},
	"internal/state":               {"internal/seal"},
	"internal/saved":               {"internal/state", "internal/seal"},
	"internal/once":                {"internal/state"},
	"internal/export":              {"internal/record", "internal/query", "internal/mask", "internal/archive"},
	"internal/job":                 {"internal/account", "internal/state", "internal/fsx", "internal/seal"},
	"internal/care":                {"internal/account", "internal/query", "internal/record"},
	"internal/api":                 {"internal/once", "internal/account", "internal/care", "internal/calendar", "internal/export", "internal/job", "internal/trail", "internal/pace", "internal/event", "internal/record", "internal/query", "internal/i18n"},
	"internal/web":                 {"internal/account", "internal/care", "internal/pace", "internal/job", "internal/export", "internal/mask", "internal/event", "internal/record", "internal/query", "internal/i18n", "internal/gloss", "internal/calendar", "internal/trail"},
	"internal/engine": {
		"internal/deliver",
		"internal/account", "internal/state", "internal/trail", "internal/event", "internal/record", "internal/query", "internal/evtx", "internal/fsx", "internal/config",
		"internal/convert", "internal/collect", "internal/coverage", "internal/store", "internal/seal", "internal/manifest", "internal/pool", "internal/archive",
		"internal/hold", "internal/evidence", "internal/verify", "internal/rawfile", "internal/i18n", "internal/erasure", "internal/mask", "internal/pace", "internal/restored",
	},
	"internal/server": {
		"internal/event", "internal/record", "internal/query", "internal/store", "internal/engine", "internal/web", "internal/api", "internal/once", "internal/care", "internal/pace", "internal/i18n", "internal/fsx", "internal/convert", "internal/evidence", "internal/account", "internal/job", "internal/export", "internal/mask", "internal/seal", "internal/hold", "internal/pool", "internal/verify", "internal/manifest", "internal/coverage", "internal/archive", "internal/calendar", "internal/config", "internal/trail", "internal/saved",
	},
	"internal/cli": {
		"internal/job", "internal/saved", "internal/account", "internal/state", "internal/trail",
		"internal/event", "internal/record", "internal/query", "internal/evtx", "internal/engine", "internal/server",
		"internal/config", "internal/i18n", "internal/collect", "internal/convert", "internal/coverage", "internal/simulate", "internal/fsx", "internal/store",
		"internal/erasure", "internal/gloss", "internal/bench", "internal/seal", "internal/manifest", "internal/pool", "internal/archive", "internal/hold", "internal/evidence", "internal/verify", "internal/mask", "internal/export", "internal/pace",
	},
	"internal/simulate/score": {"internal/simulate", "internal/record"},
	"internal/tools/uibuild":  {},
	"internal/archtest":       {},
	"cmd/akashi":              {"internal/cli"},
	"cmd/akashi-verify":       {"internal/verify", "internal/i18n"},
}

// pure packages read no disk, no network and never ask for the time.
var pure = []string{"internal/column", "internal/ntfs", "internal/event", "internal/record", "internal/query", "internal/convert", "internal/coverage", "internal/mask", "internal/erasure", "internal/calendar"}

// stdOnly packages import nothing but the standard library and this module.
var stdOnly = []string{"internal/column", "internal/ntfs", "internal/event", "internal/record", "internal/convert", "internal/coverage", "internal/evtx", "internal/calendar"}

// linked lists the third-party modules that the binary may link. Each new one
// is a decision: say why in docs/ARCHITECTURE.md.
var linked = []string{
	"filippo.io/age",
	"filippo.io/hpke",
	"github.com/alexedwards/scs/v2",
	"github.com/andybalholm/brotli",
	"github.com/boombuler/barcode",
	"github.com/cespare/xxhash/v2",
	"github.com/clipperhouse/uax29/v2",
	"github.com/digitorus/pkcs7",
	"github.com/digitorus/timestamp",
	"github.com/dustin/go-humanize",
	"github.com/google/uuid",
	"github.com/inconshreveable/mousetrap",
	"github.com/klauspost/compress",
	"github.com/klauspost/cpuid/v2",
	"github.com/klauspost/crc32",
	"github.com/mattn/go-isatty",
	"github.com/mattn/go-runewidth",
	"github.com/minio/crc64nvme",
	"github.com/minio/md5-simd",
	"github.com/minio/minio-go/v7",
	"github.com/ncruces/go-strftime",
	"github.com/parquet-go/bitpack",
	"github.com/parquet-go/jsonlite",
	"github.com/parquet-go/parquet-go",
	"github.com/pelletier/go-toml/v2",
	"github.com/philhofer/fwd",
	"github.com/phpdave11/gofpdi",
	"github.com/pierrec/lz4/v4",
	"github.com/pkg/errors",
	"github.com/pquerna/otp",
	"github.com/remyoudompheng/bigfft",
	"github.com/richardlehane/mscfb",
	"github.com/richardlehane/msoleps",
	"github.com/rs/xid",
	"github.com/signintech/gopdf",
	"github.com/spf13/cobra",
	"github.com/spf13/pflag",
	"github.com/tiendc/go-deepcopy",
	"github.com/tinylib/msgp",
	"github.com/twpayne/go-geom",
	"github.com/wneessen/go-mail",
	"github.com/xuri/efp",
	"github.com/xuri/excelize/v2",
	"github.com/xuri/nfp",
	"github.com/zeebo/xxh3",
	"go.yaml.in/yaml/v3",
	"golang.org/x/crypto",
	"golang.org/x/mod",
	"golang.org/x/net",
	"golang.org/x/sync",
	"golang.org/x/sys",
	"golang.org/x/term",
	"golang.org/x/text",
	"golang.org/x/time",
	"google.golang.org/protobuf",
	"gopkg.in/ini.v1",
	"modernc.org/libc",
	"modernc.org/mathutil",
	"modernc.org/memory",
	"modernc.org/sqlite",
	"rsc.io/qr",
}

type pkg struct {
	ImportPath string
	Imports    []string
	Standard   bool
	Module     *struct{ Path string }
}

func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Standard,Module"}, args...)...)
	cmd.Dir = "../.."
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v\n%s", args, err, errs.String())
	}
	var l []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return l
		} else if err != nil {
			t.Fatal(err)
		}
		l = append(l, p)
	}
}

func TestImports(t *testing.T) {
	for _, p := range list(t, "./...") {
		name := strings.TrimPrefix(p.ImportPath, module)
		may, known := allowed[name]
		if !known {
			t.Errorf("%s is not in the table of import rules", name)
			continue
		}
		for _, imp := range p.Imports {
			if own, ok := strings.CutPrefix(imp, module); ok && !slices.Contains(may, own) {
				t.Errorf("%s imports %s", name, own)
			}
			if slices.Contains(stdOnly, name) && strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") && !strings.HasPrefix(imp, module) {
				t.Errorf("%s imports %s: standard library only", name, imp)
			}
			if slices.Contains(pure, name) && slices.Contains([]string{"os", "net", "net/http", "os/exec", "syscall"}, imp) {
				t.Errorf("%s imports %s: it must stay pure", name, imp)
			}
		}
	}
}

func TestPurePackagesNeverAskForTheTime(t *testing.T) {
	for _, p := range pure {
		cmd := exec.Command("grep", "-rnE", `time\.(Now|Since|Until|Sleep|After)\(`, "--include=*.go", "--exclude=*_test.go", "../../"+p)
		if out, err := cmd.Output(); err == nil {
			t.Errorf("%s asks for the time:\n%s", p, out)
		}
	}
}

func TestNoInit(t *testing.T) {
	cmd := exec.Command("grep", "-rnE", `^func init\(\)`, "--include=*.go", "../../cmd", "../../internal")
	if out, err := cmd.Output(); err == nil {
		t.Errorf("init functions:\n%s", out)
	}
}

func TestLinkedModules(t *testing.T) {
	for _, p := range list(t, "-deps", "./cmd/akashi") {
		if p.Standard || p.Module == nil || p.Module.Path+"/" == module {
			continue
		}
		if !slices.Contains(linked, p.Module.Path) {
			t.Errorf("the binary links %s (%s)", p.Module.Path, p.ImportPath)
		}
	}
}
