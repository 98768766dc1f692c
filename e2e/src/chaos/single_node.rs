//! One server with a journal file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tempfile::TempDir;
use testkit::event_id::split_event_id;
use testkit::fault_library::{DiskFault, FaultLibrary};
use testkit::process::{ServerProcess, TestProcess, flightboard_command};

use super::plan::{DRAIN, RoundPlan};
use super::round_state::RoundState;
use super::update::BOARDS;

/// Its faults.
mod inject;

/// The time that a server may take to stop after its drain time.
pub(super) const STOP_SLACK: Duration = Duration::from_secs(5);

pub(super) struct SingleNode {
    folder: TempDir,
    flags: Vec<String>,
    state: Arc<RoundState>,
    kills: usize,
    server: Option<ServerProcess>,
    /// The id of the first event of the journal. It changes only if the journal is emptied.
    first_id: String,
    /// Faults of its disk and its clock, if the round has any.
    preloaded: Option<FaultLibrary>,
}

/// A copy of the journal, and the sequence number of its newest event.
struct JournalCopy {
    folder: TempDir,
    newest: u64,
}

impl SingleNode {
    /// Starts a server with an empty journal.
    pub(super) fn start(
        plan: &RoundPlan,
        preloaded: Option<FaultLibrary>,
        state: Arc<RoundState>,
    ) -> Result<Self> {
        let mut node = Self {
            folder: TempDir::new()?,
            flags: plan.serve_flags(),
            state,
            kills: 0,
            server: None,
            first_id: String::new(),
            preloaded,
        };
        let server = node.spawn()?;
        node.first_id = newest_id(&server, "main")?;
        node.announce(server)?;
        Ok(node)
    }

    /// Restarts the server on its journal.
    fn restart(&mut self) -> Result<()> {
        let server = self.spawn()?;
        self.announce(server)
    }

    /// Starts the server, and kills it after `delay`, in the middle of its start.
    fn start_and_kill(&mut self, delay: Duration) -> Result<()> {
        let mut program = TestProcess::start(&mut self.serve_command()?);
        sleep(delay);
        program.kill();
        self.kills += 1;
        Ok(())
    }

    fn kill(&mut self) {
        self.state.set_address(0, None);
        if let Some(server) = self.server.take() {
            server.kill();
            self.kills += 1;
        }
    }

    /// Stops the server by SIGTERM. It must end in time although streams and publishers are connected.
    fn stop(&mut self) -> Result<()> {
        let Some(server) = self.server.take() else { return Ok(()) };
        server.process.terminate();
        let ended = server.process.wait_for_exit(DRAIN + STOP_SLACK);
        self.state.set_address(0, None);
        ensure!(ended.status.success(), "the server failed on SIGTERM: {ended:?}");
        Ok(())
    }

    fn freeze(&self, duration: Duration) {
        if let Some(server) = &self.server {
            server.process.pause();
            sleep(duration);
            server.process.resume();
        }
    }

    fn set_disk_fault(&self, fault: DiskFault) -> Result<()> {
        Ok(self.preloaded()?.set_disk_fault(fault)?)
    }

    /// Sets the server's clock this many seconds ahead.
    fn set_clock_offset(&self, secs: i64) -> Result<()> {
        Ok(self.preloaded()?.set_clock_offset(secs)?)
    }

    fn preloaded(&self) -> Result<&FaultLibrary> {
        self.preloaded.as_ref().context("the round started without the preloaded library")
    }

    /// Copies the journal while the server is stopped, then restarts it.
    fn copy_journal(&mut self) -> Result<JournalCopy> {
        self.stop()?;
        let folder = TempDir::new()?;
        fs::copy(self.journal(), folder.path().join("journal.db"))?;
        let server = self.spawn()?;
        let newest = newest_seq(&server)?;
        self.announce(server)?;
        Ok(JournalCopy { folder, newest })
    }

