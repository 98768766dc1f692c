//! A server that stands alone, its journal, and what can be done to both.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tempfile::TempDir;

use super::load_generator::RoundState;
use super::plan::{DRAIN, RoundPlan};
use super::update::BOARDS;
use testkit::fault_library::{DiskFault, FaultLibrary};
use testkit::process::{ServerProcess, flightboard_command};

/// Injecting faults into it.
mod inject;

/// How long a server may take to stop beyond its drain time.
pub(super) const STOP_SLACK: Duration = Duration::from_secs(5);

pub(super) struct SingleNode {
    folder: TempDir,
    flags: Vec<String>,
    pub(super) state: Arc<RoundState>,
    /// How often it was killed.
    pub(super) kills: usize,
    server: Option<ServerProcess>,
    /// The first event of the journal, as long as it is the same one.
    origin: String,
    /// Of its disk and its clock, where a round has any.
    faults: Option<FaultLibrary>,
}

/// A copy of the journal, with the newest event that is in it.
pub(super) struct Copy {
    folder: TempDir,
    newest: u64,
}

impl SingleNode {
    /// A server with an empty journal.
    pub(super) fn new(
        plan: &RoundPlan,
        faults: Option<FaultLibrary>,
        state: Arc<RoundState>,
    ) -> Result<Self> {
        let (folder, flags, origin) = (TempDir::new()?, plan.flags(), String::new());
        let mut site = Self { folder, flags, state, kills: 0, server: None, origin, faults };
        let server = site.launch()?;
        site.origin = head(&server, "main")?;
        site.open(server)?;
        Ok(site)
    }

    /// Starts it on its journal, and lets publishers and followers know where it is.
    pub(super) fn start(&mut self) -> Result<()> {
        let server = self.launch()?;
        self.open(server)
    }

    /// Kills it in the middle of a start, after so long.
    pub(super) fn start_and_kill(&mut self, after: Duration) -> Result<()> {
        let mut program = testkit::process::TestProcess::start(&mut self.command()?);
        std::thread::sleep(after);
        program.kill();
        self.kills += 1;
        Ok(())
    }

    pub(super) fn kill(&mut self) {
        self.state.place(0, None);
        if let Some(server) = self.server.take() {
            server.kill();
            self.kills += 1;
        }
    }

    /// Stops it in good order. It must come to its end in time, with streams and publishers about.
    pub(super) fn stop(&mut self) -> Result<()> {
        let Some(server) = self.server.take() else { return Ok(()) };
        server.process.terminate();
        let ended = server.process.wait_for_exit(DRAIN + STOP_SLACK);
        self.state.place(0, None);
        ensure!(ended.status.success(), "it did not stop in good order: {ended:?}");
        Ok(())
    }

    /// Lets it stand still for a while.
    pub(super) fn freeze(&self, long: Duration) {
        if let Some(server) = &self.server {
            server.process.pause();
            std::thread::sleep(long);
            server.process.resume();
        }
    }

    /// Lets its disk fail, or be well again.
    pub(super) fn set_disk(&self, fault: DiskFault) -> Result<()> {
        Ok(self.faults()?.set_disk_fault(fault)?)
    }

    /// Puts its clock so many seconds ahead.
    pub(super) fn set_clock(&self, secs: i64) -> Result<()> {
        Ok(self.faults()?.set_clock_offset(secs)?)
    }

    fn faults(&self) -> Result<&FaultLibrary> {
        self.faults.as_ref().context("the round was begun without such faults")
    }

    /// A copy of the journal. The server is stopped for it.
    pub(super) fn copy(&mut self) -> Result<Copy> {
        self.stop()?;
        let folder = TempDir::new()?;
        fs::copy(self.journal(), folder.path().join("journal.db"))?;
        let server = self.launch()?;
        let newest = newest(&server)?;
        self.open(server)?;
        Ok(Copy { folder, newest })
    }

    /// Kills it, and starts it on a copy from before.
    pub(super) fn restore(&mut self, copy: &Copy) -> Result<()> {
        self.kill();
        self.remove_journal()?;
        fs::copy(copy.folder.path().join("journal.db"), self.journal())?;
        let kept = self.start_set_back()?;
        ensure!(kept == copy.newest, "the copy went to {}, the server to {kept}", copy.newest);
        Ok(())
    }

    /// Kills it, and starts it on nothing.
    pub(super) fn empty(&mut self) -> Result<()> {
        self.kill();
        self.remove_journal()?;
        self.start_set_back().map(drop)
    }

    /// Kills it, and takes this part of what was written last from the disk.
    pub(super) fn lose_tail(&mut self, part: f64) -> Result<()> {
        self.kill();
        let log = self.folder.path().join("journal.db-wal");
        if let Ok(found) = fs::metadata(&log) {
            let kept = (found.len() as f64 * (1.0 - part)) as u64;
            fs::OpenOptions::new().write(true).open(&log)?.set_len(kept)?;
        }
        // The index of the log belongs to what it was, and a machine that restarts has none.
        remove(&self.folder.path().join("journal.db-shm"))?;
        self.start_set_back().map(drop)
    }

    pub(super) fn server(&self) -> Option<&ServerProcess> {
        self.server.as_ref()
    }

    /// Starts on a journal that has lost something, and lets the oracle know how far it reaches. Where
    /// nothing is left, the server has opened its first board anew.
    fn start_set_back(&mut self) -> Result<u64> {
        let server = self.launch()?;
        let first = head(&server, "main")?;
        let is_new = first != self.origin
            && testkit::event_id::split_event_id(&first).is_some_and(|id| id.1 == 1);
        let kept = if is_new { 0 } else { newest(&server)? };
        if is_new {
            self.origin = first;
        }
        self.state.model.lock().rewind(kept);
        self.open(server)?;
        Ok(kept)
    }

    fn open(&mut self, server: ServerProcess) -> Result<()> {
        let api = server.api();
        for board in BOARDS {
            if api.get_status(&format!("/boards/{board}")) == 404 {
                api.put_board(board, &json!({ "title": board }));
            }
        }
        self.state.place(0, Some(server.address));
        self.server = Some(server);
        Ok(())
    }

    fn launch(&self) -> Result<ServerProcess> {
        Ok(ServerProcess::start(&mut self.command()?))
    }

    fn command(&self) -> Result<std::process::Command> {
        let mut command = flightboard_command(["serve", "--listen", "127.0.0.1:0", "--journal"]);
        command.arg(self.journal()).args(&self.flags);
        if let Some(faults) = &self.faults {
            faults.preload(&mut command, self.folder.path())?;
        }
        Ok(command)
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    fn remove_journal(&self) -> Result<()> {
        ["journal.db", "journal.db-wal", "journal.db-shm"]
            .iter()
            .try_for_each(|name| remove(&self.folder.path().join(name)))
    }
}

/// The id of a board's newest event.
fn head(server: &ServerProcess, board: &str) -> Result<String> {
    let answer = server.api().get(&format!("/boards/{board}"));
    Ok(answer["id"].as_str().context("a board has an event")?.to_owned())
}

/// The number of the newest event on any board.
fn newest(server: &ServerProcess) -> Result<u64> {
    let boards = server.api().get("/boards");
    let boards = boards["boards"].as_array().context("there are boards")?;
    let ids =
        boards.iter().filter_map(|board| testkit::event_id::split_event_id(board["id"].as_str()?));
    Ok(ids.map(|(_, seq)| seq).max().unwrap_or_default())
}

fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
