#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that are missing. Usage: setup.sh build|test|ci|arm64
# arm64: what the preset arm64 needs to cross-build the kernels and run their tests under qemu.
# Quick when nothing is missing; says plainly what to do when it cannot install.
set -euo pipefail

build_packages=(bubblewrap g++ cmake ninja-build ccache pkg-config libfmt-dev libboost1.81-dev
  libboost-json1.81-dev libssl-dev libcli11-dev libedit-dev libutf8proc-dev libgmp-dev
  libxxhash-dev)
test_packages=(libgtest-dev libgmock-dev python3 python3-jinja2 python3-numpy nodejs npm binutils tmux xz-utils)
ci_packages=(clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev llvm-14 libbenchmark-dev gcovr)

arm64_packages=(g++-aarch64-linux-gnu qemu-user libfmt-dev:arm64 libgtest-dev:arm64 libgmock-dev:arm64)

case "${1:-build}" in
  build) wanted=("${build_packages[@]}") ;;
  test) wanted=("${build_packages[@]}" "${test_packages[@]}") ;;
  ci) wanted=("${build_packages[@]}" "${test_packages[@]}" "${ci_packages[@]}") ;;
  arm64) wanted=(cmake ninja-build "${arm64_packages[@]}") ;;
  *) echo "usage: setup.sh build|test|ci|arm64" >&2; exit 2 ;;
esac

command -v dpkg-query >/dev/null || {
  echo "lemma: this is not a Debian-like system; install these by hand: ${wanted[*]}" >&2
  exit 0
}
# One query for all: a line "NAME" for each package that is fully installed.
installed=$(dpkg-query -W -f='${db:Status-Status} ${binary:Package}\n${db:Status-Status} ${Package}\n' \
  "${wanted[@]}" 2>/dev/null |
  sed -n 's/^installed //p' || true)
missing=()
for package in "${wanted[@]}"; do
  grep -qx "$package" <<<"$installed" || missing+=("$package")
done
# A Node.js that did not come from a package serves as well.
if command -v node >/dev/null && command -v npm >/dev/null; then
  kept=()
  for package in "${missing[@]}"; do
    [[ "$package" == nodejs || "$package" == npm ]] || kept+=("$package")
  done
  missing=("${kept[@]}")
fi
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "lemma: missing packages, and no root rights to install them. As root, run:" >&2
    echo "  apt-get install ${missing[*]}" >&2
    exit 1
  }
  sudo=(sudo)
fi
if [[ "${1:-}" == arm64 ]] && ! dpkg --print-foreign-architectures | grep -qx arm64; then
  "${sudo[@]}" dpkg --add-architecture arm64 && "${sudo[@]}" apt-get update >/dev/null 2>&1 || true
fi
echo "lemma: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() { "${sudo[@]}" apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; }
if ! install; then
  "${sudo[@]}" apt-get update >>"$log" 2>&1 || true
  if ! install; then
    tail -n 5 "$log" >&2
    echo "lemma: could not install the packages above (offline?). When online, run:" >&2
    echo "  apt-get update && apt-get install ${missing[*]}" >&2
    exit 1
  fi
fi
