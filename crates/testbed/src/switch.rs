//! The switch that joins sites: it takes each packet from its site, has the network model decide, and carries that out.
//!
//! One thread reads the devices of all sites, so that packets are decided in the order in which they came, and nothing
//! overtakes what the model says comes first. It waits for packets and for the next delivery, and for nothing else.

mod counts;
mod packet;

use std::cmp;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::num::NonZeroU64;
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};

use constellation_trace::TrueTime;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub use counts::{Counts, Lateness};

use crate::model::{Model, Pair, State};
use crate::site::monotonic_ns;

/// How many packets may be on their way at once; one more is lost, and counted as [`Counts::no_room`].
pub const PACKETS_MAX: usize = 65_536;

/// How many packets of one site are read before the others have their turn.
const TURN: usize = 64;

/// How often the switch wakes though it has nothing to do, to see how late that is, in nanoseconds.
const PULSE_NS: u64 = 20_000_000;

/// Longer than any packet of the devices.
const PACKET_BYTES_MAX: usize = 2_048;

/// A switch that runs; it stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Switch {
    stop: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl Switch {
    /// Joins the sites of these devices, which do not block.
    pub(crate) fn start(devices: Vec<File>, model: Model, start_ns: u64) -> std::io::Result<Switch> {
        let (stop, stopped) = UnixStream::pair()?;
        let thread = thread::Builder::new().name("switch".to_owned()).spawn(move || {
            // Else the kernel wakes us 50 µs later than we said.
            let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
            let mut carrying = Carrying { devices, due: BinaryHeap::new(), accepted: 0, start_ns };
            carrying.run(&model, &stopped);
        })?;
        Ok(Switch { stop, thread: Some(thread) })
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        let _ = self.stop.shutdown(std::net::Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A packet on its way; the greatest is the next to arrive.
#[derive(Debug, Eq, PartialEq)]
struct Due {
    at: TrueTime,
    /// Of two that arrive at one time the first accepted arrives first.
    number: u64,
    pair: Pair,
    bytes: Box<[u8]>,
}

impl Ord for Due {
    fn cmp(&self, other: &Due) -> cmp::Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Due) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}

struct Carrying {
    devices: Vec<File>,
    due: BinaryHeap<Due>,
    accepted: u64,
    start_ns: u64,
}

impl Carrying {
    fn run(&mut self, model: &Model, stopped: &UnixStream) {
        loop {
            let before = self.now();
            let pulse = before.ns().saturating_add(PULSE_NS);
            let until = self.due.peek().map_or(pulse, |due| due.at.ns().min(pulse));
            let wait = Timespec {
                tv_sec: 0,
                tv_nsec: i64::try_from(until.saturating_sub(before.ns())).unwrap_or_default(),
            };
            let mut fds: Vec<PollFd<'_>> =
                self.devices.iter().map(|device| PollFd::new(device, PollFlags::IN)).collect();
            fds.push(PollFd::new(stopped, PollFlags::IN));
            let woken = poll(&mut fds, Some(&wait));
            let mut is_ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
            if is_ready.pop() == Some(true) {
                return;
            }
            let mut state = model.lock();
            if woken == Ok(0) {
                state.wakes.note(self.now().ns().saturating_sub(until));
            }
            self.deliver(&mut state);
            for source in (0..self.devices.len()).filter(|site| is_ready.get(*site) == Some(&true)) {
                self.take(source, &mut state);
            }
        }
    }

    /// Reads what a site sends, for one turn.
    fn take(&mut self, source: usize, state: &mut State) {
        let mut buffer = [0; PACKET_BYTES_MAX];
        for _ in 0..TURN {
            let length = match (&self.devices[source]).read(&mut buffer) {
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return, // There is nothing more, or the site is gone.
            };
            let Some(packet) = buffer.get_mut(..length) else { continue };
            match packet::target(packet).filter(|target| *target < self.devices.len()) {
                Some(target) if target != source => self.carry(Pair { source, target }, packet, state),
                _ => state.foreign += 1,
            }
        }
    }

    fn carry(&mut self, pair: Pair, packet: &mut [u8], state: &mut State) {
        let now = self.now();
        let Some(decided) = state.decide(pair, packet.len(), now) else { return };
        if let Some(how) = decided.corrupted
            && packet::corrupt(packet, how).is_some()
        {
            state.counts(pair).corrupted += 1;
        }
        if let Some(again_at) = decided.again_at {
            state.counts(pair).duplicated += 1;
            self.put(again_at, pair, packet, state);
        }
        let is_next = self.due.peek().is_none_or(|due| due.at > now);
        if decided.at <= now && is_next {
            self.write(pair, packet, state);
        } else {
            self.put(decided.at, pair, packet, state);
        }
    }

    fn put(&mut self, at: TrueTime, pair: Pair, packet: &[u8], state: &mut State) {
        if self.due.len() >= PACKETS_MAX {
            state.counts(pair).no_room += 1;
            return;
        }
        state.counts(pair).waiting += 1;
        self.accepted += 1;
        self.due.push(Due { at, number: self.accepted, pair, bytes: packet.into() });
    }

    /// Delivers all whose time has come.
    fn deliver(&mut self, state: &mut State) {
        loop {
            let now = self.now();
            if self.due.peek().is_none_or(|due| due.at > now) {
                return;
            }
            let Some(due) = self.due.pop() else { return };
            state.lateness.note(now.ns().saturating_sub(due.at.ns()));
            state.counts(due.pair).waiting -= 1;
            self.write(due.pair, &due.bytes, state);
        }
    }

    fn write(&self, pair: Pair, packet: &[u8], state: &mut State) {
        // A device takes a packet whole or not at all.
        match (&self.devices[pair.target]).write_all(packet) {
            Ok(()) => state.counts(pair).carried += 1,
            Err(_) => state.counts(pair).refused += 1,
        }
    }

    fn now(&self) -> TrueTime {
        TrueTime::from_ns(monotonic_ns().saturating_sub(self.start_ns))
    }
}

#[cfg(test)]
mod tests {
    use constellation_fabric::{Calm, Link, Network};

    use super::*;

    const PAIR: Pair = Pair { source: 0, target: 1 };

    fn carrying() -> (Carrying, Model) {
        let model = Model::new(Network::new(Link::INSTANT), Box::new(Calm), 2);
        (Carrying { devices: Vec::new(), due: BinaryHeap::new(), accepted: 0, start_ns: 0 }, model)
    }

    #[test]
    fn what_is_due_first_is_next_and_of_two_the_first_accepted() {
        let (mut carrying, model) = carrying();
        for (at, byte) in [(30, 1), (10, 2), (20, 3), (10, 4), (10, 5)] {
            carrying.put(TrueTime::from_ns(at), PAIR, &[byte], &mut model.lock());
        }
        let order = std::iter::from_fn(|| carrying.due.pop()).map(|due| due.bytes[0]);
        assert_eq!(order.collect::<Vec<_>>(), [2, 4, 5, 3, 1]);
    }

    #[test]
    fn so_many_packets_may_be_on_their_way_and_no_more() {
        let (mut carrying, model) = carrying();
        for _ in 0..PACKETS_MAX + 3 {
            carrying.put(TrueTime::from_ns(u64::MAX), PAIR, &[0; 20], &mut model.lock());
        }
        let counts = model.lock().counted(PAIR);
        assert_eq!([counts.waiting, counts.no_room], [PACKETS_MAX as u64, 3]);
    }
}
