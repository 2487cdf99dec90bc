#!/usr/bin/env bash
# make dev: the server is built and started anew when a Go, C or SQL file changes; the pages reload by Vite.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v inotifywait >/dev/null || {
  echo 'turtus: installing: inotify-tools (for make dev)'
  if [ "$(id -u)" = 0 ]; then apt-get install -y -qq inotify-tools; else sudo apt-get install -y -qq inotify-tools; fi
}
make web/node_modules/.installed
server=''
stop() { [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }; server=''; }
trap 'stop; kill "$vite" 2>/dev/null || true; exit 0' INT TERM EXIT
npm --prefix web run dev &
vite=$!
while true; do
  if go build -o bin/turtus ./services/turtus && go build -o bin/turtus-agent ./vb/agent; then
    stop
    TURTUS_LAUNCHER=${TURTUS_LAUNCHER:-process} bin/turtus serve & # an image would have an older agent
    server=$!
  fi
  inotifywait -qq -r -e close_write,move,create,delete --include '\.(go|c|h|sql|yaml|json|xml)$' services vb
done
