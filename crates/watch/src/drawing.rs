//! Draws a screen. States have a colour and a word, changed cells a mark, so that nothing depends on colours.

use flightboard_client::FollowStatus;
use movement::StateTone;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Cell, Paragraph, Row, Table, TableState, Wrap};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::columns::{COLUMN_GAP, FittedColumn, fit_columns};
use crate::row_view::{CellKind, ShownRow, details};
use crate::screen_state::ScreenState;
use crate::words::{notice_text, placeholder_text, status_text};

/// Follows a changed cell.
const CHANGE_MARK: &str = "*";

/// Lines for the followed flight, with its frame.
const FOLLOWED_LINES: u16 = 4;

/// Lines from which there is room for the followed flight.
const MIN_LINES_TO_FOLLOW: u16 = 14;

/// Draws everything. `table` keeps the rows that are visible from one drawing to the next.
pub(crate) fn draw(frame: &mut Frame<'_>, state: &mut ScreenState, table: &mut TableState) {
    let area = frame.area();
    let notice = notice_text(&state.status, &state.clock).into_iter();
    let notice: Vec<_> = notice.chain(state.source_doubt.clone()).collect();
    let notice = (state.has_settings && !notice.is_empty()).then(|| notice.join(" "));
    let notice_lines = notice.as_ref().map_or(0, |text| wrapped_lines(text, area.width));
    let is_followed = state.followed.is_some() && area.height >= MIN_LINES_TO_FOLLOW;
    let [head, followed, rows, notice_area, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(if is_followed { FOLLOWED_LINES } else { 0 }),
        Constraint::Min(1),
        Constraint::Length(notice_lines),
        Constraint::Length(1),
    ])
    .areas(area);
    draw_head(frame, state, head);
    if is_followed {
        draw_followed(frame, state, followed);
    }
    draw_rows(frame, state, table, rows);
    if let Some(text) = notice {
        let style = Style::new().fg(Color::Black).bg(Color::Yellow);
        frame.render_widget(
            Paragraph::new(text).wrap(Wrap { trim: true }).style(style),
            notice_area,
        );
    }
    draw_foot(frame, state, foot);
}

fn draw_head(frame: &mut Frame<'_>, state: &ScreenState, area: Rect) {
    let is_in_doubt = state.source_doubt.is_some();
    let status = status_text(&state.status, is_in_doubt, &state.clock);
    let style = status_style(&state.status, is_in_doubt);
    let status = Line::styled(status, style).right_aligned();
    let width = u16::try_from(status.width()).unwrap_or(area.width).min(area.width);
    let [title_area, status_area] =
        Layout::horizontal([Constraint::Min(0), Constraint::Length(width)]).areas(area);
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let title = Line::from(vec![
        Span::styled(state.title.clone(), bold),
        Span::raw(format!("  {}", count_text(state))),
    ]);
    frame.render_widget(title, title_area);
    frame.render_widget(status, status_area);
}

fn count_text(state: &ScreenState) -> String {
    let flights =
        |count| if count == 1 { "1 flight".to_owned() } else { format!("{count} flights") };
    if !state.has_settings {
        String::new()
    } else if state.query.is_empty() {
        flights(state.all_rows)
    } else {
        format!("{} of {}", state.rows.len(), flights(state.all_rows))
    }
}

fn draw_followed(frame: &mut Frame<'_>, state: &ScreenState, area: Rect) {
    let Some(row) = &state.followed else { return };
    let gone = if state.is_followed_gone { ", not on this board any more" } else { "" };
    let block = Block::new()
        .borders(Borders::ALL)
        .title(format!(" {}{gone} ", row.cell(CellKind::Flight)))
        .border_style(tone_style(row.tone));
    let mut spans = Vec::new();
    for (heading, text) in details(row, &state.clock) {
        let dim = Style::new().add_modifier(Modifier::DIM);
        spans.extend([Span::styled(format!("{heading} "), dim), Span::raw(format!("{text}   "))]);
    }
    let text = Paragraph::new(Line::from(spans)).wrap(Wrap { trim: true });
    frame.render_widget(text.block(block), area);
}

