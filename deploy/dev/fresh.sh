#!/usr/bin/env bash
# Tries Turtus where nothing of it is: an empty Debian in a chroot with only make, sudo, git, Go and Node, as an
# ordinary user. Needs root and debootstrap. Usage: fresh.sh [run|test] (default run: start, sign up, restart, end).
set -euo pipefail
cd "$(dirname "$0")/../.."
what=${1:-run}
[ "$(id -u)" = 0 ] || { echo 'fresh.sh needs root (it makes a chroot).' >&2; exit 1; }
command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" 'Created-By: Packages' | head -n 1)
root=$(mktemp -d)
chmod 755 "$root"
server=''
cleanup() {
  [ -z "$server" ] || kill -INT "$(cat "$root/home/friend/.local/share/turtus/turtus.lock" 2>/dev/null)" 2>/dev/null || true
  for mount in usr/local/go usr/local/lib/node_modules dev/shm dev/pts dev sys proc; do umount -l "$root/$mount" 2>/dev/null || true; done
  # Only when nothing is mounted below: a bind mount must not be emptied.
  grep -q " $root/" /proc/mounts || rm -rf --one-file-system "$root"
}
trap cleanup EXIT
trap 'echo "fresh: failed at line $LINENO"' ERR

echo "fresh: an empty $suite"
debootstrap --variant=minbase --include=make,sudo,git,ca-certificates,curl,procps "$suite" "$root" "$mirror" >/dev/null
cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/" 2>/dev/null && : >"$root/etc/apt/sources.list" || true
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp -r /etc/ssl/certs/. "$root/etc/ssl/certs/"
for mount in proc sys dev dev/pts dev/shm; do mkdir -p "$root/$mount"; mount --bind "/$mount" "$root/$mount"; done
chroot "$root" useradd --create-home --shell /bin/bash friend
echo 'friend ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/friend"

# Go and Node as the reader has them; what is downloaded by them is shared so that nothing is fetched twice.
mkdir -p "$root/usr/local/go" "$root/usr/local/lib/node_modules" "$root/home/friend/go/pkg/mod"
mount --bind "$(go env GOROOT)" "$root/usr/local/go"
cp "$(readlink -f "$(command -v node)")" "$root/usr/local/bin/node"
mount --bind "$(npm root -g)" "$root/usr/local/lib/node_modules"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
[ ! -d "$(go env GOMODCACHE)/cache/download" ] || cp -r "$(go env GOMODCACHE)/cache" "$root/home/friend/go/pkg/mod/"
git clone -q . "$root/home/friend/turtus"
chroot "$root" chown -R friend:friend /home/friend

inside() { chroot --userspec=friend:friend "$root" /usr/bin/env -i HOME=/home/friend USER=friend LANG=C.UTF-8 TERM=dumb GOPROXY="$(go env GOPROXY)" GOFLAGS=-modcacherw \
  NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt PATH=/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin bash -c "cd ~/turtus && $1"; }

if [ "$what" = test ]; then inside 'make test'; exit; fi

address=http://localhost:18080
start() {
  : >"$root/tmp/serve.log"
  inside 'export TURTUS_ADDR=localhost:18080; exec make run' >>"$root/tmp/serve.log" 2>&1 &
  server=$!
  # The first start installs and builds: as long as it lives, it may take its time.
  until grep -q 'Turtus is ready' "$root/tmp/serve.log"; do
    kill -0 "$server" 2>/dev/null || { cat "$root/tmp/serve.log"; echo 'fresh: make run ended'; exit 1; }
    sleep 0.2
  done
}
stop() {
  kill -INT "$(cat "$root/home/friend/.local/share/turtus/turtus.lock")"
  wait "$server" || true
  server=''
  # Ctrl-C ends everything that it started: no program of the chroot is left.
  local left
  left=$(find /proc -maxdepth 2 -name root -lname "$root" -printf '%h ' 2>/dev/null || true)
  [ -z "$left" ] || { for process in $left; do tr '\0' ' ' <"$process/cmdline" || true; echo; done; echo 'fresh: the processes above are left'; exit 1; }
}
start
grep -E 'turtus:|Turtus is ready' "$root/tmp/serve.log"
curl -fsS "$address/readyz" >/dev/null
curl -fsS "$address/" | grep -i turtus >/dev/null
curl -fsS -X POST "$address/api/v1/users" -H 'content-type: application/json' -d '{"username":"friend","password":"a long password"}' | grep '"administrator":true' >/dev/null
stop
begin=$(date +%s)
start
echo "fresh: the second make run took $(($(date +%s) - begin)) s"
curl -fsS -X POST "$address/api/v1/sessions" -H 'content-type: application/json' -d '{"username":"friend","password":"a long password"}' | grep accessToken >/dev/null
stop
echo 'fresh: make run works on an empty system, and everything is still there the second time'
