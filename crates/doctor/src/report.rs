//! The results of the checks.

use std::fmt;

use crate::fault::PathFault;
use crate::proxy::ProxyKind;

/// The results of all checks, in the order in which they were made.
#[derive(Debug, Default)]
pub struct ExamReport {
    /// The stream that was followed.
    pub stream: String,
    /// The results.
    pub findings: Vec<ExamFinding>,
    /// The proxies that named themselves; advice is for them, or for all if none did.
    pub proxies: Vec<ProxyKind>,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExamFinding {
    /// Returns true if something has to change.
    pub level: FindingLevel,
    /// The subject, in a word or two.
    pub subject: &'static str,
    /// The result, in sentences.
    pub text: String,
    /// The fault whose remedies to print.
    pub fault: Option<PathFault>,
}

/// The urgency of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingLevel {
    /// As it should be.
    Good,
    /// Works, with a limit that the operator should know, or could not be checked.
    Note,
    /// Screens will miss events, or see them late.
    Wrong,
}

impl ExamFinding {
    pub(crate) fn good(subject: &'static str, text: impl Into<String>) -> Self {
        Self { level: FindingLevel::Good, subject, text: text.into(), fault: None }
    }

    pub(crate) fn note(subject: &'static str, text: impl Into<String>) -> Self {
        Self { level: FindingLevel::Note, subject, text: text.into(), fault: None }
    }

    pub(crate) fn wrong(subject: &'static str, text: impl Into<String>) -> Self {
        Self { level: FindingLevel::Wrong, subject, text: text.into(), fault: None }
    }

    /// Adds the remedies of a fault.
    pub(crate) fn with_fault(mut self, fault: PathFault) -> Self {
        self.fault = Some(fault);
        self
    }
}

impl ExamReport {
    /// The number of results that ask for a change.
    pub fn faults(&self) -> usize {
        self.findings.iter().filter(|finding| finding.level == FindingLevel::Wrong).count()
    }

    fn advised_proxies(&self) -> &[ProxyKind] {
        if self.proxies.is_empty() { &ProxyKind::ALL } else { &self.proxies }
    }
}

impl fmt::Display for ExamReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.stream)?;
        for finding in &self.findings {
            let ExamFinding { level, subject, text, fault } = finding;
            writeln!(f, "{level:<5}  {subject:<13}  {text}")?;
            for proxy in self.advised_proxies() {
                if let Some(fault) = fault {
                    writeln!(f, "{:22}{proxy:<7}  {}", "", fault.remedy(*proxy))?;
                }
            }
        }
        match self.faults() {
            0 => writeln!(f, "\nnothing is wrong"),
            1 => writeln!(f, "\n1 thing is wrong"),
            count => writeln!(f, "\n{count} things are wrong"),
        }
    }
}

impl fmt::Display for FindingLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Good => "ok",
            Self::Note => "note",
            Self::Wrong => "WRONG",
        })
    }
}
