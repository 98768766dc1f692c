# Flights of Hong Kong International Airport, by the answers of its own web site.
# A status is a word, often with a time, and with a date in brackets if that is another day's.
def states: {
  "": "scheduled", "Delayed": "expected", "Est at": "expected", "Cancelled": "cancelled",
  "Boarding Soon": "gate open", "Boarding": "boarding", "Final Call": "final call", "Gate Closed": "gate closed",
  "Dep": "departed", "Landed": "landed", "At gate": "at gate"
};
def number: gsub(" "; "");
# The time of a status: of the given day, unless the status has a date.
def moment($date):
  [match("[0-9]{2}:[0-9]{2}").string][0] as $time
  | ([capture("(?<d>[0-9]{2})/(?<m>[0-9]{2})/(?<y>[0-9]{4})") | "\(.y)-\(.m)-\(.d)"][0] // $date) as $day
  | if $time then "\($day)T\($time)" else null end;

.[]
| select(.cargo | not)
| . as {$date, $arrival}
| .list[]
| (.status | sub(" ?[0-9]{2}:[0-9]{2}.*"; "")) as $word
| states[$word] as $state
| {
    flight: (.flight[0].no | number),
    $date,
    codeshares: [.flight[1:][].no | number],
    state: $state,
    terminal, gate, belt: .baggage, checkIn: .aisle,
    # An unknown status keeps the state and is shown as it is.
    remark: (if $state == null or $word == "Delayed" then .status else null end)
  }
+ if $arrival
  then {origin: .origin[0], via: .origin[1:], arrival: "\($date)T\(.time)"}
  else {destination: .destination[-1], via: .destination[:-1], departure: "\($date)T\(.time)"}
  end
+ if $state == "expected" then {estimated: (.status | moment($date))}
  elif $state then {actual: (.status | moment($date))}
  else {}
  end