fn draw_rows(frame: &mut Frame<'_>, state: &mut ScreenState, table: &mut TableState, area: Rect) {
    if state.rows.is_empty() {
        let text = if state.all_rows > 0 {
            format!("No flight for “{}”", state.query)
        } else {
            placeholder_text(&state.status, state.has_settings)
        };
        frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }).centered(), area);
        return;
    }
    state.page_rows = usize::from(area.height.saturating_sub(1)).max(1);
    let columns = fit_columns(&state.rows, &state.clock, usize::from(area.width));
    table.select(state.selected_index());
    let visible = visible_rows(state, table);
    let headings = columns.iter().map(|column| column.kind.heading(&state.clock));
    let header = Row::new(headings).style(Style::new().add_modifier(Modifier::UNDERLINED));
    let rows = state.rows[visible.clone()]
        .iter()
        .map(|row| Row::new(columns.iter().map(|column| draw_cell(state, row, *column))));
    let widths = columns
        .iter()
        .map(|column| Constraint::Length(u16::try_from(column.width).unwrap_or(u16::MAX)));
    let widget = Table::new(rows, widths)
        .header(header)
        .column_spacing(u16::try_from(COLUMN_GAP).unwrap_or(1))
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let selected = state.selected_index().map(|index| index.saturating_sub(visible.start));
    frame.render_stateful_widget(widget, area, &mut TableState::new().with_selected(selected));
}

/// The rows on the screen, which move as little as the selection allows.
fn visible_rows(state: &ScreenState, table: &mut TableState) -> std::ops::Range<usize> {
    let last_start = state.rows.len().saturating_sub(state.page_rows);
    let selected = state.selected_index().unwrap_or(0);
    let earliest = (selected + 1).saturating_sub(state.page_rows);
    let start = table.offset().clamp(earliest, selected).min(last_start);
    *table.offset_mut() = start;
    start..(start + state.page_rows).min(state.rows.len())
}

fn draw_cell<'a>(state: &ScreenState, row: &'a ShownRow, column: FittedColumn) -> Cell<'a> {
    let is_marked = state.is_marked(&row.key, column.kind);
    let mut style = match column.kind {
        CellKind::State => tone_style(row.tone),
        CellKind::Flight => Style::new().add_modifier(Modifier::BOLD),
        _ => Style::new(),
    };
    let room = column.width - usize::from(is_marked);
    let mut spans = vec![Span::raw(shortened(row.cell(column.kind), room))];
    if is_marked {
        style = style.add_modifier(Modifier::BOLD);
        spans.push(Span::styled(CHANGE_MARK, Style::new().fg(Color::Yellow)));
    }
    Cell::from(Line::from(spans)).style(style)
}

/// The beginning of a text that is too wide, with an ellipsis.
fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 0;
    for sign in text.chars() {
        used += sign.width().unwrap_or(0);
        if used >= width {
            break;
        }
        short.push(sign);
    }
    short + "…"
}

fn draw_foot(frame: &mut Frame<'_>, state: &ScreenState, area: Rect) {
    if state.is_searching {
        let line = Line::from(format!("/{}", state.query));
        let width = u16::try_from(line.width()).unwrap_or(area.width);
        frame.render_widget(line, area);
        frame.set_cursor_position((area.x + width.min(area.width.saturating_sub(1)), area.y));
        return;
    }
    let search = if state.query.is_empty() { "/ search" } else { "Esc all flights" };
    let follow =
        if state.followed.is_some() { "Enter follow  Esc unfollow" } else { "Enter follow" };
    let dim = Style::new().add_modifier(Modifier::DIM);
    let keys = Line::styled(format!("{search}  ↑↓ select  {follow}  q quit"), dim);
    let keys_width = u16::try_from(keys.width()).unwrap_or(area.width).min(area.width);
    let [keys_area, source_area] =
        Layout::horizontal([Constraint::Length(keys_width + 2), Constraint::Min(0)]).areas(area);
    frame.render_widget(keys, keys_area);
    if let Some(attribution) = &state.attribution {
        let text = shortened(attribution, usize::from(source_area.width));
        frame.render_widget(Line::styled(text, dim).right_aligned(), source_area);
    }
}

