//! Where there are no namespaces: a TCP proxy for each directed pair of sites, on addresses of the loopback.
//!
//! Site `n` listens on `127.A.0.n`, and site `m` reaches it on `127.A.m.n`, where a proxy listens that asks the network
//! model about each piece of the stream, and about its end. A stream cannot lose anything: what the model loses comes when it
//! would be sent again, and a cut holds.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use constellation_trace::TrueTime;
use rustix::event::{PollFd, PollFlags, poll};

use crate::model::{Model, Pair, node};
use crate::site::monotonic_ns;

/// How many connections there may be at once; more are closed.
const CONNECTIONS_MAX: usize = 512;

/// How many threads there may be: of each connection the one that makes it, and two in each direction.
const PUMPS_MAX: usize = CONNECTIONS_MAX * 5;

/// How many pieces of a stream may wait in one direction; then the sender waits.
const PIECES_MAX: usize = 256;

/// How long a piece of a stream is at most, in bytes.
const PIECE_BYTES_MAX: usize = 16 * 1024;

/// How long TCP waits at first before it sends something again (RFC 6298 says a second, Linux has 200 ms); doubled each
/// time.
const AGAIN_NS: u64 = 200_000_000;

/// How often TCP sends again before it gives up (Linux: tcp_retries2).
const AGAIN_MAX: u32 = 15;

/// How long a server may take to answer a connection on the loopback.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// The proxies of a testbed.
#[derive(Debug)]
pub(crate) struct Proxies {
    /// The second number of all addresses, unlike those of other testbeds.
    second: u8,
    shared: Arc<Shared>,
    wake: UnixStream,
    listening: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    model: Model,
    start_ns: u64,
    running: Mutex<Running>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Running {
    is_stopped: bool,
    /// Those that are open, by their numbers.
    streams: BTreeMap<u64, TcpStream>,
    /// Of the next stream.
    number: u64,
    pumps: Vec<JoinHandle<()>>,
}

/// Where one proxy listens, and where what it takes is to go.
struct Listener {
    socket: TcpListener,
    pair: Pair,
    to: SocketAddr,
}

impl Proxies {
    /// Has the proxies of these ports listen, under addresses that are free.
    pub(crate) fn start(sites: usize, ports: &[u16], model: &Model, start_ns: u64) -> io::Result<Proxies> {
        const SECOND_MIN: u8 = 32;
        let (wake, woken) = UnixStream::pair()?;
        // Testbeds that are opened at one time begin at different places.
        let first = (monotonic_ns() / 1_000 % 200) as u8;
        let mut tried = Err(io::Error::from(io::ErrorKind::AddrInUse));
        let mut second = SECOND_MIN;
        for step in 0..200_u8 {
            second = SECOND_MIN + (u16::from(first) + u16::from(step)).rem_euclid(200) as u8;
            tried = listeners(second, sites, ports);
            if !tried.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse) {
                break;
            }
        }
        let listeners = tried?;
        let shared = Arc::new(Shared {
            model: model.clone(),
            start_ns,
            running: Mutex::default(),
            changed: Condvar::new(),
        });
        let with = Arc::clone(&shared);
        let listening = thread::Builder::new().name("proxies".to_owned());
        let listening = listening.spawn(move || listen(&listeners, &woken, &with))?;
        Ok(Proxies { second, shared, wake, listening: Some(listening) })
    }

    pub(crate) fn address(&self, from: usize, to: usize) -> Ipv4Addr {
        address(self.second, from, to)
    }

    /// Cuts are others than before.
    pub(crate) fn changed(&self) {
        self.shared.changed.notify_all();
    }

    pub(crate) fn stop(&mut self) {
        let _ = self.wake.shutdown(Shutdown::Both);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
        let pumps = {
            let mut running = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.is_stopped = true;
            running.streams.values().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
            std::mem::take(&mut running.pumps)
        };
        self.shared.changed.notify_all();
        pumps.into_iter().for_each(|pump| drop(pump.join()));
    }
}

