# Departures of Taipei Taoyuan, from a text file without a header: 22 fields a line, padded with blanks.
def day: gsub("/"; "-");
def state:
  if .word == "Boarding" then "boarding"
  elif .word == "Closed" then "gate closed"
  elif .status | test("Cancelled") then "cancelled"
  elif .status | test("Departed") then "departed"
  elif .status | test("Delay|Time Changed") then "expected"
  else "scheduled"
  end;

map(map(trim) | select(.[1] == "D") | {
  flight: (.[2] + .[4]), terminal: .[0], gate: .[5],
  scheduled: "\(.[6] | day)T\(.[7][:5])", latest: "\(.[8] | day)T\(.[9][:5])",
  destination: .[10], status: .[13], aircraft: .[14], via: .[15], checkIn: .[19], word: .[21]
})
# Each codeshare has a line of its own. Only the operator's line has an aircraft.
| group_by([.scheduled, .destination, .gate])[]
| . as $lines
| (map(select(.aircraft != ""))[0] // .[0])
| state as $state
| {
    flight, date: .scheduled[:10],
    codeshares: ([$lines[].flight] - [.flight]),
    destination, via: [.via],
    departure: .scheduled,
    state: $state, terminal, gate, checkIn
  }
+ if $state == "departed" then {actual: .latest}
  elif .latest != .scheduled then {estimated: .latest}
  else {}
  end
