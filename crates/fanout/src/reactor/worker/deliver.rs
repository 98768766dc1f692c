//! Writes new frames to the followers of a channel.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Instant;

use super::ReactorWorker;
use crate::reactor::callbacks::FollowerPermit;
use crate::reactor::connection::DeliveryPass;
use crate::reactor::socket_write::MAX_WRITE_BYTES;
use crate::reactor::subscription::{FrameBatch, PendingFrames};

/// Batches for fewer followers are written one socket at a time: io_uring gains nothing.
const MIN_BATCHED: usize = 2;

impl<P: FollowerPermit> ReactorWorker<P> {
    /// One delivery pass: writes the new frames of a channel to all its followers on this worker.
    pub(super) fn deliver(&mut self, subscription_key: usize, now: Instant) {
        // 1. Join the frames published since the last pass. This clears the notification first, so a
        //    publish during the pass causes another pass. The subscription may be gone: its last
        //    follower can leave between the notification and now.
        let Some(subscription) = self.subscriptions.get_mut(subscription_key) else { return };
        let pending = subscription.poll();
        if let PendingFrames::None = pending {
            return;
        }
        // 2. Most followers are up to date and need exactly the batch. If the kernel can, one syscall
        //    writes it to all of them.
        if let PendingFrames::Batch(batch) = &pending {
            self.deliver_batched(subscription_key, batch, now);
        }
        // 3. Look the subscription up again: it is removed with its last follower, and step 2 may
        //    have found that all peers are gone.
        let Some(subscription) = self.subscriptions.get(subscription_key) else { return };
        let bytes = Arc::clone(&self.context.bytes);
        let pass = DeliveryPass { bytes: &*bytes, up_to: subscription.seq, now };
        // 4. Serve the followers one by one, from the last to the first: `remove` fills the gap with
        //    the last follower, which then has been served already.
        for index in (0..subscription.followers.len()).rev() {
            let key = self.subscriptions[subscription_key].followers[index] as usize;
            let connection = &mut self.connections[key];
            let result = match &pending {
                // Served by step 2, or it has had a snapshot newer than the batch.
                PendingFrames::Batch(batch) if connection.has_batch(batch) => continue,
                // Up to date: write the shared buffer, without touching the channel.
                PendingFrames::Batch(batch) if connection.needs_batch(batch) => {
                    connection.write_batch(batch, now)
                }
                // Behind, new, or at the end of a closed channel: read from its own cursor.
                _ => connection.flush_if_writable(&pass),
            };
            // 5. Remove the connection if its stream has ended or its peer is gone.
            self.handle_result(key, result);
        }
        if let PendingFrames::Batch(FrameBatch { frames, .. }) = &pending
            && let Some((oldest, _)) = frames.first()
        {
            self.context.events.written(*oldest);
        }
    }

    /// Writes the batch to all followers that need exactly it, with few syscalls. Does nothing where
    /// io_uring is unavailable or does not pay: [`ReactorWorker::deliver`] writes to the followers
    /// that are left.
    fn deliver_batched(&mut self, subscription: usize, batch: &FrameBatch, now: Instant) {
        let Some(ring) = &mut self.ring else { return };
        let followers = &self.subscriptions[subscription].followers;
        let needs_batch = |key: &u32| self.connections[*key as usize].needs_batch(batch);
        let keys: Vec<_> = followers.iter().copied().filter(needs_batch).collect();
        // A send is not split into several writes, so the cap on one write applies to the batch.
        if keys.len() < MIN_BATCHED || batch.bytes.len() > MAX_WRITE_BYTES {
            return;
        }
        let sockets: Vec<_> =
            keys.iter().map(|key| self.connections[*key as usize].socket.as_fd()).collect();
        let mut results: Vec<io::Result<usize>> = Vec::new();
        if let Err(error) = ring.send(&batch.bytes, &sockets, &mut results) {
            // Sends without a result have an error: those followers are cut, since it is unknown how
            // much their peers received. They reconnect and resume.
            self.context.events.io_uring_unavailable(&error);
            self.ring = None;
        }
        for (key, written) in keys.into_iter().zip(results) {
            let result = self.connections[key as usize].record_batch(batch, written, now);
            self.handle_result(key as usize, result);
        }
    }
}
