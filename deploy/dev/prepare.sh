#!/usr/bin/env bash
# Installs what this machine lacks, and nothing else: Debian or Ubuntu packages, as root or by sudo, saying what.
# Usage: prepare.sh run [test] [peer]. The lists below are the whole of what Turtus needs beyond Go, Node and make.
set -euo pipefail
cd "$(dirname "$0")/../.."

build=(gcc libc6-dev pkg-config git
  libavcodec-dev libavutil-dev libx264-dev                                                 # vb/codec
  libx11-dev libxext-dev libxdamage-dev libxfixes-dev libxtst-dev libxrandr-dev            # vb/desktop
  libpulse-dev)                                                                            # vb/sound
run=(postgresql                                                                            # the private database
  xvfb dbus openbox pulseaudio firefox-esr webext-ublock-origin-firefox                    # a virtual browser
  fonts-dejavu-core fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji ca-certificates)
test=(chromium xauth x11-utils ffmpeg procps                                               # end-to-end tests and benchmarks
  iproute2 iptables util-linux mount)                                                      # make networks
peer=(gstreamer1.0-tools gstreamer1.0-x gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly) # make bench BENCH_PEER=1

say() { printf '\033[1mturtus:\033[0m %s\n' "$*"; }
fail() { printf '\033[1;31mturtus:\033[0m %s\n' "$*" >&2; exit 1; }
newer() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

command -v go >/dev/null || fail 'Go is missing. Install Go 1.26 or newer, then run this again.'
command -v npm >/dev/null || fail 'Node.js is missing. Install Node.js 20.19 or newer with npm, then run this again.'
go_version=$(go env GOVERSION | sed 's/^go//; s/[^0-9.].*//')
newer "$go_version" 1.26 || fail "Go $go_version is too old: Turtus needs Go 1.26 or newer."
node_version=$(node --version | sed 's/^v//')
newer "$node_version" 20.19 || fail "Node.js $node_version is too old: Turtus needs 20.19 or newer."

wanted=("${build[@]}" "${run[@]}")
for set in "${@:2}"; do
  case $set in test) wanted+=("${test[@]}") ;; peer) wanted+=("${peer[@]}") ;; esac
done

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
missing=()
for package in "${wanted[@]}"; do installed "$package" || missing+=("$package"); done

# A Firefox or PostgreSQL of your own is as good as the package.
drop() { local keep=() p; for p in "${missing[@]}"; do [ "$p" = "$1" ] || keep+=("$p"); done; missing=("${keep[@]}"); }
[ -z "${TURTUS_VB_FIREFOX:-}" ] || drop firefox-esr
[ -z "${TURTUS_DATABASE_URL:-}${TURTUS_POSTGRES_BIN:-}" ] || drop postgresql

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "Needs root to install packages, and there is no sudo. As root, run: apt-get install --no-install-recommends ${missing[*]}"
  fi
}

if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || fail "Missing: ${missing[*]} (Debian's names). This is no Debian or Ubuntu: install them by your own package manager."
  as_root apt-get update -qq || fail 'The package lists could not be fetched (apt-get update failed, see above).'
  have_none=()
  for package in "${missing[@]}"; do
    candidate=$(LC_ALL=C apt-cache policy "$package" | sed -n 's/^  Candidate: //p')
    [ -n "$candidate" ] && [ "$candidate" != '(none)' ] || have_none+=("$package")
  done
  for package in "${have_none[@]}"; do
    drop "$package"
    case $package in
      firefox-esr) say 'This system has no firefox-esr package (Ubuntu ships Firefox as a snap, which cannot run here).'
        say 'Install the Firefox .deb of Mozilla'"'"'s own APT repository (see "Install Firefox on Linux" in Mozilla'"'"'s help), or unpack'
        say 'Mozilla'"'"'s Linux archive anywhere and set TURTUS_VB_FIREFOX=/path/to/firefox. Everything but Start works without it.' ;;
      webext-ublock-origin-firefox) say 'This system has no webext-ublock-origin-firefox package: browsers run without uBlock Origin.' ;;
      *) fail "This system's package lists have no $package, which Turtus needs." ;;
    esac
  done
  if [ ${#missing[@]} -gt 0 ]; then
    say "installing: ${missing[*]}"
    # Turtus keeps a cluster of its own: do not let the package start another one on port 5432.
    if [[ " ${missing[*]} " == *' postgresql '* ]] && ! installed postgresql-common && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
      say 'no system-wide PostgreSQL cluster is made (/etc/postgresql-common/createcluster.conf: create_main_cluster = false)'
      as_root mkdir -p /etc/postgresql-common
      echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    log=$(mktemp)
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$log" 2>&1 ||
      { tail -n 30 "$log" >&2; rm -f "$log"; fail 'Installing failed, see above.'; }
    rm -f "$log"
  fi
fi

# A server started as root runs no browser as root.
if [ "$(id -u)" = 0 ] && ! id turtus-browser >/dev/null 2>&1; then
  say 'adding the system user turtus-browser, who runs the browsers of a server started as root'
  useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin turtus-browser
fi
