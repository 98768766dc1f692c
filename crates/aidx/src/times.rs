//! The operation times of a leg (`OperationTime`).

use jiff::Timestamp;

use crate::message::parse_time;
use crate::xml::XmlElement;

/// The operation times of a leg.
#[derive(Debug, Clone, Default)]
pub(crate) struct OperationTimes(Vec<OperationTime>);

#[derive(Debug, Clone)]
struct OperationTime {
    /// The event, by codeset 9750: `OFB` off block, `ONB` on block.
    qualifier: String,
    time_type: TimeType,
    /// `None` if the sender takes the time back.
    at: Option<Timestamp>,
}

/// The kinds of times (codeset 2005) that boards show. Planned, target and calculated times are for
/// air traffic control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeType {
    Scheduled,
    Estimated,
    Actual,
}

/// The statement of a message about a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Statement<T> {
    /// Nothing: it stays as it is.
    Absent,
    /// The value is taken back.
    Cleared,
    Value(T),
}

impl<T> Statement<T> {
    pub(crate) fn map<U>(self, map: impl FnOnce(T) -> U) -> Statement<U> {
        match self {
            Self::Absent => Statement::Absent,
            Self::Cleared => Statement::Cleared,
            Self::Value(value) => Statement::Value(map(value)),
        }
    }
}

impl OperationTimes {
    pub(crate) fn read(data: &XmlElement) -> Result<Self, String> {
        let times = data.children_named("OperationTime").map(OperationTime::read);
        Ok(Self(times.filter_map(Result::transpose).collect::<Result<_, _>>()?))
    }

    /// The time of the first of `qualifiers` that has one.
    pub(crate) fn first(&self, qualifiers: &[&str], time_type: TimeType) -> Statement<Timestamp> {
        let all = || self.0.iter().filter(|time| time.time_type == time_type);
        for qualifier in qualifiers {
            let given = all().filter(|time| time.qualifier == *qualifier);
            if let Some(at) = given.filter_map(|time| time.at).next_back() {
                return Statement::Value(at);
            }
        }
        let is_taken_back = all().any(|time| qualifiers.contains(&time.qualifier.as_str()));
        if is_taken_back { Statement::Cleared } else { Statement::Absent }
    }

    /// The actual times, of which the newest tells where the flight is.
    pub(crate) fn actual(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        let actual = self.0.iter().filter(|time| time.time_type == TimeType::Actual);
        actual.filter_map(|time| Some((time.qualifier.as_str(), time.at?)))
    }
}

impl OperationTime {
    /// Returns `None` for a time that boards do not show, or an empty element.
    fn read(element: &XmlElement) -> Result<Option<Self>, String> {
        let time_type = match element.attribute("TimeType") {
            Some("SCT") => TimeType::Scheduled,
            Some("EST") => TimeType::Estimated,
            Some("ACT") => TimeType::Actual,
            _ => return Ok(None),
        };
        let Some(qualifier) = element.attribute("OperationQualifier") else { return Ok(None) };
        let at = match element.text() {
            Some(text) => Some(parse_time(text).ok_or_else(|| {
                format!("OperationTime {qualifier} must be a time such as 2026-11-22T09:10:00Z")
            })?),
            None if element.is_nil() => None,
            None => return Ok(None),
        };
        Ok(Some(Self { qualifier: qualifier.to_owned(), time_type, at }))
    }
}
