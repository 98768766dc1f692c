//! Figures beside those of the yardstick. A figure alone says how fast a machine was just then; beside
//! that of the yardstick in the same round it says what a server costs.

use crate::record::{Figures, Record, Run};
use crate::scenario::{Load, Scenario};
use crate::server::Server;

/// One of the figures.
pub(crate) type Figure = fn(&Figures) -> Option<f64>;

/// Of several rounds: the middle one, and how far the others are from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) middle: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

/// What was measured alike.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell<'a> {
    record: &'a Record,
    scenario: Scenario,
    pub(crate) load: Load,
}

impl Spread {
    /// `None` of nothing.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let half = values.len() / 2;
        let middle = if values.len() % 2 == 1 {
            values[half]
        } else {
            (values[half - 1] + values[half]) / 2.0
        };
        Some(Self { middle, least, most })
    }
}

impl Record {
    /// All cells of a scenario, by the number of followers.
    pub(crate) fn cells(&self, scenario: Scenario) -> Vec<Cell<'_>> {
        let mut cells = Vec::<Cell<'_>>::new();
        for Run { load, .. } in self.runs.iter().filter(|run| run.scenario == scenario) {
            if !cells.iter().any(|cell| cell.load.is_like(load)) {
                cells.push(Cell { record: self, scenario, load: *load });
            }
        }
        cells.sort_by_key(|cell| cell.load.followers);
        cells
    }
}

impl<'a> Cell<'a> {
    pub(crate) fn runs(self, server: Server) -> impl Iterator<Item = &'a Run> {
        let Self { record, scenario, load } = self;
        let runs = record.runs.iter().filter(move |run| run.scenario == scenario);
        runs.filter(move |run| run.server == server && run.load.is_like(&load))
    }

    /// All that took part in it.
    pub(crate) fn servers(self) -> Vec<Server> {
        let took_part = |server: &Server| self.runs(*server).next().is_some();
        Server::ALL.into_iter().filter(took_part).collect()
    }

    pub(crate) fn figure(self, server: Server, figure: Figure) -> Option<Spread> {
        Spread::of(self.runs(server).filter_map(|run| figure(run.figures()?)).collect())
    }

    /// The same as parts of the yardstick's of the same round. The yardstick's own say how much it
    /// differs from itself within a round.
    pub(crate) fn ratio(self, server: Server, figure: Figure) -> Option<Spread> {
        let part = |run: &Run| {
            let yardstick = self.mean(self.scenario.yardstick(), run.round, figure)?;
            let part = figure(run.figures()?)? / yardstick;
            part.is_finite().then_some(part)
        };
        Spread::of(self.runs(server).filter_map(part).collect())
    }

    /// What a delivery costs beyond its message: by how much the same messages cost more here than where
    /// they are `few` deliveries, for each delivery more. Of each round, as it is and as a part of the
    /// yardstick's.
    pub(crate) fn beyond(self, few: Self, server: Server) -> Option<(Spread, Option<Spread>)> {
        let cost = |server, round| {
            let [more, less] = [self, few].map(|cell| {
                let deliveries = cell.load.deliveries() as f64;
                Some((deliveries, deliveries * cell.mean(server, round, |of| of.cpu_micros)?))
            });
            let ((more, all), (less, some)) = (more?, less?);
            Some((all - some) / (more - less))
        };
        let yardstick = self.scenario.yardstick();
        let rounds = 0..self.record.rounds(self.scenario);
        let parts = rounds.clone().filter_map(|round| {
            Some(cost(server, round)? / cost(yardstick, round).filter(|cost| *cost > 0.0)?)
        });
        let parts = Spread::of(parts.collect());
        Some((Spread::of(rounds.filter_map(|round| cost(server, round)).collect())?, parts))
    }

    fn mean(self, server: Server, round: u32, figure: Figure) -> Option<f64> {
        let runs = self.runs(server).filter(|run| run.round == round);
        let values: Vec<_> = runs.filter_map(|run| figure(run.figures()?)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    /// Whether all that was measured of it is right.
    pub(crate) fn is_complete(self, server: Server) -> bool {
        self.runs(server).all(|run| run.figures().is_some_and(|figures| figures.complete))
    }
}

#[cfg(test)]
mod tests {
    use crate::record::Outcome;
    use crate::scenario::Rhythm;

    use super::*;

    fn record(costs: &[(u32, Server, f64)]) -> Record {
        let run = |(round, server, cpu): &(u32, Server, f64)| Run {
            scenario: Scenario::Steady,
            round: *round,
            server: *server,
            load: Load { followers: 10, boards: 1, messages: 5, rhythm: Rhythm::Rate(10.0) },
            outcome: Outcome::Measured(Figures {
                per_sec: 1.0,
                cpu_micros: Some(*cpu),
                p50_millis: None,
                p99_millis: None,
                memory_bytes: None,
                followers: 10,
                complete: true,
            }),
        };
        Record { runs: costs.iter().map(run).collect(), ..Record::default() }
    }

    fn check(costs: &[(u32, Server, f64)], server: Server, expected: Option<(f64, f64, f64)>) {
        let record = record(costs);
        let ratio = record.cells(Scenario::Steady)[0].ratio(server, |figures| figures.cpu_micros);
        let expected = expected.map(|(middle, least, most)| Spread { middle, least, most });
        assert_eq!(ratio, expected);
    }

    #[test]
    fn a_figure_is_compared_with_the_yardsticks_of_the_same_round() {
        use Server::{Axum, Flightboard, Loop};
        // A machine that is half as fast in the second round.
        let slower = [
            (0, Loop, 7.0),
            (0, Flightboard, 8.0),
            (0, Loop, 9.0),
            (1, Loop, 16.0),
            (1, Flightboard, 16.0),
            (2, Loop, 8.0),
            (2, Flightboard, 12.0),
        ];
        check(&slower, Flightboard, Some((1.0, 1.0, 1.5)));
        check(&slower, Loop, Some((1.0, 0.875, 1.125)));
        check(&slower, Axum, None);
        check(&[(0, Flightboard, 8.0)], Flightboard, None);
        // Nothing was seen of so little work.
        check(&[(0, Loop, 0.0), (0, Flightboard, 8.0)], Flightboard, None);
    }

    #[test]
    fn of_an_even_number_the_middle_is_between_two() {
        let spread = Spread { middle: 2.5, least: 1.0, most: 9.0 };
        assert_eq!(Spread::of(vec![9.0, 2.0, 1.0, 3.0]), Some(spread));
        assert_eq!(Spread::of(vec![]), None);
    }
}
