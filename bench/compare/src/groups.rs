//! Comparable measurements, and their ratios to the baseline. An absolute figure mostly tells how fast the machine was
//! at that time. Divided by the figure of the baseline from the same round, it tells the cost of a server.

use clap::ValueEnum;

use crate::results::{ComparisonResults, MeasuredFigures, Measurement};
use crate::scenario::{Scenario, ScenarioLoad};
use crate::server::ServerKind;

/// Selects one of the figures.
pub(crate) type FigureSelector = fn(&MeasuredFigures) -> Option<f64>;

pub(crate) const CPU: FigureSelector = |figures| figures.cpu_micros;

pub(crate) const P50: FigureSelector = |figures| figures.p50_millis;

pub(crate) const P99: FigureSelector = |figures| figures.p99_millis;

pub(crate) const PER_SEC: FigureSelector = |figures| Some(figures.per_sec);

pub(crate) const MEMORY: FigureSelector = |figures| figures.memory_bytes;

/// The distribution of a figure over several rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// All measurements of a scenario with comparable loads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoadGroup<'a> {
    results: &'a ComparisonResults,
    scenario: Scenario,
    pub(crate) load: ScenarioLoad,
}

impl Spread {
    /// `None` without values.
    pub(crate) fn from_values(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let min = *values.first()?;
        let max = *values.last()?;
        let half = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[half]
        } else {
            f64::midpoint(values[half - 1], values[half])
        };
        Some(Self { median, min, max })
    }
}

impl ComparisonResults {
    /// The groups of a scenario, by the number of followers.
    pub(crate) fn groups(&self, scenario: Scenario) -> Vec<LoadGroup<'_>> {
        let mut groups = Vec::<LoadGroup<'_>>::new();
        for Measurement { load, .. } in
            self.measurements.iter().filter(|it| it.scenario == scenario)
        {
            if !groups.iter().any(|group| group.load.is_comparable(load)) {
                groups.push(LoadGroup { results: self, scenario, load: *load });
            }
        }
        groups.sort_by_key(|group| group.load.followers);
        groups
    }

    /// The groups of [`Scenario::Growth`] and the steady group among them, then the group with many boards.
    pub(crate) fn growth_groups(&self) -> Vec<LoadGroup<'_>> {
        let mut groups = self.groups(Scenario::Growth);
        if !groups.is_empty() {
            groups.extend(self.groups(Scenario::Steady));
        }
        groups.sort_by_key(|group| group.load.followers);
        groups.extend(self.groups(Scenario::Boards).into_iter().next_back());
        groups
    }
}

