// Verifies a public export with Go's own tools for transparency logs, which share no code with
// Amparo: golang.org/x/mod/sumdb/note for the signature, tlog for the tree.
//
// Usage: go run public_export.go DIR KEY
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// tiles reads tiles under the paths of C2SP tlog-tiles, which leave out Go's height.
type tiles struct{ dir string }

func (t tiles) Height() int { return height }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
		bytes, err := os.ReadFile(filepath.Join(t.dir, path))
		if err != nil {
			return nil, err
		}
		all = append(all, bytes)
	}
	return all, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func bundle(dir string, index, width int64) ([][]byte, error) {
	tile := tlog.Tile{H: height, L: 0, N: index, W: int(width)}
	path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/0/", height), "tile/entries/", 1)
	bytes, err := os.ReadFile(filepath.Join(dir, path))
	var entries [][]byte
	for err == nil && len(bytes) > 0 {
		end := 2 + int(binary.BigEndian.Uint16(bytes))
		entries = append(entries, bytes[2:end])
		bytes = bytes[end:]
	}
	if err == nil && int64(len(entries)) != width {
		err = fmt.Errorf("%s holds %d entries, not %d", path, len(entries), width)
	}
	return entries, err
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	dir, key := os.Args[1], os.Args[2]
	verifier, err := note.NewVerifier(key)
	check(err)
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	check(err)
	opened, err := note.Open(signed, note.VerifierList(verifier))
	check(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	check(err)
	var tree tlog.Tree
	tree.N = size
	copy(tree.Hash[:], root)

	// This reader accepts no tile that does not lead to the signed root.
	reader := tlog.TileHashReader(tree, tiles{dir})
	for first := int64(0); first < size; first += 256 {
		width := size - first
		if width > 256 {
			width = 256
		}
		entries, err := bundle(dir, first/256, width)
		check(err)
		var indexes []int64
		for n := range entries {
			indexes = append(indexes, tlog.StoredHashIndex(0, first+int64(n)))
		}
		hashes, err := reader.ReadHashes(indexes)
		check(err)
		for n, entry := range entries {
			if tlog.RecordHash(entry) != hashes[n] {
				log.Fatalf("e%d is not what was signed", first+int64(n))
			}
		}
	}
	for n := int64(0); n < size; n += size/50 + 1 {
		proof, err := tlog.ProveRecord(size, n, reader)
		check(err)
		hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
		check(err)
		check(tlog.CheckRecord(proof, size, tree.Hash, n, hashes[0]))
	}
	fmt.Printf("%d entries, signed by %s: as signed\n", size, opened.Sigs[0].Name)
}
