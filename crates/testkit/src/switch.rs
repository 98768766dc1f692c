//! One address for several servers: what stands before replicas. A new connection goes to the first of
//! them that takes it.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub struct Switch {
    pub address: SocketAddr,
    servers: Arc<Mutex<Vec<SocketAddr>>>,
    accepting: JoinHandle<()>,
}

impl Switch {
    /// Listens until it is dropped.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let servers = Arc::<Mutex<Vec<SocketAddr>>>::default();
        let known = Arc::clone(&servers);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let servers = known.lock().clone();
                // Whatever breaks, breaks for both ends.
                tokio::spawn(async move { drop(hand_on(client, servers).await) });
            }
        });
        Ok(Self { address, servers, accepting })
    }

    /// Where new connections go, in this order.
    pub fn set(&self, servers: Vec<SocketAddr>) {
        *self.servers.lock() = servers;
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn hand_on(mut client: TcpStream, servers: Vec<SocketAddr>) -> std::io::Result<()> {
    for server in servers {
        if let Ok(mut server) = TcpStream::connect(server).await {
            client.set_nodelay(true)?;
            server.set_nodelay(true)?;
            return tokio::io::copy_bidirectional(&mut client, &mut server).await.map(drop);
        }
    }
    Ok(())
}
