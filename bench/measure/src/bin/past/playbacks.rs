//! Clients that play the past, each from a random time on.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{net, thread};

use anyhow::{Result, ensure};
use jiff::SignedDuration;
use testkit::process::ServerProcess;

use super::recorded_week::PastSpan;
use super::requests::random_time;

/// Open playbacks, until they are dropped.
pub(crate) struct OpenPlaybacks {
    sockets: Vec<TcpStream>,
    events: Arc<AtomicUsize>,
}

/// The cost of playbacks, of all together.
pub(crate) struct PlaybackCosts {
    pub(crate) cpu: Duration,
    pub(crate) memory_bytes: u64,
    pub(crate) events: usize,
    pub(crate) duration: Duration,
}

impl OpenPlaybacks {
    /// Opens one after the other. None meets the present within `duration`.
    pub(crate) fn open(
        server: &ServerProcess,
        span: PastSpan,
        (count, speed): (usize, u32),
        duration: Duration,
    ) -> Result<Self> {
        let span = (span.0, span.1 - SignedDuration::try_from(duration * speed)?);
        let events = Arc::new(AtomicUsize::new(0));
        let mut sockets = Vec::with_capacity(count);
        for _ in 0..count {
            let mut socket = TcpStream::connect(server.address)?;
            let path = format!("/boards/main/events?from={}&speed={speed}", random_time(span));
            socket
                .write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())?;
            let mut lines = BufReader::new(socket.try_clone()?);
            let mut text = String::new();
            while !text.contains("event: timetable") {
                ensure!(lines.read_line(&mut text)? > 0, "no playback: {text}");
            }
            let events = Arc::clone(&events);
            thread::spawn(move || count_events(lines, &events));
            sockets.push(socket);
        }
        Ok(Self { sockets, events })
    }

    pub(crate) fn events(&self) -> usize {
        self.events.load(Ordering::Relaxed)
    }
}

impl Drop for OpenPlaybacks {
    fn drop(&mut self) {
        for socket in &self.sockets {
            // Fails if the server has closed it.
            let _ = socket.shutdown(net::Shutdown::Both);
        }
    }
}

fn count_events(mut lines: impl BufRead, events: &AtomicUsize) {
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
        events.fetch_add(usize::from(line.starts_with(b"id: ")), Ordering::Relaxed);
        line.clear();
    }
}

impl PlaybackCosts {
    /// Measures as many playbacks at this speed without other followers.
    pub(crate) fn measure(
        server: &ServerProcess,
        span: PastSpan,
        count_and_speed: (usize, u32),
        duration: Duration,
    ) -> Result<Self> {
        let memory = server.process.memory_bytes();
        let playbacks = OpenPlaybacks::open(server, span, count_and_speed, 2 * duration)?;
        let (start, cpu, events) = (Instant::now(), server.process.cpu_time(), playbacks.events());
        thread::sleep(duration);
        Ok(Self {
            cpu: server.process.cpu_time() - cpu,
            memory_bytes: server.process.memory_bytes().saturating_sub(memory),
            events: playbacks.events() - events,
            duration: start.elapsed(),
        })
    }
}
