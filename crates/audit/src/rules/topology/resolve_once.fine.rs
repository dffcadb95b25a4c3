//! Names that are asked for each time.

use std::net::ToSocketAddrs;
use std::time::Duration;

struct Uplink {
    host: String,
}

impl Uplink {
    fn new(host: &str) -> Uplink {
        Uplink { host: host.to_owned() }
    }

    fn joined(self) -> std::io::Result<Link> {
        let address = self.host.to_socket_addrs()?.next().ok_or(std::io::ErrorKind::NotFound)?;
        let stream = std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        Ok(Link { stream })
    }

    fn dial(&self) -> std::io::Result<std::net::TcpStream> {
        let address = self.host.to_socket_addrs()?.next().ok_or(std::io::ErrorKind::NotFound)?;
        std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1))
    }
}
