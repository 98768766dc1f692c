//! Gates, belts and the like at one end of a leg (`AirportResources`).

use flight::{BoardKind, FlightField};

use crate::fields::max_chars;
use crate::times::Statement;
use crate::xml::XmlElement;

/// The resources at one end of a leg.
pub(crate) struct AirportResources<'a> {
    actual: Vec<&'a XmlElement>,
    planned: Vec<&'a XmlElement>,
}

impl<'a> AirportResources<'a> {
    pub(crate) fn read(data: &'a XmlElement, kind: BoardKind) -> Self {
        let end = match kind {
            BoardKind::Arrivals => "Arrival",
            BoardKind::Departures => "Departure",
        };
        let is_here =
            |it: &&XmlElement| it.attribute("DepartureOrArrival").is_none_or(|other| other == end);
        let (mut actual, mut planned) = (Vec::new(), Vec::new());
        for resources in data.children_named("AirportResources") {
            let is_actual = resources.attribute("Usage") == Some("Actual");
            let group = if is_actual { &mut actual } else { &mut planned };
            group.extend(resources.children_named("Resource").filter(is_here));
        }
        Self { actual, planned }
    }

    /// The names of the resources in elements of this name. Resources in use count before planned ones.
    pub(crate) fn names(&self, element: &str) -> Statement<String> {
        let mut is_nil = false;
        for group in [&self.actual, &self.planned] {
            let elements = group.iter().flat_map(|group| group.children_named(element));
            let mut names: Vec<String> = Vec::new();
            for element in elements {
                is_nil |= element.is_nil();
                names.extend(name(element).filter(|name| !names.contains(name)));
            }
            if !names.is_empty() {
                return Statement::Value(joined(&names));
            }
        }
        if is_nil { Statement::Cleared } else { Statement::Absent }
    }
}

/// The name of a resource; of check-in desks, the first and the last.
fn name(element: &XmlElement) -> Option<String> {
    if let Some(text) = element.text() {
        return Some(text.to_owned());
    }
    let first = element.child_text("FirstPosition");
    let last = element.child_text("LastPosition");
    match (first.or(last)?, last.or(first)?) {
        (first, last) if first == last => Some(first.to_owned()),
        (first, last) => Some(format!("{first}-{last}")),
    }
}

/// The names in one text. If they are too long for a field, an ellipsis stands for the rest.
fn joined(names: &[String]) -> String {
    const ELLIPSIS: &str = ", …";
    let max_chars = max_chars(FlightField::Gate);
    let text = names.join(", ");
    if text.chars().count() <= max_chars || names.len() == 1 {
        return text;
    }
    let mut text = String::new();
    for name in names {
        let separator = if text.is_empty() { "" } else { ", " };
        let longer = format!("{text}{separator}{name}");
        if longer.chars().count() + ELLIPSIS.chars().count() > max_chars {
            break;
        }
        text = longer;
    }
    text + ELLIPSIS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_end_in_an_ellipsis() {
        let names = |count: usize| (10..10 + count).map(|it| format!("A{it}")).collect::<Vec<_>>();
        assert_eq!(joined(&names(3)), "A10, A11, A12");
        assert_eq!(joined(&names(9)), "A10, A11, A12, A13, A14, A15, …");
        assert!(joined(&names(9)).chars().count() <= max_chars(FlightField::Gate));
    }
}
