//! The boards of an airport's feed.

use codes::Airport;
use feeds::SourceTerms;
use flight::{BoardKind, BoardName, BoardSettings};

use crate::feed_settings::{FeedSettings, InvalidFeed};

/// Words that the names of most airports end with.
const COMMON_WORDS: [&str; 3] = ["International", "Airport", "Aerodrome"];

/// Returns the boards of a feed of `airport`, whose code the user gave as `code`: those that the settings name,
/// else one for arrivals and one for departures. A board that is named without its kind has arrivals, as a
/// board that is created without one.
pub(crate) fn airport_boards(
    settings: &FeedSettings,
    terms: &SourceTerms,
    airport: &Airport,
    code: &str,
) -> Result<Vec<BoardSettings>, InvalidFeed> {
    let kinds = match (settings.kind, &settings.board) {
        (Some(kind), _) => vec![kind],
        (None, Some(_)) => vec![BoardKind::Arrivals],
        (None, None) => vec![BoardKind::Arrivals, BoardKind::Departures],
    };
    let boards = kinds.into_iter().map(|kind| {
        let name = match &settings.board {
            Some(board) => board.clone(),
            None => BoardName::parse(&format!("{code}-{}", kind_word(kind)))
                .map_err(|error| settings.invalid("airport", error.reason))?,
        };
        Ok(BoardSettings {
            title: format!("{} {}", short_name(airport), kind_word(kind)),
            kind,
            airport: Some(code.to_owned()),
            time_zone: airport.time_zone.clone(),
            note: terms.board_note.map(str::to_owned),
            ..BoardSettings::with_defaults(name)
        })
    });
    boards.collect()
}

fn kind_word(kind: BoardKind) -> &'static str {
    match kind {
        BoardKind::Arrivals => "arrivals",
        BoardKind::Departures => "departures",
    }
}

/// The name without the words of most airports, after the city unless it contains it: `Oslo Gardermoen`.
fn short_name(airport: &Airport) -> String {
    let words = airport.name.split(' ').filter(|word| !COMMON_WORDS.contains(word));
    let name = words.collect::<Vec<_>>().join(" ");
    match airport.city.as_str() {
        "" => name,
        city if name.contains(city) => name,
        city => format!("{city} {name}").trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boards(text: &str) -> Vec<BoardSettings> {
        let settings: FeedSettings = text.parse().unwrap();
        let code = settings.airport.clone().unwrap();
        let mut sources = feeds::SOURCES.iter();
        let terms = sources.find(|terms| text.starts_with(terms.name)).unwrap();
        airport_boards(&settings, terms, codes::airport(&code).unwrap(), &code).unwrap()
    }

    #[test]
    fn airport_has_two_boards() {
        let [arrivals, departures] = &boards("avinor/OSL")[..] else { panic!("not two boards") };
        assert_eq!(arrivals.name.as_str(), "osl-arrivals");
        assert_eq!(arrivals.title, "Oslo Gardermoen arrivals");
        assert_eq!(arrivals.kind, BoardKind::Arrivals);
        assert_eq!(arrivals.airport.as_deref(), Some("OSL"));
        assert_eq!(arrivals.time_zone, "Europe/Oslo");
        assert_eq!(departures.name.as_str(), "osl-departures");
        assert_eq!(departures.kind, BoardKind::Departures);
    }

    #[test]
    fn simulated_traffic_is_noted() {
        let note = boards("vatsim/EDDF")[1].note.clone().unwrap();
        assert!(note.contains("not real"), "{note}");
        assert_eq!(boards("avinor/OSL")[0].note, None);
    }

    #[test]
    fn settings_choose_the_board() {
        for (text, expected) in [
            ("avinor/OSL,kind=departures", ("osl-departures", BoardKind::Departures)),
            ("avinor/OSL,kind=departures,board=x", ("x", BoardKind::Departures)),
            ("avinor/OSL,board=x", ("x", BoardKind::Arrivals)),
        ] {
            let boards = boards(text);
            assert_eq!(boards.len(), 1, "{text}");
            assert_eq!((boards[0].name.as_str(), boards[0].kind), expected, "{text}");
        }
    }

    #[test]
    fn titles_name_the_city() {
        for (code, title) in [
            ("HKG", "Hong Kong Chek Lap Kok arrivals"),
            ("EDDF", "Frankfurt am Main arrivals"),
            ("BGO", "Bergen Flesland arrivals"),
            ("JFK", "New York John F Kennedy arrivals"),
        ] {
            assert_eq!(boards(&format!("vatsim/{code}"))[0].title, title);
        }
    }
}
