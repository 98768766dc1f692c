//! The loop of a terminal: keys, news, redraws.

use std::io::{self, IsTerminal};
use std::thread;
use std::time::{Duration, Instant};

use flightboard_client::{BoardFollower, FollowUpdate};
use jiff::{SignedDuration, Timestamp};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::widgets::TableState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::commands::WatchError;
use crate::drawing::draw;
use crate::screen_state::{KeyEffect, ScreenKey, ScreenState};
use crate::source_doubt::last_update_of;

/// The shortest time between two drawings: a replay of a thousand missed events is one.
const DRAW_INTERVAL: Duration = Duration::from_millis(40);

/// A clock on the screen, and marks that end.
const TICK_INTERVAL: Duration = Duration::from_secs(1);

/// Keys that wait for a drawing.
const MAX_WAITING_KEYS: usize = 64;

/// Shows a board until the reader quits.
///
/// # Errors
/// Standard output is no terminal, or the terminal fails.
pub async fn show(follower: BoardFollower) -> Result<(), WatchError> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(WatchError::NoTerminal);
    }
    let mut terminal = ratatui::try_init().map_err(WatchError::Terminal)?;
    let mut screen = LiveScreen::new(follower);
    let keys = read_keys();
    let shown = screen.run(keys, |screen| {
        terminal.draw(|frame| draw(frame, &mut screen.state, &mut screen.table)).map(drop)
    });
    let shown = shown.await;
    ratatui::restore();
    shown.map_err(WatchError::Terminal)
}

struct LiveScreen {
    follower: BoardFollower,
    state: ScreenState,
    table: TableState,
    /// The server's clock minus this one's.
    clock_offset: SignedDuration,
}

impl LiveScreen {
    fn new(follower: BoardFollower) -> Self {
        let state = ScreenState::new(Timestamp::now());
        let table = TableState::new();
        Self { follower, state, table, clock_offset: SignedDuration::ZERO }
    }

    async fn run(
        &mut self,
        mut keys: mpsc::Receiver<io::Result<Event>>,
        mut draw: impl FnMut(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut termination = signal(SignalKind::terminate())?;
        let mut tick = tokio::time::interval(TICK_INTERVAL);
        let mut drawn_at = Instant::now();
        let mut is_changed = true;
        loop {
            if is_changed {
                tokio::time::sleep(DRAW_INTERVAL.saturating_sub(drawn_at.elapsed())).await;
                self.refresh();
                draw(self)?;
                drawn_at = Instant::now();
                is_changed = false;
            }
            tokio::select! {
                update = self.follower.next() => {
                    self.take(update);
                    is_changed = true;
                }
                event = keys.recv() => match event.transpose()? {
                    // The terminal is gone.
                    None => return Ok(()),
                    Some(event) if self.handle(&event) == KeyEffect::Quit => return Ok(()),
                    Some(_) => is_changed = true,
                },
                // The caller restores the terminal.
                _ = termination.recv() => return Ok(()),
                _ = tick.tick() => {
                    is_changed |= self.state.expire_marks(Instant::now());
                    is_changed |= self.state.has_other_doubt(self.follower.board(), self.server_time());
                }
            }
        }
    }

    fn take(&mut self, update: FollowUpdate) {
        match update {
            FollowUpdate::Changes(changes) => self.state.mark(&changes, Instant::now()),
            FollowUpdate::Heartbeat(heartbeat) => {
                self.state.set_last_update(last_update_of(&heartbeat));
                if let Some(at) = heartbeat.at.and_then(|at| at.parse::<Timestamp>().ok()) {
                    self.clock_offset = at.duration_since(Timestamp::now());
                }
            }
            _ => {}
        }
    }

    fn refresh(&mut self) {
        let now = self.server_time();
        self.state.update(self.follower.board(), self.follower.status(), now);
    }

    fn server_time(&self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_add(self.clock_offset).unwrap_or(now)
    }

    fn handle(&mut self, event: &Event) -> KeyEffect {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => match screen_key(*key) {
                None => KeyEffect::Quit,
                Some(key) => self.state.handle_key(key, self.follower.board()),
            },
            // Of another size, the terminal is drawn again.
            _ => KeyEffect::Redraw,
        }
    }
}

/// Reads the terminal on a thread of its own, which ends with the process.
fn read_keys() -> mpsc::Receiver<io::Result<Event>> {
    let (sender, receiver) = mpsc::channel(MAX_WAITING_KEYS);
    thread::spawn(move || {
        loop {
            let event = event::read();
            let is_last = event.is_err();
            if sender.blocking_send(event).is_err() || is_last {
                return;
            }
        }
    });
    receiver
}

/// `None` for Ctrl-C.
fn screen_key(key: KeyEvent) -> Option<ScreenKey> {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c') if is_control => return None,
        KeyCode::Char(sign) => ScreenKey::Char(sign),
        KeyCode::Enter => ScreenKey::Enter,
        KeyCode::Backspace => ScreenKey::Backspace,
        KeyCode::Up => ScreenKey::Up,
        KeyCode::Down => ScreenKey::Down,
        KeyCode::PageUp => ScreenKey::PageUp,
        KeyCode::PageDown => ScreenKey::PageDown,
        KeyCode::Home => ScreenKey::Home,
        KeyCode::End => ScreenKey::End,
        KeyCode::Esc => ScreenKey::Escape,
        // Any other key does nothing.
        _ => ScreenKey::Char('\0'),
    })
}
