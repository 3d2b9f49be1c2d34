#!/bin/sh
# Prints events as they come, one a line, its type and then its JSON:
#
#   QP_URL=https://… QP_TOKEN=qpt_… scripts/watch.sh PLACE_FILE [TYPE,…]
#
# The token needs the scope events:subscribe. A TYPE is one such as quantapilot.run_failed; without,
# all events come. PLACE_FILE keeps the id of the last event, so that nothing is missed when the
# connection breaks or this program is started again.
set -eu
: "${QP_URL:?the address of the gateway}" "${QP_TOKEN:?a token with the scope events:subscribe}"
place=${1:?usage: watch.sh PLACE_FILE [TYPE,…]}
types=${2:-}

# Headers come by standard input: everybody on the machine can read arguments.
headers() {
  printf 'Authorization: Bearer %s\nAccept: text/event-stream\n' "$QP_TOKEN"
  if test -s "$place"; then
    printf 'Last-Event-ID: %s\n' "$(cat "$place")"
  fi
}

# Takes the fields of an event stream, and the line that curl writes behind them. An empty line ends
# an event, so one that was cut off is not taken.
follow() {
  id='' type='' data=''
  while IFS= read -r line; do
    case $line in
      'id: '*) id=${line#id: } ;;
      'event: '*) type=${line#event: } ;;
      'data: '*) data=${line#data: } ;;
      '')
        if test -n "$data"; then
          # What is printed counts as seen.
          printf '%s %s\n' "$type" "$data" || return 1
          printf '%s\n' "$id" > "$place" || return 1
        fi
        type='' data=''
        ;;
      'ended 408 '* | 'ended 429 '*) pause "${line##* }" ;;
      'ended 4'*)
        line=${line#ended }
        echo "refused with status ${line%% *}" >&2
        return 1
        ;;
      'ended '*) pause "${line##* }" ;;
    esac
  done
}

# Waits as long as the gateway asks for, and a second where it does not.
pause() {
  case $1 in
    '' | *[!0-9]*) sleep 1 ;;
    *) sleep "$1" ;;
  esac
}

while headers |
  curl --silent --no-buffer --fail --header @- \
    --get ${types:+--data-urlencode} ${types:+"types=$types"} \
    --write-out '\nended %{http_code} %header{retry-after}\n' "$QP_URL/events" |
  follow; do
  :
done
exit 1