impl<'a> LoadGroup<'a> {
    pub(crate) fn measurements(self, server: ServerKind) -> impl Iterator<Item = &'a Measurement> {
        let Self { results, scenario, load } = self;
        results.measurements.iter().filter(move |measurement| {
            measurement.scenario == scenario
                && measurement.server == server
                && measurement.load.is_comparable(&load)
        })
    }

    /// The servers that were measured.
    pub(crate) fn servers(self) -> Vec<ServerKind> {
        let is_measured = |server: &ServerKind| self.measurements(*server).next().is_some();
        ServerKind::value_variants().iter().copied().filter(is_measured).collect()
    }

    /// A figure over all rounds.
    pub(crate) fn absolute(self, server: ServerKind, figure: FigureSelector) -> Option<Spread> {
        let values = self.measurements(server).filter_map(|it| figure(it.figures()?));
        Spread::from_values(values.collect())
    }

    /// The ratio of a figure to the baseline of the same round. The spread of the baseline itself shows the
    /// variation within a round.
    pub(crate) fn ratio(self, server: ServerKind, figure: FigureSelector) -> Option<Spread> {
        let ratio = |measurement: &Measurement| {
            let baseline = self.mean(self.scenario.baseline(), measurement.round, figure)?;
            let ratio = figure(measurement.figures()?)? / baseline;
            // A CPU time of zero is below the resolution of the kernel.
            ratio.is_finite().then_some(ratio)
        };
        Spread::from_values(self.measurements(server).filter_map(ratio).collect())
    }

    /// The marginal CPU time of a delivery: the difference between this group and one with the same messages but
    /// `fewer` deliveries, divided by the difference in deliveries. Returns the time, and its ratio to the baseline.
    pub(crate) fn marginal_cost(
        self,
        fewer: Self,
        server: ServerKind,
    ) -> Option<(Spread, Option<Spread>)> {
        let cost_in_round = |server, round| {
            let deliveries = self.load.deliveries() as f64;
            let fewer_deliveries = fewer.load.deliveries() as f64;
            let total = deliveries * self.mean(server, round, CPU)?;
            let fewer_total = fewer_deliveries * fewer.mean(server, round, CPU)?;
            Some((total - fewer_total) / (deliveries - fewer_deliveries))
        };
        let baseline = self.scenario.baseline();
        let mut costs = Vec::new();
        let mut ratios = Vec::new();
        for round in 0..self.results.count_rounds(self.scenario) {
            let Some(cost) = cost_in_round(server, round) else { continue };
            costs.push(cost);
            if let Some(baseline) = cost_in_round(baseline, round).filter(|cost| *cost > 0.0) {
                ratios.push(cost / baseline);
            }
        }
        Some((Spread::from_values(costs)?, Spread::from_values(ratios)))
    }

    /// The mean of a figure in one round, in which the baseline is measured twice.
    fn mean(self, server: ServerKind, round: u32, figure: FigureSelector) -> Option<f64> {
        let in_round = self.measurements(server).filter(|measurement| measurement.round == round);
        let values: Vec<_> = in_round.filter_map(|it| figure(it.figures()?)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    /// Tells whether every measurement succeeded and no delivery is missing.
    pub(crate) fn is_complete(self, server: ServerKind) -> bool {
        let is_complete = |measurement: &Measurement| {
            measurement.figures().is_some_and(|figures| figures.complete)
        };
        self.measurements(server).all(is_complete)
    }
}

#[cfg(test)]
mod tests {
    use crate::results::MeasurementOutcome;
    use crate::scenario::MessagePacing;

    use super::*;

    fn results(cpu_times: &[(u32, ServerKind, f64)]) -> ComparisonResults {
        let pacing = MessagePacing::Rate(10.0);
        let measurement = |(round, server, cpu): &(u32, ServerKind, f64)| Measurement {
            scenario: Scenario::Steady,
            round: *round,
            server: *server,
            load: ScenarioLoad { followers: 10, boards: 1, messages: 5, pacing },
            outcome: MeasurementOutcome::Measured(MeasuredFigures {
                per_sec: 1.0,
                cpu_micros: Some(*cpu),
                p50_millis: None,
                p99_millis: None,
                memory_bytes: None,
                followers: 10,
                complete: true,
            }),
        };
        let measurements = cpu_times.iter().map(measurement).collect();
        ComparisonResults { measurements, ..ComparisonResults::default() }
    }

    /// Checks median, minimum and maximum of the ratio of CPU times.
    fn check_ratio(
        cpu_times: &[(u32, ServerKind, f64)],
        server: ServerKind,
        expected: Option<(f64, f64, f64)>,
    ) {
        let results = results(cpu_times);
        let ratio = results.groups(Scenario::Steady)[0].ratio(server, CPU);
        let expected = expected.map(|(median, min, max)| Spread { median, min, max });
        assert_eq!(ratio, expected);
    }

    #[test]
    fn ratio_uses_baseline_of_its_round() {
        use ServerKind::{Axum, Flightboard, Loop};
        // The machine is half as fast in the second round.
        let cpu_times = [
            (0, Loop, 7.0),
            (0, Flightboard, 8.0),
            (0, Loop, 9.0),
            (1, Loop, 16.0),
            (1, Flightboard, 16.0),
            (2, Loop, 8.0),
            (2, Flightboard, 12.0),
        ];
        check_ratio(&cpu_times, Flightboard, Some((1.0, 1.0, 1.5)));
        check_ratio(&cpu_times, Loop, Some((1.0, 0.875, 1.125)));
        check_ratio(&cpu_times, Axum, None);
        check_ratio(&[(0, Flightboard, 8.0)], Flightboard, None);
        check_ratio(&[(0, Loop, 0.0), (0, Flightboard, 8.0)], Flightboard, None);
    }

    #[test]
    fn median_of_even_count_is_mean() {
        let spread = Spread { median: 2.5, min: 1.0, max: 9.0 };
        assert_eq!(Spread::from_values(vec![9.0, 2.0, 1.0, 3.0]), Some(spread));
        assert_eq!(Spread::from_values(vec![]), None);
    }
}
