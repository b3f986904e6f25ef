package convert

import "testing"

func TestProofOfEveryRule(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range proofTable {
		for _, id := range row.rules {
			if seen[id] {
				t.Errorf("rule %s has two proofs", id)
			}
			seen[id] = true
		}
	}
	for _, r := range Rules() {
		p, ok := ProofOf(r.ID)
		for _, w := range []Words{p.Can, p.Cannot} {
			if !ok || w.En == "" || w.Ja == "" {
				t.Errorf("rule %s: words are missing", r.ID)
			}
		}
		if r.Confidence == inferred && (p.Better.En == "" || p.Better.Ja == "") {
			t.Errorf("rule %s is inferred and does not say what would make it certain", r.ID)
		}
		delete(seen, r.ID)
	}
	for id := range seen {
		t.Errorf("words for %s, which is no rule", id)
	}
	if _, ok := ProofOf("Z9"); ok {
		t.Error("a proof for a rule that does not exist")
	}
}
