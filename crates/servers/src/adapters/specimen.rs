//! A site of a simulated store as a process, and its client: both talk in datagrams, one for each message and each ask.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use constellation_fabric::{Now, Timer};
use constellation_lab::placement::Store;
use constellation_lab::placement::client::{Answer, Ask, Client};
use constellation_lab::placement::hosted::{Done, Given, Hosted};
use constellation_lab::placement::protocol::TIMEOUT;
use constellation_trace::{Elapsed, NodeId, WallTime};

use crate::adapter::{Said, answer_line, ask_line, read_ask, read_said, serve};

/// What a site is called on the hidden command line.
pub(crate) const SITE: &str = "specimen-site";
/// What its client is called there.
pub(crate) const ADAPTER: &str = "specimen";

/// The longest datagram.
const BYTES_MAX: usize = 1 << 16;
/// How many asks may wait for an answer; of more the oldest is forgotten.
const OPEN_MAX: usize = 1_024;
/// What a site waits at most before it looks again.
const IDLE: Duration = Duration::from_secs(1);

/// Runs a site: its store, its number, and the address of each site, its own among them. Whoever asks from a site's own
/// address is a client.
///
/// # Errors
/// An argument is no such thing, or the socket cannot be had.
pub(crate) fn run_site(arguments: &[String]) -> Result<(), String> {
    let [store, site, addresses @ ..] = arguments else {
        return Err("a site needs a store, its number and the addresses of all".to_owned());
    };
    let store: Store = store.parse().map_err(|error| format!("{error}"))?;
    let site: usize = site.parse().map_err(|_| format!("`{site}` is no number of a site"))?;
    let peers: Result<Vec<SocketAddr>, _> = addresses.iter().map(|address| address.parse()).collect();
    let peers = peers.map_err(|error| format!("an address cannot be read: {error}"))?;
    if peers.len() != store.sites || site >= store.sites {
        return Err(format!("{store} has {} sites, and there are {} addresses", store.sites, peers.len()));
    }
    let socket = UdpSocket::bind(peers[site]).map_err(|error| format!("cannot listen: {error}"))?;
    let number = u32::try_from(site).map_err(|error| error.to_string())?;
    let hosted = store.hosted(number);
    let mut running = Running {
        hosted,
        site,
        peers,
        socket,
        begun: Instant::now(),
        wall_ahead_ns: store.wall_ahead_ns(site),
        timers: BTreeMap::new(),
        open: BTreeMap::new(),
        asked: 0,
    };
    running.run().map_err(|error| format!("the socket failed: {error}"))
}

/// A site that runs.
struct Running {
    hosted: Box<dyn Hosted>,
    site: usize,
    peers: Vec<SocketAddr>,
    socket: UdpSocket,
    begun: Instant,
    wall_ahead_ns: i64,
    timers: BTreeMap<Timer, Instant>,
    /// Who waits for what, and what that calls it.
    open: BTreeMap<u32, (SocketAddr, u64)>,
    asked: u32,
}

