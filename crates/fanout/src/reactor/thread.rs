//! One thread: its loop, and another one in its place if it panics.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Interest, Poll, Token, Waker};
use multisend::Sends;
use slab::Slab;

use super::bell::{Alarm, News};
use super::desk::Desk;
use super::rest::Rest;
use super::room::{Batch, Due, Room};
use super::seated::{Moment, PIECE_BYTES, Seated, Standing};
use super::{Sending, Timing, Wording};
use crate::channel::Channel;

/// The time between two heartbeats has so many ticks. At each of them a part of the followers have
/// theirs, and those that take nothing are looked for.
const TICKS: u32 = 60;

/// Fewer followers than this are given their batch one by one.
const TOGETHER: usize = 2;

/// Events that the system tells at once; the others come next.
const EVENTS_AT_ONCE: usize = 1024;

/// The token of no follower.
const ALARM: Token = Token(usize::MAX);

/// Time before another thread takes the place of one that panicked, so that what fails again and
/// again costs little.
const REPLACED_AFTER: Duration = Duration::from_secs(1);

/// What is to be done with a follower at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    TakeTurn,
    End,
}

pub(super) struct Thread<W: Wording> {
    poll: Poll,
    alarm: Arc<Alarm>,
    desk: Arc<Desk<W::Seat>>,
    wording: Arc<W>,
    timing: Timing,
    sending: Sending,
    sends: Option<Sends>,
    seated: Slab<Seated<W::Seat>>,
    rooms: Slab<Room>,
    /// The rooms by the address of their channels, which they keep from being freed.
    rooms_by_channel: HashMap<usize, usize>,
    /// With key and stamp of the follower. Each is there at most once for each act, and no longer
    /// than its wait lasts.
    agenda: BinaryHeap<Reverse<(Instant, Act, usize, u32)>>,
    /// The last that was given.
    stamp: u32,
    next_tick: Instant,
    /// Those with keys of this remainder have their heartbeat at the next tick.
    slot: u32,
    is_ending: bool,
}

impl<W: Wording> Thread<W> {
    pub(super) fn new(
        desk: Arc<Desk<W::Seat>>,
        timing: Timing,
        sending: Sending,
        wording: Arc<W>,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let sends = match sending {
            Sending::OneByOne => None,
            Sending::Together => Sends::new().inspect_err(|error| wording.one_by_one(error)).ok(),
        };
        Ok(Self {
            sends,
            sending,
            alarm: Arc::new(Alarm::new(Waker::new(poll.registry(), ALARM)?)),
            poll,
            desk,
            wording,
            timing,
            seated: Slab::new(),
            rooms: Slab::new(),
            rooms_by_channel: HashMap::new(),
            agenda: BinaryHeap::new(),
            stamp: 0,
            next_tick: Instant::now(),
            slot: 0,
            is_ending: false,
        })
    }

    /// Takes its place at the desk: those who come from now on wait for it.
    pub(super) fn begin(self) -> Self {
        self.desk.begin(Arc::clone(&self.alarm));
        self
    }

    /// Runs until the desk is closed. A panic takes the followers that are here with it; they come
    /// back, and find another thread.
    pub(super) fn keep(mut self) {
        let (desk, timing, sending) = (Arc::clone(&self.desk), self.timing, self.sending);
        let wording = Arc::clone(&self.wording);
        loop {
            // All that the loop has is dropped with it. Of what it shares, channels are only read
            // and locks are let go, and the desk is left here.
            let ended = catch_unwind(AssertUnwindSafe(|| self.run()));
            desk.leave();
            if ended.is_ok() {
                return;
            }
            wording.panicked();
            self = loop {
                std::thread::park_timeout(REPLACED_AFTER);
                if desk.is_closed() {
                    return;
                }
                match Self::new(Arc::clone(&desk), timing, sending, Arc::clone(&wording)) {
                    Ok(thread) => break thread.begin(),
                    Err(error) => wording.not_replaced(&error),
                }
            };
        }
    }

    fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_AT_ONCE);
        let mut rest = Rest::default();
        // Before the first wait too: nobody wakes a thread that comes to a closed desk.
        while !self.desk.is_closed() {
            let wait = self.wait(Instant::now());
            if let Err(error) = self.poll.poll(&mut events, wait) {
                assert_eq!(error.kind(), io::ErrorKind::Interrupted, "epoll is ours and stays");
                continue;
            }
            self.alarm.is_heard();
            let now = Instant::now();
            for event in events.iter().filter(|event| event.token() != ALARM) {
                self.socket_says(event, now);
            }
            self.let_in();
            let News { rooms, count } = self.alarm.take_news();
            rooms.into_iter().for_each(|room| self.pass(room, now));
            let passed = now.elapsed();
            self.end_all_if_told(now);
            self.act(now);
            self.tick(now);
            rest.take(count, passed, &self.alarm);
        }
    }

    /// How long nothing is to be done unless something happens.
    fn wait(&self, now: Instant) -> Option<Duration> {
        let tick = (!self.seated.is_empty()).then_some(self.next_tick);
        let act = self.agenda.peek().map(|Reverse((at, ..))| *at);
        let next = tick.into_iter().chain(act).min()?;
        Some(next.saturating_duration_since(now))
    }

    fn socket_says(&mut self, event: &Event, now: Instant) {
        let key = event.token().0;
        let Some(seated) = self.seated.get_mut(key) else { return };
        let mut standing = Ok(Standing::Stays);
        if event.is_readable() || event.is_read_closed() || event.is_error() {
            standing = seated.hear().map(|()| Standing::Stays);
        }
        if standing.is_ok() && event.is_writable() {
            let until = self.rooms[seated.room as usize].at;
            standing = seated.go_on(&Moment { wording: &*self.wording, until, now });
        }
        self.settle(key, standing);
    }

    fn let_in(&mut self) {
        let newcomers = self.desk.newcomers();
        // After that: the turn of one who has just come is not still to come.
        let now = Instant::now();
        for newcomer in newcomers {
            if self.seated.is_empty() {
                self.next_tick = now + self.tick_length();
            }
            let turn = newcomer.turn;
            let room = self.room_of(newcomer.follower.channel());
            let place = self.rooms[room].members.len();
            self.stamp = self.stamp.wrapping_add(1);
            let mut seated = Seated::new(newcomer, room, place, self.stamp);
            seated.waits = turn > now;
            let key = self.seated.insert(seated);
            let seated = &mut self.seated[key];
            self.rooms[room].members.push(u32::try_from(key).expect("a key is that of a socket"));
            if seated.waits {
                self.agenda.push(Reverse((turn, Act::TakeTurn, key, self.stamp)));
            }
            if self.is_ending {
                let end = now + self.wording.time_to_end();
                self.agenda.push(Reverse((end, Act::End, key, self.stamp)));
            }
            let interest = Interest::READABLE | Interest::WRITABLE;
            let registered =
                self.poll.registry().register(&mut seated.socket, Token(key), interest);
            let until = self.rooms[room].at;
            let moment = Moment { wording: &*self.wording, until, now };
            let standing = registered.and_then(|()| seated.pump(&moment));
            self.settle(key, standing);
        }
    }

    fn room_of(&mut self, channel: &Arc<Channel>) -> usize {
        let address = Arc::as_ptr(channel) as usize;
        *self.rooms_by_channel.entry(address).or_insert_with(|| {
            let vacant = self.rooms.vacant_entry();
            let key = vacant.key();
            vacant.insert(Room::new(Arc::clone(channel), Arc::clone(&self.alarm), key));
            key
        })
    }

    /// Gives what is new in a room to all who are there.
    fn pass(&mut self, room: usize, now: Instant) {
        let Some(due) = self.rooms.get_mut(room).map(Room::look) else { return };
        if let Due::Nothing = due {
            return;
        }
        if let Due::Batch(batch) = &due {
            self.give_together(room, batch, now);
        }
        // All of them may have gone by that.
        let Some(until) = self.rooms.get(room).map(|room| room.at) else { return };
        let wording = Arc::clone(&self.wording);
        let moment = Moment { wording: &*wording, until, now };
        // From the last to the first: one that goes is replaced by one that was served.
        for place in (0..self.rooms[room].members.len()).rev() {
            let key = self.rooms[room].members[place] as usize;
            let seated = &mut self.seated[key];
            let standing = match &due {
                Due::Batch(batch) if seated.stands_behind(batch) => continue,
                Due::Batch(batch) if seated.stands_before(batch) => seated.give(batch, now),
                _ => seated.pump(&moment),
            };
            self.settle(key, standing);
        }
    }

    /// Gives the batch to all for whom it is all that they are due, where the system sends to many at
    /// once.
    fn give_together(&mut self, room: usize, batch: &Batch, now: Instant) {
        let Some(sends) = &mut self.sends else { return };
        let is_due = |key: &u32| self.seated[*key as usize].stands_before(batch);
        let keys: Vec<_> = self.rooms[room].members.iter().copied().filter(is_due).collect();
        if keys.len() < TOGETHER || batch.bytes.len() > PIECE_BYTES {
            return;
        }
        let sockets: Vec<_> =
            keys.iter().map(|key| self.seated[*key as usize].socket.as_fd()).collect();
        let mut taken = Vec::new();
        if let Err(error) = sends.send(&batch.bytes, &sockets, &mut taken) {
            // Of whom nothing is known now is cut, and comes back.
            self.wording.one_by_one(&error);
            self.sends = None;
        }
        for (key, taken) in keys.into_iter().zip(taken) {
            let standing = self.seated[key as usize].given(batch, taken, now);
            self.settle(key as usize, standing);
        }
    }

    fn end_all_if_told(&mut self, now: Instant) {
        if !self.is_ending && self.desk.ends_all() {
            self.is_ending = true;
            for (key, seated) in &self.seated {
                let end = now + self.wording.time_to_end();
                self.agenda.push(Reverse((end, Act::End, key, seated.stamp)));
            }
        }
    }

    fn act(&mut self, now: Instant) {
        while let Some(Reverse((at, act, key, stamp))) = self.agenda.peek().copied()
            && at <= now
        {
            self.agenda.pop();
            let seated = self.seated.get_mut(key).filter(|seated| seated.stamp == stamp);
            let Some(seated) = seated else { continue };
            match act {
                Act::TakeTurn => seated.waits = false,
                Act::End => seated.ends = true,
            }
            let until = self.rooms[seated.room as usize].at;
            let standing = seated.pump(&Moment { wording: &*self.wording, until, now });
            self.settle(key, standing);
        }
        // What a storm needed is given back.
        if self.agenda.is_empty() {
            self.agenda.shrink_to_fit();
        }
    }

    fn tick(&mut self, now: Instant) {
        // After a long sleep of the machine one round is enough.
        let mut rounds = 0;
        while self.next_tick <= now && !self.seated.is_empty() && rounds < TICKS {
            self.rooms.iter_mut().for_each(|(_, room)| room.tick());
            for key in 0..self.seated.capacity() {
                self.look_after(key, now);
            }
            self.slot = (self.slot + 1) % TICKS;
            self.next_tick += self.tick_length();
            rounds += 1;
        }
        self.next_tick = self.next_tick.max(now);
    }

    fn tick_length(&self) -> Duration {
        self.timing.heartbeat_every / TICKS
    }

    fn look_after(&mut self, key: usize, now: Instant) {
        let Some(seated) = self.seated.get_mut(key) else { return };
        if seated.is_stalled(self.timing.stall_timeout, now) {
            self.wording.stalled();
            seated.cut();
            return self.leave(key);
        }
        if key % TICKS as usize != self.slot as usize {
            return;
        }
        // Not before frames that are due; one that takes nothing has no use for it either.
        let room = &mut self.rooms[seated.room as usize];
        let moment = Moment { wording: &*self.wording, until: room.at, now };
        let mut standing = seated.pump(&moment);
        if let Ok(Standing::Stays) = standing
            && seated.is_idle()
        {
            let head = seated.cursor.at;
            if let Some(bytes) = room.heartbeat(head, || self.wording.heartbeat(head)) {
                standing = seated.say(bytes, &moment);
            }
        }
        self.settle(key, standing);
    }

    fn settle(&mut self, key: usize, standing: io::Result<Standing>) {
        match standing {
            Ok(Standing::Stays) => {}
            Ok(Standing::Goes) => {
                self.seated[key].finish();
                self.leave(key);
            }
            // Whoever goes says so in one way or another; it is no fault of ours.
            Err(_) => self.leave(key),
        }
    }

    /// Frees what a follower has. Its socket leaves the epoll set by being closed.
    fn leave(&mut self, key: usize) {
        let gone = self.seated.remove(key);
        let (room, place) = (gone.room as usize, gone.place as usize);
        let members = &mut self.rooms[room].members;
        members.swap_remove(place);
        if let Some(moved) = members.get(place) {
            self.seated[*moved as usize].place = gone.place;
        }
        if members.is_empty() {
            let room = self.rooms.remove(room);
            self.rooms_by_channel.remove(&(Arc::as_ptr(&room.channel) as usize));
        }
    }
}
