#!/bin/sh
# Starts a run, and prints the gateway's answer:
#
#   QP_URL=https://… QP_TOKEN=qpt_… scripts/trigger.sh REPO_URL BRANCH
#
# The token needs the scope run:trigger. curl tries again what may pass, and waits as long as the
# gateway asks for (Retry-After). Exit code 22: the gateway refused, and its answer says why.
set -eu
: "${QP_URL:?the address of the gateway}" "${QP_TOKEN:?a token with the scope run:trigger}"
repository=${1:?usage: trigger.sh REPO_URL BRANCH}
branch=${2:?usage: trigger.sh REPO_URL BRANCH}

quoted() {
  printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"
}

# With one key for all tries, a run is started once, even where an answer was lost.
key=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')

# A file, as curl empties it before each try: only the last answer counts.
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# Headers come by standard input: everybody on the machine can read arguments.
status=0
printf 'Authorization: Bearer %s\n' "$QP_TOKEN" |
  curl --silent --show-error --fail-with-body --header @- --output "$answer" \
    --retry 5 --retry-connrefused --retry-max-time 300 --max-time 30 \
    --header "Idempotency-Key: $key" --header 'Content-Type: application/json' \
    --data-raw "{\"repo_url\": $(quoted "$repository"), \"branch\": $(quoted "$branch")}" \
    "$QP_URL/run" || status=$?
cat "$answer"
echo
exit "$status"
