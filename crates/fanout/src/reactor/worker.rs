//! One thread: its event loop, and its restart after a panic.

/// Writes new frames to the followers of a channel.
mod deliver;

/// Start and close timers, heartbeats, and stalled followers.
mod timers;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Interest, Poll, Token, Waker};
use multisend::SendRing;
use slab::Slab;

use super::callbacks::{FollowerPermit, ReactorEvents, StreamBytes};
use super::coalesce::CoalesceDelay;
use super::config::{ReactorConfig, WriteMode};
use super::connection::{ConnectionProgress, DeliveryPass, FollowerConnection};
use super::inbox::{CloseDelay, ConnectionInbox};
use super::subscription::ChannelSubscription;
use crate::channel::Channel;
use crate::notify::WorkerNotifier;

/// Maximum number of socket events returned by one `poll`; the next returns the others.
const MAX_POLL_EVENTS: usize = 1024;

/// The waker's token, which no connection has.
const WAKE_TOKEN: Token = Token(usize::MAX);

/// Time between a panic and the restart, so that a panic that repeats costs little.
const RESTART_DELAY: Duration = Duration::from_secs(1);

/// Everything that a worker shares with the reactor, and that outlives a panic.
pub(super) struct WorkerContext<P> {
    pub(super) config: ReactorConfig,
    pub(super) inbox: Arc<ConnectionInbox<P>>,
    pub(super) bytes: Arc<dyn StreamBytes>,
    pub(super) events: Arc<dyn ReactorEvents>,
}

pub(super) struct ReactorWorker<P> {
    context: WorkerContext<P>,
    poll: Poll,
    notifier: Arc<WorkerNotifier>,
    /// `None` to write one socket at a time.
    ring: Option<SendRing>,
    connections: Slab<FollowerConnection<P>>,
    subscriptions: Slab<ChannelSubscription>,
    /// Keys of the subscriptions by the address of their channels, which they keep alive.
    subscriptions_by_channel: HashMap<usize, usize>,
    /// With key and generation of the connection. Each connection has at most one entry per kind,
    /// which stays until its time even if the connection goes first.
    timers: BinaryHeap<Reverse<(Instant, ConnectionTimer, usize, u32)>>,
    last_generation: u32,
    next_tick: Instant,
    /// Connections whose key modulo `HEARTBEAT_SLOTS` is this get a heartbeat at the next tick.
    heartbeat_slot: u32,
    /// Set once all streams are to be closed.
    close_delay: Option<CloseDelay>,
}

/// The change that a timer makes to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ConnectionTimer {
    /// Its delay before the first frames is over.
    Start,
    /// Its stream is to be closed.
    Close,
}

impl<P: FollowerPermit> ReactorWorker<P> {
    /// Opens a worker and its inbox: connections pushed from now on wait for it.
    pub(super) fn open(context: WorkerContext<P>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let notifier = Arc::new(WorkerNotifier::new(Waker::new(poll.registry(), WAKE_TOKEN)?));
        let ring = match context.config.write_mode {
            WriteMode::PerSocket => None,
            WriteMode::IoUring => {
                SendRing::new().inspect_err(|error| context.events.io_uring_unavailable(error)).ok()
            }
        };
        context.inbox.open(Arc::clone(&notifier));
        Ok(Self {
            context,
            poll,
            notifier,
            ring,
            connections: Slab::new(),
            subscriptions: Slab::new(),
            subscriptions_by_channel: HashMap::new(),
            timers: BinaryHeap::new(),
            last_generation: 0,
            next_tick: Instant::now(),
            heartbeat_slot: 0,
            close_delay: None,
        })
    }

    /// Runs until the inbox is shut down, and again after a panic. A panic drops the worker's
    /// connections; their followers reconnect, to another worker if this one has not restarted.
    pub(super) fn run_supervised(self) {
        let context = self.context.clone();
        let mut worker = self;
        loop {
            // Unwind safe: the loop's own state is dropped. Of the shared state, channels are only
            // read, parking_lot releases its locks, and the inbox is closed below.
            let result = catch_unwind(AssertUnwindSafe(|| worker.run()));
            context.inbox.close();
            if result.is_ok() {
                return;
            }
            context.events.worker_panicked();
            worker = loop {
                std::thread::park_timeout(RESTART_DELAY);
                if context.inbox.is_shut_down() {
                    return;
                }
                match Self::open(context.clone()) {
                    Ok(worker) => break worker,
                    Err(error) => context.events.worker_not_restarted(&error),
                }
            };
        }
    }

