#!/usr/bin/env bash
# Runs the fuzz tests one after the other, FUZZTIME each; FUZZ picks those whose name holds it. What is found stays as a seed in the package's
# testdata, which the usual tests then try.
set -euo pipefail
cd "$(dirname "$0")/../.."
grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9]*' services vb | sort | while IFS=: read -r file name; do
  name=${name#func }
  [[ $name == *"${FUZZ:-}"* ]] || continue
  echo "$name of $(dirname "$file")"
  go test "./$(dirname "$file")" -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-10s}" </dev/null
done
