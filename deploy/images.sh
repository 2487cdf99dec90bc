#!/usr/bin/env bash
# Builds the images of the server and of the virtual browser with any Docker, and publishes them to any registry.
# Usage: images.sh build, or images.sh publish REGISTRY (such as registry.example.org/turtus; sign in by docker login first).
# VERSION is their tag besides latest, OPTIONS are further ones of docker build. PLATFORMS=linux/amd64,linux/arm64 publishes for several; it needs a builder of docker buildx that can.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-build} registry=${2:-}
registry=${registry%/}
version=${VERSION:-$(git describe --tags --always --dirty 2>/dev/null || echo dev)}

say() { printf '\033[1mturtus:\033[0m %s\n' "$*"; }
fail() { printf '\033[1;31mturtus:\033[0m %s\n' "$*" >&2; exit 1; }

case $what in
  build) ;;
  publish) [ -n "$registry" ] || fail 'Say where to: make publish REGISTRY=registry.example.org/turtus' ;;
  *) fail "images.sh knows build and publish, not $what." ;;
esac
command -v docker >/dev/null || fail "Docker is missing. On Debian and Ubuntu: apt-get install docker.io docker-buildx"
docker info >/dev/null 2>&1 || fail "The Docker Engine does not answer: $(docker info 2>&1 | tail -n 1)"
docker buildx version >/dev/null 2>&1 || [ "$(docker version --format '{{.Client.Version}}' | cut -d. -f1)" -lt 23 ] || # those before had BuildKit inside
  fail "This Docker client can't build by BuildKit. Install the package docker-buildx (Debian, Ubuntu) or docker-buildx-plugin (Docker's own)."
[[ $version =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] || fail "VERSION=$version can't be the tag of an image."

dockerfiles=(turtus=deploy/server/Dockerfile turtus-browser=vb/image/Dockerfile)

# Amazon's registry wants a sign-in of twelve hours, and a repository for each image before the first push.
if [[ $registry =~ ^[0-9]+\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(/(.*))?$ ]]; then
  region=${BASH_REMATCH[1]} path=${BASH_REMATCH[3]:-}
  command -v aws >/dev/null || fail 'For ECR the AWS command line is needed: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html'
  for entry in "${dockerfiles[@]}"; do
    name=${path:+$path/}${entry%%=*}
    aws ecr describe-repositories --region "$region" --repository-names "$name" >/dev/null 2>&1 ||
      aws ecr create-repository --region "$region" --repository-name "$name" >/dev/null
  done
  aws ecr get-login-password --region "$region" | docker login --username AWS --password-stdin "${registry%%/*}" >/dev/null
fi

for entry in "${dockerfiles[@]}"; do
  name=${entry%%=*} dockerfile=${entry#*=}
  build=(--file "$dockerfile" --build-arg "VERSION=$version" ${OPTIONS:-})
  if [ "$what" = publish ] && [ -n "${PLATFORMS:-}" ]; then
    say "building and publishing $registry/$name:$version for $PLATFORMS"
    docker buildx build "${build[@]}" --platform "$PLATFORMS" --push --tag "$registry/$name:$version" --tag "$registry/$name:latest" .
    continue
  fi
  say "building $name:$version"
  DOCKER_BUILDKIT=1 docker build "${build[@]}" --tag "$name:$version" --tag "$name:latest" . ||
    fail "$name can't be built, see above. Where its base images can't be pulled, deploy/dev/engine.sh makes them from Debian's packages, as root."
  [ "$what" = publish ] || continue
  for tag in "$version" latest; do
    say "publishing $registry/$name:$tag"
    docker tag "$name:$version" "$registry/$name:$tag"
    docker push --quiet "$registry/$name:$tag"
  done
done
docker images --format '{{.Repository}}:{{.Tag}}  {{.Size}}' | grep -E '^turtus(-browser)?:' | sort
