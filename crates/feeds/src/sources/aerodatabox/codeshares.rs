//! Rows of one flight under several numbers: the source lists each number, without a pointer to the
//! operator's.

use super::flight_item::FlightItem;

/// Adds the number of each row that is marked as a codeshare to the operator's row, if exactly one fits.
/// Other rows stay as they are.
pub(super) fn join_codeshares(items: Vec<FlightItem>) -> Vec<FlightItem> {
    let (codeshares, mut items): (Vec<_>, Vec<_>) =
        items.into_iter().partition(|item| item.codeshare_word() == "IsCodeshared");
    let operators = items.len();
    for codeshare in codeshares {
        let fitting = |is_twin: fn(&FlightItem, &FlightItem) -> bool| {
            let candidates = items[..operators].iter().enumerate();
            let mut fitting = candidates
                .filter(|(_, item)| item.codeshare_word() == "IsOperator")
                .filter(|(_, item)| is_twin(item, &codeshare))
                .map(|(at, _)| at);
            fitting.next().filter(|_| fitting.next().is_none())
        };
        match fitting(is_twin).or_else(|| fitting(is_possible_twin)) {
            Some(at) => {
                let number = codeshare.number();
                items[at].codeshares.push(number);
            }
            None => items.push(codeshare),
        }
    }
    items
}

/// Two rows at the same gate with the same belt or aircraft.
fn is_twin(operator: &FlightItem, codeshare: &FlightItem) -> bool {
    let (one, other) = (operator.movement(), codeshare.movement());
    let is_same = |one: &str, other: &str| !one.is_empty() && one == other;
    is_possible_twin(operator, codeshare)
        && is_same(&one.gate, &other.gate)
        && (is_same(&one.baggage_belt, &other.baggage_belt)
            || is_same(operator.registration(), codeshare.registration()))
}

/// Two rows of one time and place that do not contradict each other: a codeshare's row often has less
/// in it.
fn is_possible_twin(operator: &FlightItem, codeshare: &FlightItem) -> bool {
    let (one, other) = (operator.movement(), codeshare.movement());
    let agrees = |one: &str, other: &str| one.is_empty() || other.is_empty() || one == other;
    let ends = (&operator.other_movement().airport, &codeshare.other_movement().airport);
    let scheduled = one.scheduled_time.timestamp();
    operator.kind == codeshare.kind
        && (ends.0.iata == ends.1.iata && ends.0.icao == ends.1.icao)
        && scheduled.is_some()
        && scheduled == other.scheduled_time.timestamp()
        && agrees(&one.gate, &other.gate)
        && agrees(&one.baggage_belt, &other.baggage_belt)
        && agrees(operator.registration(), codeshare.registration())
}
