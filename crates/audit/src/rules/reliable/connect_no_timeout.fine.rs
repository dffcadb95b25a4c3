//! Connects that something ends, or that end by themselves.

use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::time::timeout;

async fn join(peer: &str) -> io::Result<TcpStream> {
    timeout(Duration::from_secs(3), TcpStream::connect(peer)).await?
}

async fn first_of(peer: &str, stop: &Stop) -> io::Result<TcpStream> {
    tokio::select! {
        stream = TcpStream::connect(peer) => stream,
        () = stop.wait() => Err(io::ErrorKind::Interrupted.into()),
    }
}

fn report(relay: std::net::SocketAddr) -> io::Result<std::net::TcpStream> {
    std::net::TcpStream::connect_timeout(&relay, Duration::from_secs(3))
}

async fn daemon() -> io::Result<UnixStream> {
    UnixStream::connect("/run/daemon.sock").await
}

async fn wake(listener: &TcpListener) -> io::Result<()> {
    let own = listener.local_addr()?;
    TcpStream::connect(own).await?;
    TcpStream::connect("127.0.0.1:7000").await?;
    TcpStream::connect(("localhost", 7_000)).await?;
    Ok(())
}

mod wires {
    pub struct TcpStream;

    impl TcpStream {
        pub fn connect(_: &str) -> TcpStream {
            TcpStream
        }
    }

    /// Its own type of that name.
    pub fn wire(name: &str) -> TcpStream {
        TcpStream::connect(name)
    }
}

async fn database(url: &str) -> Result<PgPool, Error> {
    PgPool::connect(url).await
}

async fn daemon_of_windows(port: u16) -> io::Result<TcpStream> {
    let url = format!("127.0.0.1:{port}");
    TcpStream::connect(url.clone()).await
}

fn is_taken(port: u16) -> io::Result<bool> {
    let mut addresses = ("localhost", port).to_socket_addrs()?;
    let address = addresses.next().ok_or(io::ErrorKind::NotFound)?;
    Ok(std::net::TcpStream::connect(address).is_ok())
}

struct Link {
    peer: String,
}

impl Link {
    async fn renew(&self) -> io::Result<TcpStream> {
        timeout(Duration::from_secs(3), async { self.dial().await }).await?
    }

    /// Who calls this ends the wait, as the only function that does.
    async fn dial(&self) -> io::Result<TcpStream> {
        TcpStream::connect(&self.peer).await
    }
}

async fn pool_of_this_machine(password: Option<&str>) -> Result<Client, Error> {
    let keys = if let Some(password) = password {
        format!("host=localhost port=6432 password={password}")
    } else {
        "host=localhost port=6432".to_owned()
    };
    Ok(tokio_postgres::connect(&keys, tls()).await?.0)
}

async fn send(daemon: &Daemon, request: &Request) -> io::Result<TcpStream> {
    TcpStream::connect(&daemon.address).await
}
