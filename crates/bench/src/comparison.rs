//! Several measurements side by side: whether a delivery costs the same with few followers and with many, on
//! one board and on many, and on streams of boards and of flights.

use std::fmt;

use serde::Serialize;
use serde_with::skip_serializing_none;

use crate::own_boards::MeasuredStream;
use crate::report::BenchReport;

#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Comparison {
    rows: Vec<ComparisonRow>,
    /// Difference between the highest and the lowest cost of a delivery, relative to the lowest.
    differs_by: Option<f64>,
    /// The largest such difference between the rounds of one row; a smaller one between rows means nothing.
    rounds_differ_by: Option<f64>,
}

/// One number of followers on one number of boards, by one kind of stream. Figures are the medians of the rounds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ComparisonRow {
    followers: usize,
    boards: usize,
    subject: MeasuredStream,
    deliveries_per_sec: Option<f64>,
    p99_millis: Option<f64>,
    server_micros_per_delivery: Option<f64>,
    /// The cost of a delivery relative to the first row's.
    against_first: Option<f64>,
    rounds: Vec<BenchReport>,
}

impl Comparison {
    pub(crate) fn from_reports(reports: Vec<BenchReport>) -> Self {
        let mut rows: Vec<ComparisonRow> = Vec::new();
        for report in reports {
            match rows.iter_mut().find(|row| row.is_of(&report)) {
                Some(row) => row.rounds.push(report),
                None => rows.push(ComparisonRow::new(report)),
            }
        }
        rows.iter_mut().for_each(ComparisonRow::set_medians);
        let costs: Vec<_> = rows.iter().filter_map(|row| row.server_micros_per_delivery).collect();
        for row in &mut rows {
            row.against_first = row.server_micros_per_delivery.map(|cost| cost / costs[0]);
        }
        let rounds = rows.iter().filter_map(|row| relative_range(&row.figures(server_cost)));
        Self {
            rounds_differ_by: rounds.max_by(f64::total_cmp),
            differs_by: relative_range(&costs),
            rows,
        }
    }
}

impl ComparisonRow {
    fn new(report: BenchReport) -> Self {
        Self {
            followers: report.followers,
            boards: report.boards,
            subject: report.subject,
            deliveries_per_sec: None,
            p99_millis: None,
            server_micros_per_delivery: None,
            against_first: None,
            rounds: vec![report],
        }
    }

    fn is_of(&self, report: &BenchReport) -> bool {
        let BenchReport { followers, boards, subject, .. } = *report;
        (self.followers, self.boards, self.subject) == (followers, boards, subject)
    }

    fn set_medians(&mut self) {
        self.deliveries_per_sec =
            median(self.figures(|report| Some(report.delivered.as_ref()?.per_sec)));
        self.p99_millis = median(self.figures(|report| Some(report.latency.as_ref()?.p99_millis)));
        self.server_micros_per_delivery = median(self.figures(server_cost));
    }

    fn figures(&self, figure: fn(&BenchReport) -> Option<f64>) -> Vec<f64> {
        self.rounds.iter().filter_map(figure).collect()
    }
}

fn server_cost(report: &BenchReport) -> Option<f64> {
    report.cpu.as_ref()?.server_micros_per_delivery
}

/// The middle figure; of an even number, the mean of the two in the middle.
fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    let upper = *figures.get(middle)?;
    let lower = if figures.len() % 2 == 1 { upper } else { figures[middle - 1] };
    Some(f64::midpoint(lower, upper))
}

/// The range of at least two figures, relative to the lowest.
fn relative_range(figures: &[f64]) -> Option<f64> {
    let lowest = figures.iter().copied().min_by(f64::total_cmp)?;
    let highest = figures.iter().copied().max_by(f64::total_cmp)?;
    (figures.len() > 1).then(|| highest / lowest - 1.0)
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns =
            ["followers", "boards", "by", "deliveries/s", "p99 ms", "µs/delivery", "to the first"];
        columns.iter().try_for_each(|column| write!(f, "{column:>14}"))?;
        writeln!(f, "    in each round")?;
        self.rows.iter().try_for_each(|row| write!(f, "{row}"))?;
        if let Some(range) = self.differs_by {
            write!(f, "\nserver CPU time per delivery: flat within {:.0} %", range * 100.0)?;
            if let Some(range) = self.rounds_differ_by {
                write!(f, "; rounds of one row differ by up to {:.0} %", range * 100.0)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for ComparisonRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = [
            self.followers.to_string(),
            self.boards.to_string(),
            self.subject.to_string(),
            cell(self.deliveries_per_sec, 0),
            cell(self.p99_millis, 2),
            cell(self.server_micros_per_delivery, 2),
            cell(self.against_first, 2),
        ];
        cells.iter().try_for_each(|cell| write!(f, "{cell:>14}"))?;
        let rounds = self.figures(server_cost).into_iter().map(|cost| format!("{cost:.2}"));
        writeln!(f, "    {}", rounds.collect::<Vec<_>>().join(" "))
    }
}

fn cell(figure: Option<f64>, digits: usize) -> String {
    figure.map_or("?".to_owned(), |figure| format!("{figure:.digits$}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::CpuReport;

    fn report(followers: usize, boards: usize, cost: f64) -> BenchReport {
        let cpu = CpuReport {
            server_secs: None,
            server_micros_per_delivery: Some(cost),
            generator_secs: 0.0,
            generator_micros_per_delivery: 0.0,
        };
        BenchReport { followers, boards, cpu: Some(cpu), ..BenchReport::default() }
    }

    #[test]
    fn rounds_merge_into_rows_of_medians() {
        let reports = [(10, 1, 4.0), (20, 1, 6.0), (10, 1, 9.0), (20, 1, 5.0), (10, 1, 5.0)];
        let reports = reports.map(|(followers, boards, cost)| report(followers, boards, cost));
        let comparison = Comparison::from_reports(reports.into());
        let rows: Vec<_> =
            comparison.rows.iter().map(|row| (row.followers, row.rounds.len())).collect();
        assert_eq!(rows, [(10, 3), (20, 2)]);
        let costs = comparison.rows.iter().map(|row| row.server_micros_per_delivery);
        assert_eq!(costs.collect::<Vec<_>>(), [Some(5.0), Some(5.5)]);
        assert_eq!(comparison.rows[1].against_first, Some(1.1));
        let near = |range: Option<f64>, expected: f64| (range.unwrap() - expected).abs() < 1e-9;
        assert!(near(comparison.differs_by, 0.1) && near(comparison.rounds_differ_by, 1.25));
        assert!(comparison.to_string().contains("flat within 10 %"), "{comparison}");
    }

    #[test]
    fn subjects_have_rows_of_their_own() {
        let of_board = report(10, 1, 4.0);
        let of_flight = BenchReport { subject: MeasuredStream::Flight, ..report(10, 1, 5.0) };
        let comparison = Comparison::from_reports(vec![of_board, of_flight]);
        let rows: Vec<_> = comparison.rows.iter().map(|row| row.against_first).collect();
        assert_eq!(rows, [Some(1.0), Some(1.25)]);
        assert!(comparison.to_string().contains("flight"), "{comparison}");
    }

    #[test]
    fn unknown_costs_are_not_compared() {
        let report = BenchReport { followers: 1, boards: 2, ..BenchReport::default() };
        let comparison = Comparison::from_reports(vec![report]);
        assert_eq!((comparison.differs_by, comparison.rounds_differ_by), (None, None));
        let table = comparison.to_string();
        assert!(table.contains('?') && !table.contains("flat"));
    }
}
