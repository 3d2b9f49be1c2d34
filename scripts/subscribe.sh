#!/bin/sh
# Has events sent to a webhook, keeps the key that they are signed with, and prints the
# subscription's id:
#
#   QP_URL=https://… QP_TOKEN=qpt_… scripts/subscribe.sh WEBHOOK_URL KEY_FILE [TYPE…]
#
# The token needs the scope events:subscribe. A TYPE is one such as quantapilot.run_failed; without,
# all events come. The gateway tells the key only once. KEY_FILE must not exist yet, and only its
# owner will be able to read it.
set -eu
: "${QP_URL:?the address of the gateway}" "${QP_TOKEN:?a token with the scope events:subscribe}"
webhook=${1:?usage: subscribe.sh WEBHOOK_URL KEY_FILE [TYPE…]}
key_file=${2:?usage: subscribe.sh WEBHOOK_URL KEY_FILE [TYPE…]}
shift 2

quoted() {
  printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"
}

# Made before the key exists: a key that can't be kept would be lost.
umask 077
(set -C && : > "$key_file")
trap 'rm -f "$key_file"' EXIT

types=
for type in "$@"; do
  types="$types${types:+, }$(quoted "$type")"
done

# Headers come by standard input: everybody on the machine can read arguments.
answer=$(
  printf 'Authorization: Bearer %s\n' "$QP_TOKEN" |
    curl --silent --show-error --fail-with-body --header @- --max-time 30 \
      --header 'Content-Type: application/json' \
      --data-raw "{\"url\": $(quoted "$webhook"), \"types\": [$types]}" \
      "$QP_URL/subscriptions"
) || {
  status=$?
  # A refusal; it holds no key.
  printf '%s\n' "$answer" >&2
  exit "$status"
}

member() {
  printf '%s\n' "$answer" | sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"
}

member key > "$key_file"
test -s "$key_file" || {
  echo 'the answer of the gateway holds no key' >&2
  exit 1
}
trap - EXIT
member subscription_id