impl Running {
    fn run(&mut self) -> io::Result<()> {
        self.give(Given::Start)?;
        let mut datagram = vec![0; BYTES_MAX];
        loop {
            let next = self.timers.iter().min_by_key(|(timer, at)| (**at, **timer));
            let next = next.map(|(timer, at)| (*timer, at.saturating_duration_since(Instant::now())));
            let wait = match next {
                Some((timer, Duration::ZERO)) => {
                    self.timers.remove(&timer);
                    self.give(Given::Timer(timer))?;
                    continue;
                }
                Some((_, wait)) => wait.min(IDLE),
                None => IDLE,
            };
            // A time-out of less than a microsecond would be none at all.
            self.socket.set_read_timeout(Some(wait.max(Duration::from_micros(1))))?;
            match self.socket.recv_from(&mut datagram) {
                Ok((length, from)) => self.take(from, &datagram[..length])?,
                Err(error) if is_nothing(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&mut self, from: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        let peer = self.peers.iter().position(|peer| *peer == from).filter(|peer| *peer != self.site);
        if let Some(peer) = peer.and_then(|peer| u32::try_from(peer).ok()) {
            return self.give(Given::Message { from: NodeId::new(peer), bytes });
        }
        let is_client = from.ip() == self.peers[self.site].ip();
        let ask = std::str::from_utf8(bytes).ok().and_then(|line| read_ask(line).ok());
        let Some((id, _, ask)) = ask.filter(|_| is_client) else { return Ok(()) };
        if self.open.len() >= OPEN_MAX {
            self.open.pop_first();
        }
        self.asked = self.asked.wrapping_add(1);
        self.open.insert(self.asked, (from, id));
        self.give(Given::Ask { number: self.asked, ask })
    }

    fn give(&mut self, given: Given<'_>) -> io::Result<()> {
        let now = self.now();
        let Done { sends, answers, timers } = self.hosted.on(now, given);
        for (to, bytes) in sends {
            self.say(self.peers[to.index()], &bytes)?;
        }
        for (number, answer) in answers {
            if let Some((client, id)) = self.open.remove(&number) {
                self.say(client, answer_line(id, &answer).as_bytes())?;
            }
        }
        for set in timers {
            self.timers.insert(set.timer, Instant::now() + set.after);
        }
        Ok(())
    }

    /// What cannot be sent is lost.
    fn say(&self, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        match self.socket.send_to(bytes, to) {
            Ok(_) => Ok(()),
            Err(error) if error.raw_os_error().is_some() => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn now(&self) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let [wall, elapsed] =
            [since, self.begun.elapsed()].map(|time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        let wall = wall.saturating_add_signed(self.wall_ahead_ns);
        Now { wall: WallTime::from_ns(wall), elapsed: Elapsed::from_ns(elapsed) }
    }
}

/// Whether a socket only says that nothing is there, or that somebody else is not.
fn is_nothing(error: &io::Error) -> bool {
    use ErrorKind::{
        ConnectionRefused, HostUnreachable, Interrupted, NetworkUnreachable, TimedOut, WouldBlock,
    };
    let kinds = [ConnectionRefused, HostUnreachable, Interrupted, NetworkUnreachable, TimedOut, WouldBlock];
    kinds.contains(&error.kind())
}

/// Runs the client of a site, whose address is given.
///
/// # Errors
/// The argument is no address, or the input is none of a driver.
pub(crate) fn run_adapter(arguments: &[String]) -> Result<(), String> {
    let [address] = arguments else { return Err("a client needs the address of its site".to_owned()) };
    let site: SocketAddr = address.parse().map_err(|_| format!("`{address}` is no address"))?;
    let make = |_| OfSite { site, socket: None, asked: 0 };
    serve(io::stdin().lock(), io::stdout(), make).map_err(|error| error.to_string())
}

/// A client of a site.
struct OfSite {
    site: SocketAddr,
    socket: Option<UdpSocket>,
    asked: u64,
}

impl OfSite {
    fn put(&mut self, ask: &Ask) -> Answer {
        let begun = Instant::now();
        self.asked += 1;
        match self.try_put(begun, ask) {
            Ok(answer) => answer,
            Err(error) => {
                // Whatever the old socket was told, it is not of the next ask.
                self.socket = None;
                match is_nothing(&error) && error.kind() != ErrorKind::ConnectionRefused {
                    true => Answer::Unknown("the site does not answer".to_owned()),
                    false => Answer::Unknown(format!("the site cannot be asked: {error}")),
                }
            }
        }
    }

    fn try_put(&mut self, begun: Instant, ask: &Ask) -> io::Result<Answer> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => {
                let socket = UdpSocket::bind(SocketAddr::new(self.site.ip(), 0))?;
                socket.connect(self.site)?;
                socket
            }
        };
        socket.send(ask_line(self.asked, 0, ask).as_bytes())?;
        let mut datagram = vec![0; BYTES_MAX];
        loop {
            let left = TIMEOUT.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            socket.set_read_timeout(Some(left))?;
            let length = socket.recv(&mut datagram)?;
            let line = std::str::from_utf8(&datagram[..length]).unwrap_or_default();
            // What was given up may be answered late.
            if let Ok(Said::Answer(id, answer)) = read_said(line)
                && id == self.asked
            {
                self.socket = Some(socket);
                return Ok(answer);
            }
        }
    }
}

impl Client for OfSite {
    fn write(&mut self, key: &str, value: u64, over: &[u64]) -> Answer {
        self.put(&Ask::write_over(key, value, over.to_vec()))
    }

    fn read(&mut self, key: &str) -> Answer {
        self.put(&Ask::read(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_site_is_refused_in_words() {
        let run =
            |arguments: &[&str]| run_site(&arguments.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        let table: [(&[&str], &str); 4] = [
            (&[], "a site needs a store, its number and the addresses of all"),
            (&["crdt", "x"], "`x` is no number of a site"),
            (&["crdt", "0", "here"], "an address cannot be read: invalid socket address syntax"),
            (&["crdt", "0", "127.0.0.1:1"], "crdt:gossip=20ms has 3 sites, and there are 1 addresses"),
        ];
        for (arguments, expected) in table {
            assert_eq!(run(arguments), Err(expected.to_owned()), "{arguments:?}");
        }
    }
}
