//! The tables in Markdown.

use std::time::Duration;

use crate::board_server::data_bytes;
use crate::connection::BoardTransport;
use crate::proxied::PROXIED;
use crate::steady_load::LoadFigures;
use crate::wire::CutFigures;

/// Everything measured of one transport.
pub(crate) struct TransportFigures {
    pub(crate) transport: BoardTransport,
    /// One of each round.
    pub(crate) loads: Vec<LoadFigures>,
    pub(crate) bytes_per_event: f64,
    pub(crate) cut: CutFigures,
    pub(crate) bytes_per_hour: f64,
}

pub(crate) fn transport_table(all: &[TransportFigures]) -> String {
    let websocket = all.iter().find(|one| one.transport == BoardTransport::AxumWebSocket);
    let lines = all.iter().map(|one| transport_line(one, websocket.unwrap_or(one)));
    format!(
        "| | bytes per event of {} bytes | bytes per idle hour | CPU per delivery | ÷ WebSocket | memory per follower \
         | ÷ WebSocket | back after a cut: median, longest | events missed |\n|---|---|---|---|---|---|---|---|---|\n{}",
        data_bytes(),
        lines.collect::<String>()
    )
}

fn transport_line(one: &TransportFigures, websocket: &TransportFigures) -> String {
    let figures = |read: fn(&LoadFigures) -> f64| one.loads.iter().map(read).collect::<Vec<_>>();
    let ratios = |read: fn(&LoadFigures) -> f64| {
        let rounds = one.loads.iter().zip(&websocket.loads);
        let (low, middle, high) = spread(rounds.map(|(own, its)| read(own) / read(its)).collect());
        format!("{middle:.2} ({low:.2} to {high:.2})")
    };
    let median = |read| spread(figures(read)).1;
    let secs = |at: usize| one.cut.returned.get(at).map_or(f64::NAN, Duration::as_secs_f64);
    format!(
        "| {} | {:.0} | {:.0} | {:.1} µs | {} | {:.1} KiB | {} | {:.1} s, {:.1} s | {:.1} of {} |\n",
        one.transport.title(),
        one.bytes_per_event,
        one.bytes_per_hour,
        median(|load| load.cpu_micros),
        ratios(|load| load.cpu_micros),
        median(|load| load.memory_bytes) / 1024.0,
        ratios(|load| load.memory_bytes),
        secs(one.cut.returned.len() / 2),
        secs(one.cut.returned.len().saturating_sub(1)),
        one.cut.missed,
        one.cut.published,
    )
}

/// A table of lines with a title and a cell for each of [`PROXIED`].
pub(crate) fn proxy_table(lines: &[(String, Vec<String>)]) -> String {
    let titles = PROXIED.map(BoardTransport::title);
    let mut text = format!("| | {} |\n|---|{}\n", titles.join(" | "), "---|".repeat(titles.len()));
    for (title, cells) in lines {
        text += &format!("| {title} | {} |\n", cells.join(" | "));
    }
    text
}

/// The least, the median and the greatest.
fn spread(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    (at(0), at(values.len() / 2), at(values.len().saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(transport: BoardTransport, cpu: [f64; 3], missed: f64) -> TransportFigures {
        let load = |cpu_micros| LoadFigures { cpu_micros, memory_bytes: 2048.0 };
        let returned = [1, 2, 4].map(Duration::from_secs).into();
        TransportFigures {
            transport,
            loads: cpu.map(load).into(),
            bytes_per_event: 200.0,
            bytes_per_hour: 960.0,
            cut: CutFigures { returned, published: 40, missed },
        }
    }

    #[test]
    fn ratios_compare_the_same_round() {
        let all = [
            figures(BoardTransport::Http1, [2.0, 3.0, 5.0], 0.0),
            figures(BoardTransport::AxumWebSocket, [4.0, 12.0, 10.0], 30.0),
        ];
        let table = transport_table(&all);
        let lines: Vec<_> = table.lines().skip(2).collect();
        let [http1, websocket] = lines[..] else { panic!("{table}") };
        assert_eq!(
            http1,
            "| flightboard, SSE on HTTP/1.1 | 200 | 960 | 3.0 µs | 0.50 (0.25 to 0.50) | 2.0 KiB | 1.00 (1.00 to 1.00) \
             | 2.0 s, 4.0 s | 0.0 of 40 |"
        );
        assert!(websocket.contains("| 10.0 µs | 1.00 (1.00 to 1.00) |"), "{websocket}");
    }
}