    /// The event loop. The order within a turn matters:
    /// - sockets first: a follower that catches up here needs only the batch of the pass;
    /// - then new connections, so that the pass finds them at the subscription's position;
    /// - then the new frames of each channel that has any, in one pass per channel;
    /// - then timers and heartbeats, which must not come before frames published earlier;
    /// - last the delay for further frames, measured by the time that this turn spent writing.
    fn run(mut self) {
        let mut events = Events::with_capacity(MAX_POLL_EVENTS);
        let mut coalesce = CoalesceDelay::default();
        // Checked before the first wait too: nothing wakes a worker whose inbox was shut down before
        // it was opened.
        while !self.context.inbox.is_shut_down() {
            let timeout = self.poll_timeout(Instant::now());
            if let Err(error) = self.poll.poll(&mut events, timeout) {
                assert_eq!(error.kind(), io::ErrorKind::Interrupted, "epoll_wait on our own epoll");
                continue;
            }
            self.notifier.clear();
            let now = Instant::now();
            for event in events.iter().filter(|event| event.token() != WAKE_TOKEN) {
                self.handle_socket_event(event, now);
            }
            self.register_new();
            let pending = self.notifier.take();
            for subscription in pending.subscriptions {
                self.deliver(subscription, now);
            }
            let write_time = now.elapsed();
            self.start_closing(now);
            self.run_timers(now);
            self.maintain(now);
            coalesce.wait(pending.published, write_time, &self.notifier);
        }
    }

    fn handle_socket_event(&mut self, event: &Event, now: Instant) {
        let key = event.token().0;
        // The connection may have been removed after `poll` returned its event.
        let Some(connection) = self.connections.get_mut(key) else { return };
        let has_input = event.is_readable() || event.is_read_closed() || event.is_error();
        let is_due = if has_input { connection.discard_input() } else { Ok(false) };
        let up_to = self.subscriptions[connection.subscription as usize].seq;
        let pass = DeliveryPass { bytes: &*self.context.bytes, up_to, now };
        let result = match is_due {
            Ok(is_due) if is_due || event.is_writable() => connection.flush(&pass),
            Ok(_) => Ok(ConnectionProgress::Open),
            Err(error) => Err(error),
        };
        self.handle_result(key, result);
    }

    fn register_new(&mut self) {
        let new = self.context.inbox.drain();
        // After draining, so that a `start_at` of "now" has passed.
        let now = Instant::now();
        for connection in new {
            if self.connections.is_empty() {
                // Ticks pause while there are no connections.
                self.next_tick = now + self.tick_interval();
            }
            let start_at = connection.start_at;
            let subscription = self.subscribe(connection.follower.channel());
            let followers = &mut self.subscriptions[subscription].followers;
            self.last_generation = self.last_generation.wrapping_add(1);
            let generation = self.last_generation;
            let mut connection =
                FollowerConnection::new(connection, subscription, followers.len(), generation);
            connection.delayed = start_at > now;
            let key = self.connections.insert(connection);
            let connection = &mut self.connections[key];
            followers.push(u32::try_from(key).expect("there are fewer sockets than 2^32"));
            if connection.delayed {
                self.timers.push(Reverse((start_at, ConnectionTimer::Start, key, generation)));
            }
            if let Some(delay) = &self.close_delay {
                let close_at = now + delay();
                self.timers.push(Reverse((close_at, ConnectionTimer::Close, key, generation)));
            }
            let interest = Interest::READABLE | Interest::WRITABLE;
            let registered =
                self.poll.registry().register(&mut connection.socket, Token(key), interest);
            let up_to = self.subscriptions[subscription].seq;
            let pass = DeliveryPass { bytes: &*self.context.bytes, up_to, now };
            let result = registered.and_then(|()| connection.flush_if_writable(&pass));
            self.handle_result(key, result);
        }
    }

    /// Returns the key of the channel's subscription, which it creates for the first follower.
    fn subscribe(&mut self, channel: &Arc<Channel>) -> usize {
        let address = Arc::as_ptr(channel) as usize;
        *self.subscriptions_by_channel.entry(address).or_insert_with(|| {
            let vacant = self.subscriptions.vacant_entry();
            let key = vacant.key();
            vacant.insert(ChannelSubscription::new(
                Arc::clone(channel),
                Arc::clone(&self.notifier),
                key,
            ));
            key
        })
    }

    fn handle_result(&mut self, key: usize, result: io::Result<ConnectionProgress>) {
        match result {
            Ok(ConnectionProgress::Open) => {}
            Ok(ConnectionProgress::Done) => {
                self.connections[key].shut_down();
                self.remove(key);
            }
            // Not logged: peers leave in many ways, and all of them are normal.
            Err(_) => self.remove(key),
        }
    }

    /// Drops a connection and, with the last follower of a channel, the subscription. Closing the
    /// socket removes it from the epoll set.
    fn remove(&mut self, key: usize) {
        let removed = self.connections.remove(key);
        let subscription = removed.subscription as usize;
        let index = removed.index as usize;
        let followers = &mut self.subscriptions[subscription].followers;
        followers.swap_remove(index);
        if let Some(moved) = followers.get(index) {
            self.connections[*moved as usize].index = removed.index;
        }
        if followers.is_empty() {
            let subscription = self.subscriptions.remove(subscription);
            let address = Arc::as_ptr(&subscription.channel) as usize;
            self.subscriptions_by_channel.remove(&address);
        }
    }
}

impl<P> Clone for WorkerContext<P> {
    fn clone(&self) -> Self {
        Self {
            config: self.config,
            inbox: Arc::clone(&self.inbox),
            bytes: Arc::clone(&self.bytes),
            events: Arc::clone(&self.events),
        }
    }
}
