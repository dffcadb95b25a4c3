//! The links of a ground station: dials, heartbeats, and what happens when they break.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tracing::{info, warn};

pub struct Links {
    open: HashMap<u64, TcpStream>,
    beacon: UdpSocket,
}

impl Links {
    pub async fn open(&mut self, id: u64, address: SocketAddr) -> Result<()> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("dial {address}"))?; //~ reliable::connect-no-timeout
        stream.set_nodelay(true)?;
        self.open.insert(id, stream);
        Ok(())
    }

    pub async fn open_from(&mut self, id: u64, own: SocketAddr, address: SocketAddr) -> Result<()> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(own)?;
        let stream = socket.connect(address).await?; //~ reliable::connect-no-timeout
        self.open.insert(id, stream);
        Ok(())
    }

    pub fn beacon(&self, group: SocketAddr) {
        let _ = self.beacon.send_to(b"here", group); //~ reliable::socket-result-dropped
    }

    pub async fn goodbye(mut self) {
        for (_, stream) in self.open.iter_mut() {
            let _ = stream.shutdown().await;
        }
    }
}

pub async fn relay(mut upstream: TcpStream, frame: &[u8]) {
    upstream.write_all(frame).await.expect("relay is up"); //~ reliable::remote-unwrap
    let mut ack = [0u8; 1];
    upstream.read_exact(&mut ack).await.unwrap(); //~ reliable::remote-unwrap
    info!(ack = ack[0], "relayed");
}

pub async fn forward(stream: &mut TcpStream, frame: &[u8]) {
    let _ = stream.write_all(frame).await; //~ reliable::socket-result-dropped
}

pub async fn heartbeat(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).await.unwrap(); //~ reliable::connect-no-timeout, reliable::remote-unwrap
    loop {
        if stream.write_u8(1).await.is_err() {
            warn!("lost {address}");
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

pub async fn stay_connected(address: SocketAddr) -> TcpStream {
    loop {
        match TcpStream::connect(address).await { //~ reliable::connect-no-timeout
            Ok(stream) => return stream,
            Err(error) => {
                warn!(%error, "connect failed, retrying");
                tokio::time::sleep(Duration::from_secs(5)).await; //~ reliable::retry-no-jitter
            }
        }
    }
}

pub async fn stubborn(address: SocketAddr) -> TcpStream {
    loop { //~ reliable::retry-no-backoff
        if let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_secs(1), TcpStream::connect(address)).await {
            return stream;
        }
    }
}

pub async fn subscribe(feed: &str) -> Result<()> {
    let (mut socket, _) = tokio_tungstenite::connect_async(feed).await?; //~ reliable::connect-no-timeout
    while let Some(message) = futures::StreamExt::next(&mut socket).await {
        info!(?message);
    }
    Ok(())
}
