#!/usr/bin/env bash
# Makes both images by their Dockerfiles where no registry can be asked: installs and starts an engine when none
# answers, and makes the base images from this machine's Debian packages, Go and Node under their public names. Where
# the public images can be pulled, `docker build` with the same Dockerfiles is all there is to do.
# Usage, as root: engine.sh [engine|bases|browser|images] (default images: all, in this order).
set -euo pipefail
cd "$(dirname "$0")/../.."
what=${1:-images}

say() { printf '\033[1mturtus:\033[0m %s\n' "$*"; }
fail() { printf '\033[1;31mturtus:\033[0m %s\n' "$*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail 'engine.sh needs root (it installs and starts a Docker Engine).'

quietly() { # runs a command, and shows what it said only when it fails
  local log
  log=$(mktemp)
  "$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; rm -f "$log"; return 1; }
  rm -f "$log"
}

need() { # installs the packages that are missing
  local missing=() package
  for package; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing: ${missing[*]}"
  quietly apt-get update
  quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

answers() { docker info >/dev/null 2>&1; }

start_engine() {
  command -v dockerd >/dev/null || need docker.io iptables
  ! answers || return 0
  say 'starting a Docker Engine'
  if [ -d /run/systemd/system ]; then
    systemctl start docker
  else
    setsid nohup dockerd >/var/log/dockerd.log 2>&1 </dev/null &
  fi
  local tries
  for tries in $(seq 300); do
    ! answers || return 0
    sleep 0.2 # there is nothing to wait on: dockerd makes its socket before it answers
  done
  tail -n 20 /var/log/dockerd.log >&2 || true
  fail 'The Docker Engine does not answer.'
}

# A client that builds by BuildKit: one with buildx, or one from before 23, which had it inside.
build_client() {
  local client
  for client in docker /usr/bin/docker; do
    if "$client" buildx version 2>/dev/null | grep -q buildx ||
      [ "$("$client" version --format '{{.Client.Version}}' | cut -d. -f1)" -lt 23 ]; then
      echo "$client"
      return
    fi
  done
  fail "This Docker client can't build by BuildKit. Install the package docker-buildx (Debian) or docker-buildx-plugin (Docker)."
}

# Where a suite's packages come from: where this machine gets its own, if it is Debian too.
mirror() {
  [ "$(. /etc/os-release && echo "$ID")" = debian ] || { echo http://deb.debian.org/debian; return; }
  apt-get indextargets --format '$(REPO_URI)' "Codename: $(. /etc/os-release && echo "$VERSION_CODENAME")" 'Created-By: Packages' | head -n 1
}

# debian <suite> <folder>: Debian as its public slim image has it, and what this machine needs to reach its mirror.
debian() {
  local suite=$1 root=$2 from
  from=$(mirror)
  quietly debootstrap --variant=minbase "$suite" "$root" "$from"
  cat >"$root/etc/apt/sources.list" <<SOURCES
deb $from $suite main
deb $from $suite-updates main
deb ${from%/debian*}/debian-security $suite-security main
SOURCES
  cat >"$root/etc/dpkg/dpkg.cfg.d/docker" <<'SLIM'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/lintian/*
SLIM
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
  if [[ $from == https:* ]]; then authorities "$root"; fi
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* \
    "$root"/usr/share/{man,info,lintian}/* "$root"/usr/share/locale/*
  find "$root/usr/share/doc" -type f ! -name copyright -delete
}

# Whom this machine trusts, for what is downloaded while building.
authorities() {
  mkdir -p "$1/etc/ssl/certs"
  cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
}

# Makes one base image unless it is there: debian:<suite>-slim, golang:<version>-<suite> or node:<version>-<suite>-slim.
base() (
  local name=$1 suite root
  ! docker image inspect "$name" >/dev/null 2>&1 || return 0
  say "making $name"
  suite=${name%-slim}
  suite=${suite##*[:-]}
  root=$(mktemp -d)
  trap 'rm -rf --one-file-system "$root"' EXIT
  if [[ $name == debian:* ]]; then
    debian "$suite" "$root"
    tar -C "$root" -c . | docker import -c 'CMD ["bash"]' - "$name" >/dev/null
    return
  fi
  base "debian:$suite-slim"
  authorities "$root"
  mkdir -p "$root/usr/local/bin" "$root/usr/local/lib"
  local config=(-e SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt) path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  case $name in
    golang:*)
      cp -r "$(go env GOROOT)" "$root/usr/local/go"
      path=/go/bin:/usr/local/go/bin:$path
      config+=(-e GOPATH=/go -e GOTOOLCHAIN=local -e GOPROXY="$(go env GOPROXY)" -e GOSUMDB="$(go env GOSUMDB)" -w /go) ;;
    node:*)
      cp -L "$(command -v node)" "$root/usr/local/bin/node"
      cp -r "$(npm root -g)" "$root/usr/local/lib/node_modules"
      ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
      ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
      config+=(-e NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt -e npm_config_registry="$(npm config get registry)") ;;
    *) fail "engine.sh does not know how to make the base image $name." ;;
  esac
  local container
  container=$(docker create "${config[@]}" -e "PATH=$path" "debian:$suite-slim" bash)
  # As root's, whoever they belong to here.
  tar -C "$root" --owner=0 --group=0 -c . | docker cp - "$container:/"
  docker commit "$container" "$name" >/dev/null
  docker rm "$container" >/dev/null
)

# bases_of <dockerfile>…: the names of the base images in them.
bases_of() { sed -nE 's/^ARG [A-Z]+_IMAGE=//p' "$@"; }

build() { # build <dockerfile> <name>
  say "building $2"
  DOCKER_BUILDKIT=1 quietly "$(build_client)" build --network host -f "$1" -t "$2" .
}

start_engine
[ "$what" != engine ] || exit 0
need debootstrap
# The scripts of newer suites than this machine's are its newest one's.
[ -e /usr/share/debootstrap/scripts/trixie ] || ln -s sid /usr/share/debootstrap/scripts/trixie
for name in $(bases_of vb/image/Dockerfile deploy/server/Dockerfile | sort -u); do base "$name"; done
[ "$what" != bases ] || exit 0
build vb/image/Dockerfile turtus-browser
[ "$what" != browser ] || exit 0
build deploy/server/Dockerfile turtus
docker images --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep -E '^turtus(-browser)?:latest '
