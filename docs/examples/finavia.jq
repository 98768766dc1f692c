# Arrivals of a Finnish airport, from Finavia's XML. Empty elements are "", which counts as absent.
def states: {
  "": "scheduled", "Estimated": "expected", "Delayed": "expected",
  "Landed": "landed", "Cancelled": "cancelled", "Diverted": "diverted"
};

# Without flights the body has no elements, and is a text.
.flights.arr.body | objects | .flight
# Several elements of a name are an array, a single one is an object, and none is null.
| if type == "array" then .[] else values end
| states[.prt // ""] as $state
| {
    flight: .fltnr,
    date: (.sdate | "\(.[:4])-\(.[4:6])-\(.[6:])"),
    origin: .route_n_1,
    via: [.route_2, .route_3, .route_4],
    codeshares: [.mfltnr, .cflight_1, .cflight_2, .cflight_3, .cflight_4, .cflight_5, .cflight_6],
    arrival: .sdt,
    estimated: .pest_d,
    actual: .act_d,
    state: $state,
    gate, stand: .park, belt: .bltarea, aircraft: .acreg,
    remark: (if $state then null else .prt end)
  }
