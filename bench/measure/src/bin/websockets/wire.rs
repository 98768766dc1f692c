//! Followers behind a proxy that counts bytes and cuts connections.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use testkit::fault_proxy::FaultProxy;
use testkit::wait::WAIT_TIMEOUT;
use tokio::runtime::Runtime;

use crate::ComparisonArgs;
use crate::board_server::BoardServer;
use crate::connection::BoardTransport;
use crate::follower_group::FollowerGroup;

/// More would only multiply the bytes.
const MAX_FOLLOWERS: usize = 100;

/// Duration of the events whose bytes are counted.
const EVENT_TIME: Duration = Duration::from_secs(3);

const SECS_PER_HOUR: f64 = 3600.0;

pub(crate) struct WiredBoard {
    pub(crate) transport: BoardTransport,
    pub(crate) board: BoardServer,
    proxy: FaultProxy,
    group: FollowerGroup,
}

#[derive(Debug, Clone)]
pub(crate) struct CutFigures {
    /// From the cut to the first event of each follower, the shortest first.
    pub(crate) returned: Vec<Duration>,
    /// Events published from the cut until all followers were back.
    pub(crate) published: u64,
    /// Per follower.
    pub(crate) missed: f64,
}

impl WiredBoard {
    pub(crate) fn start(
        runtime: &Runtime,
        args: &ComparisonArgs,
        transport: BoardTransport,
    ) -> Result<Self> {
        let board = BoardServer::start(transport, args);
        let proxy = runtime.block_on(FaultProxy::start(board.server.address))?;
        let followers = args.followers.min(MAX_FOLLOWERS);
        let group = FollowerGroup::connect(runtime, transport, proxy.address(), followers);
        // Everything that begins a connection has arrived before this event.
        board.publish();
        group.wait_for_last(&board);
        Ok(Self { transport, board, proxy, group })
    }

    /// Bytes per event and follower in both directions, without TCP and IP.
    pub(crate) fn measure_events(&self, rate: f64) -> f64 {
        let (bytes, before) = (self.proxy.forwarded_bytes(), self.board.published());
        let start = Instant::now();
        self.board.publish_while(rate, || start.elapsed() < EVENT_TIME);
        self.group.wait_for_last(&self.board);
        let deliveries = (self.board.published() - before) * self.group.len() as u64;
        (self.proxy.forwarded_bytes() - bytes) as f64 / deliveries as f64
    }

    /// Cuts all connections for some time while events go on.
    pub(crate) fn measure_cut(&self, rate: f64, away: Duration) -> Result<CutFigures> {
        let before = self.board.published();
        let is_cut = Cell::new(true);
        let start = Instant::now();
        self.proxy.cut();
        self.board.publish_while(rate, || {
            if is_cut.get() && start.elapsed() >= away {
                self.proxy.restore();
                is_cut.set(false);
            }
            let is_back = self.group.all(|one| one.openings > 1 && one.returned.is_some());
            !is_back && start.elapsed() < WAIT_TIMEOUT
        });
        self.group.wait_for_last(&self.board);
        let mut returned: Vec<_> =
            self.group.records().filter_map(|record| Some(record.returned? - start)).collect();
        returned.sort();
        let missed: u64 = self.group.records().map(|record| record.missed).sum();
        let repeated: u64 = self.group.records().map(|record| record.repeated).sum();
        ensure!(
            !self.transport.is_flightboard() || missed + repeated == 0,
            "{}: {missed} events missed, {repeated} repeated",
            self.transport.title()
        );
        let published = self.board.published() - before;
        Ok(CutFigures { returned, published, missed: missed as f64 / self.group.len() as f64 })
    }
}

/// The bytes of each follower in an hour without events, in both directions, for each board.
pub(crate) fn measure_idle(boards: &[WiredBoard], idle: Duration) -> Vec<f64> {
    let before: Vec<_> = boards.iter().map(|board| board.proxy.forwarded_bytes()).collect();
    let start = Instant::now();
    std::thread::sleep(idle);
    let hours = start.elapsed().as_secs_f64() / SECS_PER_HOUR;
    let bytes = boards.iter().zip(before);
    let per_hour = bytes.map(|(board, before)| {
        (board.proxy.forwarded_bytes() - before) as f64 / hours / board.group.len() as f64
    });
    per_hour.collect()
}
