#!/usr/bin/env bash
# Prints the rows of a board after each change, as one line of JSON; needs curl and jq:
# ./follow.sh http://127.0.0.1:5000/boards/main

# Applies the event $name with the data $data to the rows.
apply='
  def key: [.flight, .date, .leg];
  def patched($change): map(if key == ($change | key) then . + $change else . end | map_values(values));
  if $name == "timetable" then $data.flights
  elif $name == "flightAddition" then map(select(key != ($data | key))) + [$data]
  elif $name == "flightStateUpdate" then patched($data)
  elif $name == "flightRemoval" then map(select(key != ($data | key)))
  elif $name == "boardUpdate" then reduce $data.flights[]? as $change (.; patched($change))
  else . end'

rows='[]' id='' retry=3000
while true; do
  # The server sends an event at least every 15 seconds. curl prints the status after the stream.
  while IFS=: read -r field value; do
    value=${value# }
    case $field in
      retry) retry=$value ;;
      id) event_id=$value ;;
      event) name=$value ;;
      data) data=$value ;;
      status) [[ $value == 204 ]] && exit ;; # The board is closed.
      '')
        id=${event_id:-$id}
        [[ $name == closedConnection ]] && exit
        [[ $name == heartbeat ]] && continue
        rows=$(jq -c --arg name "$name" --argjson data "$data" "$apply" <<< "$rows") || id=''
        echo "$rows"
        ;;
    esac
  done < <(curl --silent --no-buffer --fail --speed-limit 1 --speed-time 35 --write-out 'status:%{http_code}\n' \
    --header "Last-Event-ID: $id" "$1/events")
  echo "not live" >&2
  sleep "$((retry / 1000)).$((RANDOM % 1000))"
done
