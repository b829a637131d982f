#!/usr/bin/env bash
# An export of 100,000 entries, verified by tools that share no code with Amparo: the verify.py that
# lies in it and, where Go and Debian's golang-golang-x-mod-dev are there, Go's own tools for
# transparency logs. What is missing on this machine is left out, aloud.
#
# Usage: tests/public_export.sh PROGRAM, where PROGRAM is an amparo that was built.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
amparo=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Half as many arrests as entries: each registers the person first. The ledger's opening is one more.
seq 1 50000 | awk '{ printf "{\"kind\":\"arrest\",\"person\":\"demo:%d\",\"occurred\":\"2026-01-%02d\",\"unsourced\":true}\n", $1, 1 + $1 % 28 }' >drafts.jsonl
export AMPARO_LEDGER=ledger
"$amparo" init --name Demo --recorder desk >/dev/null
head -n 30000 drafts.jsonl >first.jsonl
"$amparo" import first.jsonl >/dev/null
"$amparo" checkpoint >/dev/null
"$amparo" export --tiles public >/dev/null
cp public/checkpoint older
"$amparo" import drafts.jsonl >/dev/null
"$amparo" checkpoint >/dev/null
"$amparo" export --tiles public
key=$(cat public/log.pub)

if python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then
    echo "verify.py:"
    python3 -B public/verify.py --key "$key" --older older
    # It must be able to say no: a byte of an entry in the middle.
    cp -r public changed
    printf 'X' | dd of=changed/tile/entries/200 bs=1 seek=4000 conv=notrunc status=none
    if python3 -B changed/verify.py --key "$key" >said; then
        echo "verify.py did not see a changed entry"
        exit 1
    fi
    grep -q 'FAULT tile/0/200' said
else
    echo "left out: verify.py, since there is no python3 of 3.8 or later"
fi

packages=${GO_PACKAGES:-/usr/share/gocode}
if command -v go >/dev/null && [ -d "$packages/src/golang.org/x/mod/sumdb/tlog" ]; then
    echo "Go:"
    verify() {
        GOPATH="$packages" GO111MODULE=off GOFLAGS='' GOCACHE="$work/go" GOTOOLCHAIN=local \
            go run "$here/public_export.go" "$1" "$key"
    }
    verify public
    if [ -d changed ] && verify changed 2>said; then
        echo "Go did not see a changed entry"
        exit 1
    fi
else
    echo "left out: Go's tools, since go or Debian's golang-golang-x-mod-dev is not installed"
fi