impl Drop for Proxies {
    fn drop(&mut self) {
        self.stop();
    }
}

fn address(second: u8, from: usize, to: usize) -> Ipv4Addr {
    let number = |site: usize| u8::try_from(site + 1).unwrap_or(u8::MAX);
    Ipv4Addr::new(127, second, if from == to { 0 } else { number(from) }, number(to))
}

fn listeners(second: u8, sites: usize, ports: &[u16]) -> io::Result<Vec<Listener>> {
    let mut listeners = Vec::new();
    let pairs = (0..sites).flat_map(|source| (0..sites).map(move |target| Pair { source, target }));
    for pair in pairs.filter(|pair| pair.source != pair.target) {
        for port in ports {
            let at = SocketAddr::from((address(second, pair.source, pair.target), *port));
            let socket = TcpListener::bind(at)
                .map_err(|error| io::Error::new(error.kind(), format!("{at} cannot be had: {error}")))?;
            socket.set_nonblocking(true)?;
            let to = SocketAddr::from((address(second, pair.target, pair.target), *port));
            listeners.push(Listener { socket, pair, to });
        }
    }
    Ok(listeners)
}

/// Takes what comes, until the proxies stop.
fn listen(listeners: &[Listener], woken: &UnixStream, shared: &Arc<Shared>) {
    loop {
        let sockets = listeners.iter().map(|listener| PollFd::new(&listener.socket, PollFlags::IN));
        let mut fds: Vec<PollFd<'_>> = sockets.chain([PollFd::new(woken, PollFlags::IN)]).collect();
        if poll(&mut fds, None).is_err() {
            continue; // A signal.
        }
        let mut is_ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        if is_ready.pop() == Some(true) {
            return;
        }
        for (listener, _) in listeners.iter().zip(is_ready).filter(|(_, is_ready)| *is_ready) {
            match listener.socket.accept() {
                Ok((stream, _)) => {
                    let (shared, pair, to) = (Arc::clone(shared), listener.pair, listener.to);
                    let with = Arc::clone(&shared);
                    shared.pump(move || drop(with.join(pair, stream, to)));
                }
                // Who connected has gone again, or there are no descriptors: then it is still there in a moment.
                Err(_) => thread::sleep(BREATH),
            }
        }
    }
}

/// Between two tries to take a connection that could not be taken.
const BREATH: Duration = Duration::from_millis(1);

/// A piece of a stream on its way; no bytes are its end.
struct Piece {
    at: TrueTime,
    bytes: Vec<u8>,
}

/// One side of a connection. It is closed when nobody carries anything of it any more, or with the proxies.
struct Kept {
    shared: Arc<Shared>,
    number: u64,
    stream: TcpStream,
}

impl Kept {
    fn end(&self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.end();
        let mut running = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.streams.remove(&self.number);
    }
}

impl Shared {
    /// Runs something in a thread that is waited for in the end.
    fn pump(self: &Arc<Shared>, work: impl FnOnce() + Send + 'static) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.pumps.retain(|pump| !pump.is_finished());
        if !running.is_stopped && running.pumps.len() < PUMPS_MAX {
            running.pumps.extend(thread::Builder::new().spawn(work).ok());
        }
    }

    /// Connects on, once the way is open, and carries both directions.
    fn join(self: &Arc<Shared>, pair: Pair, near: TcpStream, to: SocketAddr) -> io::Result<()> {
        near.set_nonblocking(false)?;
        let near = Arc::new(self.keep(near)?);
        if !self.wait_open(pair) || !self.wait_open(pair.back()) {
            return Ok(());
        }
        let far = Arc::new(self.keep(TcpStream::connect_timeout(&to, CONNECT_MAX)?)?);
        for (pair, from, to) in [(pair, &near, &far), (pair.back(), &far, &near)] {
            to.stream.set_nodelay(true)?;
            let (sender, receiver) = sync_channel(PIECES_MAX);
            let (from, to) = (Arc::clone(from), Arc::clone(to));
            let [reading, writing] = [Arc::clone(self), Arc::clone(self)];
            self.pump(move || reading.read(pair, &from.stream, &sender));
            self.pump(move || {
                if writing.write(pair, &to.stream, &receiver).is_none() {
                    // Who sends to somebody who is gone is told so, on the way back.
                    to.end();
                }
            });
        }
        Ok(())
    }

