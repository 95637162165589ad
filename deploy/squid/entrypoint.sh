#!/bin/sh
# Runs the data proxy as the DATA_PROXY_ variables of the environment say; README.md lists them.
#   entrypoint.sh         run squid in the foreground
#   entrypoint.sh print   print the configuration, for a squid that somebody else runs
#   entrypoint.sh check   let squid judge the configuration
#   entrypoint.sh healthy succeed if a running proxy answers
set -euf

fail() {
  echo "data proxy: $1" >&2
  exit 64
}

# number NAME LEAST MOST
number() {
  eval "number=\$$1"
  case $number in
    '' | *[!0-9]* | ??????????*) fail "$1=$number is not a whole number: write one from $2 to $3." ;;
  esac
  if [ "$number" -lt "$2" ] || [ "$number" -gt "$3" ]; then fail "$1=$number is not from $2 to $3."; fi
}

# path NAME
path() {
  eval "path=\$$1"
  case $path in
    *[!A-Za-z0-9._/-]*) fail "$1=$path has characters that squid's configuration cannot take: use letters, digits, . _ / -" ;;
    /*) ;;
    *) fail "$1=$path is not an absolute path." ;;
  esac
}

# items NAME CHARACTERS: a list with its commas as spaces
items() {
  eval "items=\$$1"
  items=$(printf '%s' "$items" | tr ',\n\t' '   ' | sed 's/  */ /g; s/^ //; s/ $//')
  case $items in
    *[!\ $2]*) fail "$1=$items has characters that do not belong there." ;;
  esac
  printf '%s' "$items"
}

# those KIND LIST: the addresses, or the names, of a list of both
those() {
  found=
  for item in $2; do
    case $item in
      *:*) kind=addresses ;;
      *[A-Za-z]*) kind=names ;;
      *) kind=addresses ;;
    esac
    [ "$kind" != "$1" ] || found="$found $item"
  done
  printf '%s' "${found# }"
}

read_settings() {
  : "${DATA_PROXY_PORT=3128}" "${DATA_PROXY_LISTEN=}" "${DATA_PROXY_CLIENTS=127.0.0.1 ::1 172.16.0.0/12}"
  : "${DATA_PROXY_PORTS=80 443 1025-65535}" "${DATA_PROXY_TUNNEL_PORTS=443}" "${DATA_PROXY_ALLOW=}" "${DATA_PROXY_DENY=}"
  : "${DATA_PROXY_CACHE_DIR=/var/spool/squid}" "${DATA_PROXY_CACHE_MB=10240}" "${DATA_PROXY_LARGEST_MB=8192}"
  : "${DATA_PROXY_MEMORY_MB=64}" "${DATA_PROXY_LOG=stdout}" "${DATA_PROXY_PID_FILE=none}" "${DATA_PROXY_MORE=}"
  : "${DATA_PROXY_ROOT=}"
  squid=${DATA_PROXY_ROOT:+$DATA_PROXY_ROOT/usr/sbin/}squid
  # Where users other than root don't look.
  PATH=$PATH:/usr/sbin
  number DATA_PROXY_PORT 1 65535
  number DATA_PROXY_CACHE_MB 16 999999999
  number DATA_PROXY_LARGEST_MB 1 999999999
  number DATA_PROXY_MEMORY_MB 1 999999999
  path DATA_PROXY_CACHE_DIR
  [ -z "$DATA_PROXY_ROOT" ] || path DATA_PROXY_ROOT
  [ "$DATA_PROXY_PID_FILE" = none ] || path DATA_PROXY_PID_FILE
  [ -z "$DATA_PROXY_MORE" ] || path DATA_PROXY_MORE
  [ "$DATA_PROXY_LOG" = stdout ] || path DATA_PROXY_LOG
  listen=$(items DATA_PROXY_LISTEN 0-9A-Fa-f.:)
  clients=$(items DATA_PROXY_CLIENTS 0-9A-Fa-f.:/-)
  ports=$(items DATA_PROXY_PORTS 0-9-)
  tunnel_ports=$(items DATA_PROXY_TUNNEL_PORTS 0-9-)
  allow=$(items DATA_PROXY_ALLOW 0-9A-Za-z.:/_-)
  deny=$(items DATA_PROXY_DENY 0-9A-Za-z.:/_-)
  [ -n "$clients" ] || fail 'DATA_PROXY_CLIENTS names nobody: leave it out, or say which addresses are served.'
  [ -n "$ports" ] || fail 'DATA_PROXY_PORTS names no port: leave it out, or say which ports of servers are open.'
  [ -n "$tunnel_ports" ] || fail 'DATA_PROXY_TUNNEL_PORTS names no port: leave it out, or say where https may go.'
}

