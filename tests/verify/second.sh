#!/bin/sh
# A second implementation of docs/audit-format.md: plain shell and openssl, written from that page.
# usage: second.sh EXPORT KEY [CHECKPOINT...]     exit codes as recoup-verify: 0 well, 1 wrong
set -eu
LC_ALL=C
export LC_ALL
folder=$1 key=$2
shift 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad() { echo "bad: $*"; exit 1; }
bytes() { # hexadecimal to bytes, for any printf: octal escapes
  rest=$1 out=
  while [ -n "$rest" ]; do
    two=${rest%"${rest#??}"} rest=${rest#??}
    out="$out\\$(printf %03o "0x$two")"
  done
  printf "$out"
}
digest() { openssl dgst -sha256 -r | cut -c1-64; }
leaf() { { bytes 00; printf %s "$1"; } | digest; }
node() { { bytes 01; bytes "$1"; bytes "$2"; } | digest; }
hex() { od -An -v -tx1 | tr -d ' \n'; }

# The key: name+id+base64(01 || 32 bytes)
name=${key%%+*} rest=${key#*+}
id=${rest%%+*} raw=$(printf %s "${rest#*+}" | openssl base64 -d -A | hex)
public=${raw#01}
[ "$({ printf '%s\n' "$name"; bytes "01$public"; } | digest | cut -c1-8)" = "$id" ] || bad "key id"
bytes "302a300506032b6570032100$public" | openssl pkey -pubin -inform DER -out "$tmp/key.pem"

# The leaves, and the root after each of them
tab=$(printf '\t')
[ "$(head -n 1 "$folder/log")" = "recoup-log 1" ] || bad "first line"
size=0 stack=
: > "$tmp/roots"
root() {
  set -- $stack
  r=
  while [ $# -gt 0 ]; do # from the last, the smallest, to the first
    eval "last=\${$#}"
    if [ -z "$r" ]; then r=$last; else r=$(node "$last" "$r"); fi
    n=$(($# - 1)) i=0 kept=
    for one in "$@"; do i=$((i + 1)); [ $i -gt $n ] || kept="$kept $one"; done
    set -- $kept
  done
  [ -n "$r" ] || r=$(printf '' | digest)
  echo "$size $r" >> "$tmp/roots"
}
root
tail -n +2 "$folder/log" > "$tmp/lines"
while IFS= read -r line; do
  place=$(printf %s "$line" | cut -f1)
  nodes=$(printf %s "$line" | cut -f2)
  stored=$(printf %s "$line" | cut -f3)
  stream=$(printf %s "$line" | cut -f6)
  number=$(printf %s "$line" | cut -f7)
  before=$(printf %s "$line" | cut -f8)
  body=$(printf %s "$line" | cut -f9-)
  [ "$place" = $((size + 1)) ] || bad "position $((size + 1)) is named $place"
  h=$(leaf "$body")
  [ "$h" = "$stored" ] || bad "position $place: leaf"
  made=$h n=$size top=$h
  while [ $((n & 1)) = 1 ]; do
    left=${stack##* } stack=${stack% *}
    top=$(node "$left" "$top") made=$made$top n=$((n >> 1))
  done
  stack="$stack $top" size=$((size + 1))
  [ "$made" = "$nodes" ] || bad "position $place: tree"
  file="$tmp/stream.$(printf %s "$stream" | hex)"
  [ -e "$file" ] || echo "0 0000000000000000000000000000000000000000000000000000000000000000" > "$file"
  read -r last head < "$file"
  [ "$number" = $((last + 1)) ] && [ "$before" = "$head" ] || bad "position $place: stream"
  echo "$number $h" > "$file"
  root
done < "$tmp/lines"

# A checkpoint: text, empty line, "— name base64(id || signature)"
checkpoint() {
  sed '/^$/,$d' "$1" > "$tmp/text"
  line=$(sed '1,/^$/d' "$1")
  [ "${line#* "$name" }" != "$line" ] || bad "$1: not signed by $name"
  signature=$(printf %s "${line##* }" | openssl base64 -d -A | hex)
  [ "${signature%"${signature#????????}"}" = "$id" ] || bad "$1: another key"
  bytes "${signature#????????}" > "$tmp/signature"
  openssl pkeyutl -verify -pubin -inkey "$tmp/key.pem" -rawin -in "$tmp/text" \
    -sigfile "$tmp/signature" > "$tmp/said" 2>&1 || bad "$1: signature"
  [ "$(sed -n 1p "$tmp/text")" = "$name" ] || bad "$1: another log"
  want="$(sed -n 2p "$tmp/text") $(sed -n 3p "$tmp/text" | openssl base64 -d -A | hex)"
  grep -qx "$want" "$tmp/roots" || bad "$1: another root"
}
for note in "$folder/checkpoint" "$@"; do checkpoint "$note"; done
while IFS="$tab" read -r _ note; do
  printf %s "$note" | openssl base64 -d -A > "$tmp/note"
  checkpoint "$tmp/note"
done < "$folder/checkpoints"
tail -n 1 "$tmp/roots"
