package simulate

// deny is an attempt that the folder's permissions refuse; the program tries a
// few times.
func (g *gesture) deny(n *node, op string) {
	mask, refused := uint32(openRead), uint32(0x20009)
	switch op {
	case "write":
		mask, refused = openWrite, 0x116
	case "delete":
		mask, refused = openRename, maskDelete
	}
	object := objFile
	if n.dir {
		object = objDir
	}
	a := g.begin(op, n.path(), object)
	a.Result = denied
	for i := range 1 + g.w.rng.IntN(3) {
		if i > 0 {
			g.step(5*milli, 25*milli)
		}
		g.refuse(n.root(), n.path(), mask, refused)
		if i == 0 {
			g.proof(a)
		}
		g.tick()
	}
	g.end(a)
}

// denyShare is an attempt to write that the share's permissions refuse.
func (g *gesture) denyShare(n *node) {
	a := g.begin("write", n.path(), objFile)
	a.Result = denied
	g.connect(n)
	at := g.t
	g.checkShare(n.root(), n.path(), openWrite, 0x116)
	a.proof = at - at%100
	g.end(a)
}