listen_lines() {
  [ -n "$listen" ] || echo "http_port $DATA_PROXY_PORT"
  for address in $listen; do
    case $address in
      *:*) echo "http_port [$address]:$DATA_PROXY_PORT" ;;
      *) echo "http_port $address:$DATA_PROXY_PORT" ;;
    esac
  done
}

# fill WORD VALUE: an edit that puts a value in place of a word; without a value, lines about it go
fill() {
  if [ -n "$2" ]; then echo "s|@$1@|$2|"; else echo "/$(echo "$1" | tr A-Z a-z)/d; /@$1@/d"; fi
}

edits() {
  fill CLIENTS "$clients"
  fill PORTS "$ports"
  fill TUNNEL_PORTS "$tunnel_ports"
  fill ALLOWED_ADDRESSES "$(those addresses "$allow")"
  fill ALLOWED_NAMES "$(those names "$allow")"
  fill DENIED_ADDRESSES "$(those addresses "$deny")"
  fill DENIED_NAMES "$(those names "$deny")"
  fill LARGEST_MB "$DATA_PROXY_LARGEST_MB"
  fill CACHE_DIR "$DATA_PROXY_CACHE_DIR"
  fill CACHE_MB "$DATA_PROXY_CACHE_MB"
  fill MEMORY_MB "$DATA_PROXY_MEMORY_MB"
  fill PID_FILE "$DATA_PROXY_PID_FILE"
  echo "s|@ROOT@|$DATA_PROXY_ROOT|"
  if [ "$DATA_PROXY_LOG" = stdout ]; then
    fill ACCESS_LOG stdio:/dev/stdout
    # squid -d writes the same to stderr.
    fill CACHE_LOG /dev/null
  else
    fill ACCESS_LOG "stdio:$DATA_PROXY_LOG/access.log"
    fill CACHE_LOG "$DATA_PROXY_LOG/cache.log"
  fi
}

print_configuration() {
  template=$(dirname "$0")/squid.conf.template
  sed "$(edits)" "$template" | while IFS= read -r line; do
    case $line in
      @LISTEN@) listen_lines ;;
      @MORE@) [ -z "$DATA_PROXY_MORE" ] || echo "include $DATA_PROXY_MORE" ;;
      *) printf '%s\n' "$line" ;;
    esac
  done
}

# What squid writes to. Root hands it to the user whom squid becomes.
make_places() {
  log=$DATA_PROXY_LOG
  if [ "$log" != stdout ]; then
    mkdir -p "$log"
  elif [ -S /dev/stdout ]; then
    fail 'stdout is a socket, which squid cannot open: name a folder by DATA_PROXY_LOG.'
  elif [ -p /dev/stdout ]; then
    log=/dev/stdout
  else
    log=
  fi
  mkdir -p "$DATA_PROXY_CACHE_DIR"
  [ "$(id -u)" != 0 ] || chown proxy:proxy "$DATA_PROXY_CACHE_DIR" ${log:+"$log"}
}

run() {
  make_places
  folder=${TMPDIR:-/tmp}
  # squid reads it again when told to, so it stays until the next start.
  find "$folder" -maxdepth 1 -name "data-proxy-$DATA_PROXY_PORT.*" -user "$(id -u)" -delete
  configuration=$(mktemp "$folder/data-proxy-$DATA_PROXY_PORT.XXXXXX")
  print_configuration >"$configuration"
  # Its shared memory bears this name: without one of our own, any other squid of the host would have the same.
  service=dataproxy$DATA_PROXY_PORT
  "$squid" -N -n "$service" -f "$configuration" -z >&2
  exec "$squid" -N -n "$service" -d 1 -f "$configuration"
}

check() {
  configuration=$(mktemp)
  trap 'rm -f "$configuration"' EXIT
  print_configuration >"$configuration"
  "$squid" -k parse -f "$configuration"
}

# Asks for what is refused to everyone and not logged: any answer is a sign of life.
healthy() {
  address=${listen%% *}
  exec bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "GET http://probe.invalid/ HTTP/1.0\r\n\r\n" >&3 &&
    read -r -t 5 -u 3 version status _ && [[ $version == HTTP/* && $status == 403 ]]' \
    "${address:-127.0.0.1}" "$DATA_PROXY_PORT"
}

read_settings
case ${1:-run} in
  run) run ;;
  print) print_configuration ;;
  check) check ;;
  healthy) healthy ;;
  *) fail "$1 is not something that it does: run, print, check or healthy." ;;
esac
