//! A link between a program and the servers that it needs: one address for each of them, behind which
//! bytes are handed on for as long as the link is whole. It changes no byte, but it can be cut or fall silent.

use std::net::SocketAddr;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How a link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Bytes are handed on.
    Whole,
    /// Connections are reset, and new ones end at once.
    Cut,
    /// Connections stay, and nothing comes of them until it is whole again: as on a network that drops
    /// all packets.
    Silent,
}

pub struct Link {
    addresses: Vec<SocketAddr>,
    state: watch::Sender<State>,
    accepting: Vec<JoinHandle<()>>,
}

impl Link {
    /// To these servers, until it is dropped.
    pub async fn to(servers: &[SocketAddr]) -> Result<Self> {
        let state = watch::Sender::new(State::Whole);
        let (mut addresses, mut accepting) = (Vec::new(), Vec::new());
        for server in servers {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            addresses.push(listener.local_addr()?);
            accepting.push(tokio::spawn(accept(listener, *server, state.subscribe())));
        }
        Ok(Self { addresses, state, accepting })
    }

    /// Where the servers are behind it, in their order.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    pub fn set(&self, state: State) {
        self.state.send_replace(state);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.accepting.iter().for_each(JoinHandle::abort);
        self.state.send_replace(State::Cut);
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, state: watch::Receiver<State>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(hand_on(client, server, state.clone()));
    }
}

/// Whatever breaks, breaks for both ends.
async fn hand_on(client: TcpStream, server: SocketAddr, mut state: watch::Receiver<State>) {
    if !becomes_whole(&mut state).await {
        return;
    }
    let Ok(server) = TcpStream::connect(server).await else { return };
    // As programs have it that wait for each answer.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = copy(from_client, to_server, state.clone()) => {}
        () = copy(from_server, to_client, state) => {}
    }
}

/// To the end of the connection, or of the link.
async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>) {
    let mut piece = vec![0; PIECE_BYTES];
    while becomes_whole(&mut state).await {
        tokio::select! {
            read = from.read(&mut piece) => match read {
                Ok(count) if count > 0 => {
                    // What was read as the link fell silent goes on when it is whole.
                    if !becomes_whole(&mut state).await || to.write_all(&piece[..count]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
            _ = state.changed() => {}
        }
    }
    // Not an orderly end: what was on its way is lost.
    let _ = to.as_ref().set_zero_linger();
}

/// Waits out a silence; `false` where the link is cut.
async fn becomes_whole(state: &mut watch::Receiver<State>) -> bool {
    let spoken = state.wait_for(|state| *state != State::Silent).await;
    spoken.is_ok_and(|state| *state == State::Whole)
}

/// Most bytes that are handed on at once.
const PIECE_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// One that says back what it hears.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = socket.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        address
    }

    async fn says_back(socket: &mut TcpStream) -> bool {
        let mut heard = [0; 1];
        let sent = socket.write_all(b"x").await;
        sent.is_ok() && socket.read(&mut heard).await.is_ok_and(|count| count == 1)
    }

    #[tokio::test]
    async fn it_is_whole_or_silent_or_cut() {
        let link = Link::to(&[echo().await]).await.unwrap();
        let connect = async || TcpStream::connect(link.addresses()[0]).await.unwrap();
        let mut socket = connect().await;
        assert!(says_back(&mut socket).await);

        link.set(State::Silent);
        let silent = tokio::time::timeout(Duration::from_millis(200), says_back(&mut socket)).await;
        assert!(silent.is_err());
        link.set(State::Whole);
        assert_eq!(socket.read(&mut [0; 1]).await.unwrap(), 1, "what was held back comes");
        assert!(says_back(&mut socket).await);

        link.set(State::Cut);
        assert!(!says_back(&mut socket).await);
        assert!(!says_back(&mut connect().await).await);
        link.set(State::Whole);
        assert!(says_back(&mut connect().await).await);
    }
}