    /// Remembers a stream, to end it with the proxies.
    fn keep(self: &Arc<Shared>, stream: TcpStream) -> io::Result<Kept> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_stopped || running.streams.len() >= CONNECTIONS_MAX * 2 {
            return Err(io::Error::other("there are too many connections"));
        }
        running.number += 1;
        let number = running.number;
        running.streams.insert(number, stream.try_clone()?);
        Ok(Kept { shared: Arc::clone(self), number, stream })
    }

    fn read(&self, pair: Pair, mut from: &TcpStream, to: &SyncSender<Piece>) {
        let mut buffer = vec![0; PIECE_BYTES_MAX];
        loop {
            let length = match from.read(&mut buffer) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => 0, // It ends without a farewell.
            };
            let bytes = buffer.get(..length).unwrap_or_default().to_vec();
            let Some(at) = self.arrival(pair, length) else { return };
            if to.send(Piece { at, bytes }).is_err() || length == 0 {
                return;
            }
        }
    }

    /// When a piece of so many bytes arrives that is sent now, by all the tries that it takes.
    fn arrival(&self, pair: Pair, bytes: usize) -> Option<TrueTime> {
        let mut again_ns = AGAIN_NS;
        let mut sent_at = self.now();
        for _ in 0..AGAIN_MAX {
            if !self.wait_open(pair) {
                return None;
            }
            sent_at = sent_at.max(self.now());
            let mut state = self.model.lock();
            if let Some(decided) = state.decide(pair, bytes, sent_at) {
                state.counts(pair).waiting += 1;
                return Some(decided.at);
            }
            sent_at = TrueTime::from_ns(sent_at.ns().saturating_add(again_ns));
            again_ns = again_ns.saturating_mul(2);
        }
        None
    }

    /// Passes on what comes, until the end of it; `None` if it could not.
    fn write(&self, pair: Pair, mut to: &TcpStream, from: &Receiver<Piece>) -> Option<()> {
        loop {
            let Piece { at, bytes } = from.recv().ok()?;
            let is_end = bytes.is_empty();
            let pass_on = |to: &mut &TcpStream| {
                if is_end { to.shutdown(Shutdown::Write) } else { to.write_all(&bytes) }
            };
            let is_written = self.wait_until(at) && pass_on(&mut to).is_ok();
            let late_ns = self.now().ns().saturating_sub(at.ns());
            let mut state = self.model.lock();
            state.lateness.note(late_ns);
            let counts = state.counts(pair);
            counts.waiting = counts.waiting.saturating_sub(1);
            if is_written {
                counts.carried += 1;
            } else {
                counts.refused += 1;
            }
            drop(state);
            if is_end || !is_written {
                return is_written.then_some(());
            }
        }
    }

    /// Waits until the way is not cut; whether it is before the proxies stop.
    fn wait_open(&self, pair: Pair) -> bool {
        const LOOK: Duration = Duration::from_millis(50);
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        while !running.is_stopped {
            if !self.model.lock().network.is_cut(node(pair.source), node(pair.target)) {
                return true;
            }
            running = self.changed.wait_timeout(running, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    /// Waits for a time; whether the proxies have not stopped before.
    fn wait_until(&self, at: TrueTime) -> bool {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        while !running.is_stopped {
            let left_ns = at.ns().saturating_sub(self.now().ns());
            if left_ns == 0 {
                return true;
            }
            let left = Duration::from_nanos(left_ns);
            running = self.changed.wait_timeout(running, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    fn now(&self) -> TrueTime {
        TrueTime::from_ns(monotonic_ns().saturating_sub(self.start_ns))
    }
}
