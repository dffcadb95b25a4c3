//! Connects that nothing ends.

use std::io;
use std::net::TcpStream as Plain;

use tokio::net::TcpStream;

async fn join(peer: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(peer).await?; //~ reliable::connect-no-timeout
    Ok(stream)
}

fn report(relay: &str) -> io::Result<Plain> {
    Plain::connect(relay) //~ reliable::connect-no-timeout
}

mod links {
    use super::*;

    pub async fn dial(address: std::net::SocketAddr) -> io::Result<TcpStream> {
        for attempt in 0..3 {
            match TcpStream::connect((address.ip(), address.port() + attempt)).await { //~ reliable::connect-no-timeout
                Ok(stream) => return Ok(stream),
                Err(error) => log::warn!("attempt {attempt}: {error}"),
            }
        }
        Err(io::ErrorKind::NotConnected.into())
    }
}