/// Lines of a text that is broken between words.
fn wrapped_lines(text: &str, width: u16) -> u16 {
    let mut lines = 1;
    let mut used = 0;
    for word in text.split_whitespace().map(UnicodeWidthStr::width) {
        if used > 0 && used + 1 + word > usize::from(width) {
            lines += 1;
            used = word;
        } else {
            used += word + usize::from(used > 0);
        }
    }
    lines
}

fn status_style(status: &FollowStatus, is_in_doubt: bool) -> Style {
    let colour = match status {
        FollowStatus::Live if !is_in_doubt => Color::Green,
        FollowStatus::Live
        | FollowStatus::Connecting
        | FollowStatus::Reconnecting { .. }
        | FollowStatus::Stale { .. } => Color::Yellow,
        _ => Color::Red,
    };
    Style::new().fg(colour).add_modifier(Modifier::BOLD)
}

fn tone_style(tone: StateTone) -> Style {
    match tone {
        StateTone::Quiet => Style::new(),
        StateTone::Late | StateTone::Turn => Style::new().fg(Color::Yellow),
        StateTone::Info => Style::new().fg(Color::Cyan),
        StateTone::Go => Style::new().fg(Color::Green).add_modifier(Modifier::BOLD),
        StateTone::Call => Style::new().fg(Color::Magenta).add_modifier(Modifier::BOLD),
        StateTone::Stop => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        StateTone::Done => Style::new().add_modifier(Modifier::DIM),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, SystemTime};

    use flightboard_client::Board;
    use jiff::Timestamp;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::buffer::Cell as BufferCell;
    use serde_json::{Value, json};

    use super::*;
    use crate::screen_state::ScreenKey;

    /// A board that has just changed, as of this time.
    fn evening() -> (Board, ScreenState) {
        let now: Timestamp = "2026-11-22T17:00:00Z".parse().expect("a time");
        let row = |flight: &str, origin: &str, minute: &str, more: Value| {
            let arrival = format!("2026-11-22T18:{minute}:00+01:00");
            let mut row = json!({"flight": flight, "date": "2026-11-22", "origin": origin, "arrival": arrival});
            let fields = more.as_object().cloned().unwrap_or_default();
            row.as_object_mut().expect("a row").extend(fields);
            row
        };
        let rows = [
            row(
                "BA556",
                "LHR",
                "35",
                json!({"state": "expected", "estimated": "2026-11-22T18:59:00+01:00", "belt": "12", "codeshares": ["IB7506", "AA6421"]}),
            ),
            row(
                "AZ1739",
                "CTA",
                "05",
                json!({"state": "landed", "actual": "2026-11-22T17:58:00+01:00", "belt": "7", "terminal": "1"}),
            ),
            row(
                "KL1609",
                "AMS",
                "20",
                json!({"state": "cancelled", "remark": "Rebooking at desk 4"}),
            ),
            row(
                "XX1",
                "nowhere\u{1b}[2J",
                "40",
                json!({"state": "Held \u{202e}at\u{7} gate", "airline": "BA"}),
            ),
            json!({"flight": "TP838", "origin": "LIS", "via": ["OPO"], "arrival": "2026-11-23T00:20:00+01:00", "state": ""}),
        ];
        let settings = json!({"name": "fco", "title": "Arrivals Rome", "kind": "arrivals", "timeZone": "Europe/Rome",
            "source": {"name": "ADR", "attribution": "Flight data from ADR", "status": "current"}});
        let mut board = Board::default();
        let applied = board.apply("timetable", json!({"board": settings, "flights": rows}));
        assert_eq!(applied, Ok(None));
        let mut state = ScreenState::new(now);
        let change = json!({"flight": "AZ1739", "date": "2026-11-22", "gate": "B21", "belt": "8"});
        let changes = board.apply("flightStateUpdate", change).expect("a row").expect("changes");
        state.mark(&changes, Instant::now());
        state.update(&board, &FollowStatus::Live, now);
        (board, state)
    }

    fn screen(width: u16, height: u16, state: &mut ScreenState) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        let drawn = terminal.draw(|frame| draw(frame, state, &mut TableState::new()));
        let buffer = drawn.expect("a drawing").buffer.clone();
        let lines = buffer.content().chunks(usize::from(width)).map(|cells| {
            let line: String = cells.iter().map(BufferCell::symbol).collect();
            format!("{}\n", line.trim_end())
        });
        lines.collect()
    }

    fn assert_golden(actual: &str, golden: &str) {
        assert!(actual == golden, "the screen is\n{actual}\ninstead of\n{golden}");
    }

    #[test]
    fn screens_match_golden_files() {
        let (_, mut state) = evening();
        let live = screen(80, 24, &mut state);
        assert_golden(&live, include_str!("../tests/golden/live-80x24.txt"));
        assert_golden(
            &screen(200, 50, &mut state),
            include_str!("../tests/golden/live-200x50.txt"),
        );
    }

    #[test]
    fn doubt_matches_golden_files() {
        let (board, mut state) = evening();
        let since = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_366_739);
        let now = "2026-11-22T17:00:00Z".parse().expect("a time");
        state.update(&board, &FollowStatus::Stale { since }, now);
        state.handle_key(ScreenKey::Enter, &board);
        assert_golden(&screen(80, 24, &mut state), include_str!("../tests/golden/stale-80x24.txt"));
        state.update(&board, &FollowStatus::Reconnecting { since }, now);
        assert_golden(
            &screen(200, 50, &mut state),
            include_str!("../tests/golden/reconnecting-200x50.txt"),
        );
    }

    #[test]
    fn narrow_screens_keep_number_and_state() {
        let (_, mut state) = evening();
        for width in 1..=120 {
            for height in [1, 2, 3, 5, 14] {
                screen(width, height, &mut state);
            }
        }
        let narrow = screen(32, 10, &mut state);
        assert!(narrow.contains("AZ1739") && narrow.contains("Landed"), "{narrow}");
    }

    #[test]
    fn control_characters_are_replaced() {
        let (_, mut state) = evening();
        let wide = screen(200, 50, &mut state);
        assert!(
            wide.contains("nowhere\u{fffd}[2J") && wide.contains("Held at\u{fffd} gate"),
            "{wide}"
        );
        assert!(!wide.contains(|sign: char| sign.is_control() && sign != '\n'), "{wide:?}");
    }

    #[test]
    fn keys_choose_rows() {
        let (board, mut state) = evening();
        let flights = |state: &ScreenState| -> Vec<String> {
            state.rows.iter().map(|row| row.key.flight.clone()).collect()
        };
        let sorted = ["AZ1739", "KL1609", "XX1", "BA556", "TP838"];
        assert_eq!(flights(&state), sorted);
        for key in "/aa 64".chars() {
            state.handle_key(ScreenKey::Char(key), &board);
        }
        assert_eq!(flights(&state), ["BA556"]);
        state.handle_key(ScreenKey::Enter, &board);
        state.handle_key(ScreenKey::Enter, &board);
        assert_eq!(state.followed.as_ref().map(|row| row.key.flight.as_str()), Some("BA556"));
        state.handle_key(ScreenKey::Escape, &board);
        assert_eq!(flights(&state), sorted);
        state.handle_key(ScreenKey::End, &board);
        assert_eq!(state.selected_index(), Some(4));
        state.handle_key(ScreenKey::Up, &board);
        assert_eq!(state.selected_index(), Some(3));
        state.handle_key(ScreenKey::Escape, &board);
        assert!(state.followed.is_none());
    }

    #[test]
    fn marks_end() {
        let (_, mut state) = evening();
        assert!(screen(80, 24, &mut state).contains("8*"));
        let later = Instant::now() + crate::screen_state::MARK_TIME;
        assert!(state.expire_marks(later));
        assert!(!screen(80, 24, &mut state).contains("8*"));
        assert!(!state.expire_marks(later));
    }
}
