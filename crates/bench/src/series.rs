//! Several measurements in turn, side by side in one table: whether a delivery costs the same with few
//! followers and with many, on one board and on many.

use std::fmt;

use serde::Serialize;

use crate::report::Report;

/// All that was measured, as far as it was.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Series {
    rows: Vec<Row>,
    /// By how much the cost of a delivery differs between the rows, as part of the lowest.
    #[serde(skip_serializing_if = "Option::is_none")]
    differs_by: Option<f64>,
    /// By how much it differs at most between rounds of one row: less than this says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    rounds_differ_by: Option<f64>,
}

/// Of one number of followers and of boards. Figures are the medians of the rounds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    followers: usize,
    boards: usize,
    deliveries_per_sec: Option<f64>,
    p99_millis: Option<f64>,
    server_micros_per_delivery: Option<f64>,
    /// As a part of that of the first row.
    against_first: Option<f64>,
    rounds: Vec<Report>,
}

impl Series {
    /// Of measurements with as many rounds of each kind as there were.
    pub(crate) fn of(reports: Vec<Report>) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        for report in reports {
            let (followers, boards) = (report.followers, report.boards);
            match rows.iter_mut().find(|row| (row.followers, row.boards) == (followers, boards)) {
                Some(row) => row.rounds.push(report),
                None => rows.push(Row::of(report)),
            }
        }
        rows.iter_mut().for_each(Row::count);
        let costs: Vec<_> = rows.iter().filter_map(|row| row.server_micros_per_delivery).collect();
        for row in &mut rows {
            row.against_first = row.server_micros_per_delivery.map(|cost| cost / costs[0]);
        }
        let rounds = rows.iter().filter_map(|row| difference(&row.figures(cost)));
        Self {
            rounds_differ_by: rounds.max_by(f64::total_cmp),
            differs_by: difference(&costs),
            rows,
        }
    }
}

impl Row {
    fn of(report: Report) -> Self {
        Self {
            followers: report.followers,
            boards: report.boards,
            deliveries_per_sec: None,
            p99_millis: None,
            server_micros_per_delivery: None,
            against_first: None,
            rounds: vec![report],
        }
    }

    fn count(&mut self) {
        let per_sec = |report: &Report| Some(report.delivered.as_ref()?.per_sec);
        self.deliveries_per_sec = median(self.figures(per_sec));
        self.p99_millis = median(self.figures(|report| Some(report.latency.as_ref()?.p99_millis)));
        self.server_micros_per_delivery = median(self.figures(cost));
    }

    fn figures(&self, figure: fn(&Report) -> Option<f64>) -> Vec<f64> {
        self.rounds.iter().filter_map(figure).collect()
    }
}

fn cost(report: &Report) -> Option<f64> {
    report.cpu.as_ref()?.server_micros_per_delivery
}

/// Of an even number the mean of the two in the middle.
fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    let upper = *figures.get(middle)?;
    let lower = if figures.len() % 2 == 1 { upper } else { figures[middle - 1] };
    Some(f64::midpoint(lower, upper))
}

/// Between the lowest and the highest, as a part of the lowest. `None` of fewer than two.
fn difference(figures: &[f64]) -> Option<f64> {
    let lowest = figures.iter().copied().min_by(f64::total_cmp)?;
    let highest = figures.iter().copied().max_by(f64::total_cmp)?;
    (figures.len() > 1).then(|| highest / lowest - 1.0)
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, cells: [&str; 6], rounds: &str| {
            cells.iter().try_for_each(|cell| write!(f, "{cell:>14}"))?;
            writeln!(f, "    {rounds}")
        };
        let names =
            ["followers", "boards", "deliveries/s", "p99 ms", "µs a delivery", "to the first"];
        line(f, names, "in each round")?;
        for row in &self.rows {
            let (followers, boards) = (row.followers.to_string(), row.boards.to_string());
            let [per_sec, p99, cost, ratio] = [
                shown(row.deliveries_per_sec, 0),
                shown(row.p99_millis, 2),
                shown(row.server_micros_per_delivery, 2),
                shown(row.against_first, 2),
            ];
            let rounds = row.figures(self::cost).into_iter().map(|cost| format!("{cost:.2}"));
            let cells = [&*followers, &*boards, &*per_sec, &*p99, &*cost, &*ratio];
            line(f, cells, &rounds.collect::<Vec<_>>().join(" "))?;
        }
        let percent = |part: f64| part * 100.0;
        if let Some(part) = self.differs_by {
            write!(f, "\nserver CPU time of a delivery: flat within {:.0} %", percent(part))?;
            if let Some(part) = self.rounds_differ_by {
                write!(f, "; rounds of the same differ by up to {:.0} %", percent(part))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn shown(figure: Option<f64>, digits: usize) -> String {
    figure.map_or("?".to_owned(), |figure| format!("{figure:.digits$}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Cpu;

    fn report(followers: usize, boards: usize, cost: f64) -> Report {
        let cpu = Cpu {
            server_secs: None,
            server_micros_per_delivery: Some(cost),
            generator_secs: 0.0,
            generator_micros_per_delivery: 0.0,
        };
        Report { followers, boards, cpu: Some(cpu), ..Report::default() }
    }

    #[test]
    fn rounds_of_one_kind_are_one_row_and_its_cost_their_median() {
        let reports = [(10, 1, 4.0), (20, 1, 6.0), (10, 1, 9.0), (20, 1, 5.0), (10, 1, 5.0)];
        let reports = reports.map(|(followers, boards, cost)| report(followers, boards, cost));
        let series = Series::of(reports.into());
        let rows: Vec<_> =
            series.rows.iter().map(|row| (row.followers, row.rounds.len())).collect();
        assert_eq!(rows, [(10, 3), (20, 2)]);
        let costs = series.rows.iter().map(|row| row.server_micros_per_delivery);
        assert_eq!(costs.collect::<Vec<_>>(), [Some(5.0), Some(5.5)]);
        assert_eq!(series.rows[1].against_first, Some(1.1));
        let near = |part: Option<f64>, expected: f64| (part.unwrap() - expected).abs() < 1e-9;
        assert!(near(series.differs_by, 0.1) && near(series.rounds_differ_by, 1.25));
        assert!(series.to_string().contains("flat within 10 %"), "{series}");
    }

    #[test]
    fn what_was_not_looked_at_is_no_figure() {
        let series = Series::of(vec![Report { followers: 1, boards: 2, ..Report::default() }]);
        assert_eq!((series.differs_by, series.rounds_differ_by), (None, None));
        assert!(series.to_string().contains('?') && !series.to_string().contains("flat"));
    }
}
