//! Start and close timers, heartbeats, and stalled followers.

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use super::{ConnectionTimer, ReactorWorker};
use crate::reactor::callbacks::FollowerPermit;
use crate::reactor::connection::{ConnectionProgress, DeliveryPass};

/// Ticks per heartbeat interval. At each tick the heartbeats of one slot are sent and all connections
/// are checked for a stall and for a revoked permit.
const HEARTBEAT_SLOTS: u32 = 60;

impl<P: FollowerPermit> ReactorWorker<P> {
    /// Returns the time until the next timer or tick; `None` if there is neither.
    pub(super) fn poll_timeout(&self, now: Instant) -> Option<Duration> {
        let tick = (!self.connections.is_empty()).then_some(self.next_tick);
        let timer = self.timers.peek().map(|Reverse((at, ..))| *at);
        let next = tick.into_iter().chain(timer).min()?;
        Some(next.saturating_duration_since(now))
    }

    /// If all streams are to be closed, schedules that for each open one, once.
    pub(super) fn start_closing(&mut self, now: Instant) {
        if self.close_delay.is_some() {
            return;
        }
        let Some(delay) = self.context.inbox.close_delay() else { return };
        for (key, connection) in &self.connections {
            let timer = (now + delay(), ConnectionTimer::Close, key, connection.generation);
            self.timers.push(Reverse(timer));
        }
        self.close_delay = Some(delay.clone());
    }

    pub(super) fn run_timers(&mut self, now: Instant) {
        while let Some(Reverse((at, timer, key, generation))) = self.timers.peek().copied()
            && at <= now
        {
            self.timers.pop();
            // The key may belong to a later connection by now.
            let connection =
                self.connections.get_mut(key).filter(|other| other.generation == generation);
            let Some(connection) = connection else { continue };
            match timer {
                ConnectionTimer::Start => connection.delayed = false,
                ConnectionTimer::Close => connection.closing = true,
            }
            let up_to = self.subscriptions[connection.subscription as usize].seq;
            let pass = DeliveryPass { bytes: &*self.context.bytes, up_to, now };
            let result = connection.flush_if_writable(&pass);
            self.handle_result(key, result);
        }
        // Return the memory that a storm of reconnects needed.
        if self.timers.is_empty() {
            self.timers.shrink_to_fit();
        }
    }

    /// Runs the ticks that are due.
    pub(super) fn maintain(&mut self, now: Instant) {
        // After a suspend of the machine, many ticks are due; one full round is enough.
        let mut ticks = 0;
        while self.next_tick <= now && !self.connections.is_empty() && ticks < HEARTBEAT_SLOTS {
            for (_, subscription) in &mut self.subscriptions {
                subscription.expire_heartbeat();
            }
            for key in 0..self.connections.capacity() {
                self.maintain_connection(key, now);
            }
            self.heartbeat_slot = (self.heartbeat_slot + 1) % HEARTBEAT_SLOTS;
            self.next_tick += self.tick_interval();
            ticks += 1;
        }
        self.next_tick = self.next_tick.max(now);
    }

    pub(super) fn tick_interval(&self) -> Duration {
        self.context.config.heartbeat_interval / HEARTBEAT_SLOTS
    }

    /// Ends the stream of a follower without a right to it, cuts a stalled follower, and sends a heartbeat if
    /// it is the follower's turn.
    fn maintain_connection(&mut self, key: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.is_stalled(self.context.config.stall_timeout, now) {
            self.context.events.stalled();
            connection.reset_on_close();
            return self.remove(key);
        }
        if connection.is_revoked() {
            let up_to = self.subscriptions[connection.subscription as usize].seq;
            let pass = DeliveryPass { bytes: &*self.context.bytes, up_to, now };
            let result = connection.end(&pass).inspect_err(|_| connection.reset_on_close());
            return self.handle_result(key, result);
        }
        if key % HEARTBEAT_SLOTS as usize != self.heartbeat_slot as usize {
            return;
        }
        // Pending frames first: a heartbeat names the newest event, and a client that lacks that event
        // would see a gap. A blocked socket gets no heartbeat, which would only queue behind frames.
        let subscription = &mut self.subscriptions[connection.subscription as usize];
        let pass = DeliveryPass { bytes: &*self.context.bytes, up_to: subscription.seq, now };
        let mut result = connection.flush_if_writable(&pass);
        if let Ok(ConnectionProgress::Open) = result
            && connection.is_idle()
        {
            let head = connection.cursor.seq;
            let heartbeat = subscription.heartbeat(head, &*self.context.bytes);
            if let Some(bytes) = heartbeat {
                result = connection.send(bytes, &pass);
            }
        }
        self.handle_result(key, result);
    }
}
