#!/usr/bin/env bash
# Builders that share work: the same specs on several machines, without and with a shared cache, and what that costs.
#
#   examples/fleet/fleet.sh [--builders N] [--format F,…] [spec.yml…]
#
# Each builder is a network namespace with a store of its own; a bridge leads to one registry and to nothing else. The system images are taken from the
# store of the user ($MOBY_CACHE), built before if they are missing. Needs bash, iproute2, util-linux and docker-registry; root, or user namespaces.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
moby=$(command -v "${MOBY:-moby}")
builders=3 formats=kernel+initrd,kernel+erofs,iso specs=()
while [ $# -gt 0 ]; do
  case $1 in
    --builders) builders=$2; shift 2 ;;
    --format) formats=$2; shift 2 ;;
    -*) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 64 ;;
    *) specs+=("$(realpath "$1")"); shift ;;
  esac
done
[ ${#specs[@]} -gt 0 ] || specs=("$here"/../{minimal,nginx,sshd,wireguard}.yml)

if [ -z "${FLEET_INSIDE:-}" ]; then
  export FLEET_WORK FLEET_INSIDE=yes
  FLEET_WORK=$(mktemp -d)
  trap 'rm -rf "$FLEET_WORK"' EXIT
  # With the network that apt needs.
  for spec in "${specs[@]}"; do "$moby" build -q --no-upload --format "$formats" --dir "$FLEET_WORK/seed" "$spec" >/dev/null; done
  user=(); [ "$(id -u)" = 0 ] || user=(-r)
  unshare "${user[@]}" -n -m -p -f --mount-proc "$0" --builders "$builders" --format "$formats" "${specs[@]}"
  exit
fi

address=10.99.0.1 registry=10.99.0.1:5000 work=$FLEET_WORK
ip link set lo up
ip link add fleet type bridge
ip address add "$address/24" dev fleet
ip link set fleet up

printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: "%s"}}\nhttp: {addr: "%s"}\n' "$work/registry" "$registry" >"$work/registry.yml"
OTEL_TRACES_EXPORTER=none docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
for _ in $(seq 50); do (: <"/dev/tcp/${registry/:/\/}") 2>/dev/null && break; sleep 0.1; done

# System images become images of the registry: the builders have no network to make them.
declare -A pushed
push() {  # REFERENCE of the store
  local remote=${1/#localhost\/moby/$registry/system}
  [ -n "${pushed[$1]:-}" ] || "$moby" cache push -q --insecure-registry "$registry" --remote-name "$remote" "$1"
  pushed[$1]=yes
}
mkdir "$work/specs"
for spec in "${specs[@]}"; do
  name=$work/specs/$(basename "$spec")
  "$moby" build --dry-run "$spec" >"$work/merged.yml"
  while read -r reference; do push "$reference"; done < <(grep -o 'localhost/moby/[^" ]*' "$work/merged.yml" | sort -u)
  sed "s|localhost/moby/|$registry/system/|g" "$work/merged.yml" >"$name"
done
loaders=$("$moby" pkg show-tag @moby:bootloaders)
[[ $formats =~ iso|raw|qcow2|vhd|vmdk|gcp|aws|uki ]] && push "$loaders"
loaders=${loaders/#localhost\/moby/$registry/system}

builder() {  # NUMBER: a namespace with an address; prints the process that holds it
  unshare -n sleep infinity >/dev/null & local holder=$!
  until [ "$(readlink /proc/$holder/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
  ip link add "b$1" type veth peer name eth0 netns "$holder"
  ip link set "b$1" master fleet up
  nsenter --net=/proc/$holder/ns/net ip address add "10.99.0.$((10 + $1))/24" dev eth0
  nsenter --net=/proc/$holder/ns/net ip link set eth0 up
  nsenter --net=/proc/$holder/ns/net ip link set lo up
  echo $holder
}

bytes() {  # HOLDER: received and sent
  nsenter --net=/proc/"$1"/ns/net awk '$1 == "eth0:" {print $2, $10}' /proc/thread-self/net/dev
}

mebibytes() { awk -v b="$1" 'BEGIN {printf "%.1f", b / 1048576}'; }

round() {  # TITLE, then options of moby build
  local title=$1 received=0 sent=0 cpu=0 wall=0 number holder times rx tx
  shift
  for number in $(seq "$builders"); do
    holder=$(builder "$number")
    times=$(
      export MOBY_CACHE=$work/store-$title-$number TIMEFORMAT='%U %S %R'
      { time for spec in "$work"/specs/*.yml; do
          nsenter --net=/proc/$holder/ns/net "$moby" build -q --no-upload --insecure-registry "$registry" --format "$formats" \
            --bootloader "$loaders" --dir "$work/out-$title-$number" "$@" "$spec" >/dev/null 2>>"$work/errors"
        done; } 2>&1
    ) || { cat "$work/errors" >&2; exit 1; }
    read -r user system real <<<"$times"
    read -r rx tx <<<"$(bytes "$holder")"
    printf '%-8s  %7s  %13s  %9s  %6.1f  %7.1f\n' "$title" "$number" "$(mebibytes "$rx")" "$(mebibytes "$tx")" \
      "$(awk "BEGIN {print $user + $system}")" "$real"
    received=$((received + rx)) sent=$((sent + tx))
    cpu=$(awk "BEGIN {print $cpu + $user + $system}") wall=$(awk "BEGIN {print $wall + $real}")
    # The other end goes with it; with the namespace of a killed process both would, at some time.
    ip link del "b$number"; kill "$holder"
    diff -r "$work/out-without-1" "$work/out-$title-$number" || { echo "builder $number made other bytes" >&2; exit 1; }
  done
  printf '%-8s  %7s  %13s  %9s  %6.1f  %7.1f\n' "$title" all "$(mebibytes $received)" "$(mebibytes $sent)" "$cpu" "$wall"
}

echo "$builders builders, ${#specs[@]} specs, formats $formats"
printf '%-8s  %7s  %13s  %9s  %6s  %7s\n' cache builder 'received, MiB' 'sent, MiB' 'CPU, s' 'wall, s'
round without
round with --cache-from "$registry/cache" --cache-to "$registry/cache"
echo "the outputs of all builders are equal; the registry holds $(du -sm "$work/registry" | cut -f1) MiB"