    /// Kills the server, and restarts it on an older copy of its journal.
    fn restore_journal(&mut self, copy: &JournalCopy) -> Result<()> {
        self.kill();
        self.remove_journal()?;
        fs::copy(copy.folder.path().join("journal.db"), self.journal())?;
        let newest = self.restart_on_fork()?;
        let expected = copy.newest;
        ensure!(
            newest == expected,
            "the server starts at {newest}, but the copy ends at {expected}"
        );
        Ok(())
    }

    /// Kills the server, and restarts it on an empty journal.
    fn empty_journal(&mut self) -> Result<()> {
        self.kill();
        self.remove_journal()?;
        self.restart_on_fork()?;
        Ok(())
    }

    /// Kills the server, and removes this fraction of the write-ahead log from its end.
    fn lose_tail(&mut self, fraction: f64) -> Result<()> {
        self.kill();
        let wal = self.folder.path().join("journal.db-wal");
        if let Ok(metadata) = fs::metadata(&wal) {
            let kept = (metadata.len() as f64 * (1.0 - fraction)) as u64;
            fs::OpenOptions::new().write(true).open(&wal)?.set_len(kept)?;
        }
        // The shared-memory index describes the whole log. It would not survive a machine's restart either.
        remove_file(&self.folder.path().join("journal.db-shm"))?;
        self.restart_on_fork()?;
        Ok(())
    }

    /// Restarts the server on a journal that has lost its tail, and forks the model at the last sequence number
    /// left, which it returns.
    fn restart_on_fork(&mut self) -> Result<u64> {
        let server = self.spawn()?;
        let newest_on_main = newest_id(&server, "main")?;
        // On an empty journal the server creates its default board as event 1, in a new epoch.
        let is_new_journal = newest_on_main != self.first_id
            && split_event_id(&newest_on_main).is_some_and(|(_, seq)| seq == 1);
        let fork = if is_new_journal { 0 } else { newest_seq(&server)? };
        if is_new_journal {
            self.first_id = newest_on_main;
        }
        self.state.model.lock().fork_at(fork);
        self.announce(server)?;
        Ok(fork)
    }

    /// Creates missing boards, and tells load generators and followers where the server listens.
    fn announce(&mut self, server: ServerProcess) -> Result<()> {
        let api = server.api();
        for board in BOARDS {
            if api.get_status(&format!("/boards/{board}")) == 404 {
                api.put_board(board, &json!({ "title": board }));
            }
        }
        self.state.set_address(0, Some(server.address));
        self.server = Some(server);
        Ok(())
    }

    fn spawn(&self) -> Result<ServerProcess> {
        Ok(ServerProcess::start(&mut self.serve_command()?))
    }

    fn serve_command(&self) -> Result<Command> {
        let mut command = flightboard_command(["serve", "--listen", "127.0.0.1:0", "--journal"]);
        command.arg(self.journal()).args(&self.flags);
        if let Some(faults) = &self.preloaded {
            faults.preload(&mut command, self.folder.path())?;
        }
        Ok(command)
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    fn remove_journal(&self) -> Result<()> {
        for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
            remove_file(&self.folder.path().join(name))?;
        }
        Ok(())
    }
}

/// The id of a board's newest event.
fn newest_id(server: &ServerProcess, board: &str) -> Result<String> {
    let response = server.api().get(&format!("/boards/{board}"));
    Ok(response["id"].as_str().context("the board has no event")?.to_owned())
}

/// The sequence number of the newest event on any board.
fn newest_seq(server: &ServerProcess) -> Result<u64> {
    let response = server.api().get("/boards");
    let boards = response["boards"].as_array().context("no boards in the response")?;
    let ids = boards.iter().filter_map(|board| split_event_id(board["id"].as_str()?));
    Ok(ids.map(|(_, seq)| seq).max().unwrap_or_default())
}

/// Removes a file if it exists.
fn remove_file(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
