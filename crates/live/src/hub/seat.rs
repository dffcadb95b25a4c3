//! What the hub knows of one node: its life, what it works on, and what it wrote.

use std::collections::{BTreeMap, VecDeque};

use constellation_fabric::{Parcel, Step};
use constellation_trace::{EventId, TrueTime};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::door::LineId;
use crate::plan::{Disk, Machine};
use crate::protocol::{Given, Moment, Order, Tag};

/// A node as the hub sees it.
#[derive(Debug)]
pub(super) struct Seat<P> {
    pub(super) life: Life,
    /// How many lives there were before this one, or the last.
    pub(super) incarnation: u32,
    pub(super) process: Option<P>,
    line: Option<Line>,
    inputs: u64,
    /// What it was given and has not done.
    pub(super) given: BTreeMap<u64, Work>,
    /// What it said of the input that it works on, and what is not in the record yet.
    pub(super) steps: Vec<Told>,
    /// What came while its process starts.
    pub(super) waiting: VecDeque<(Given, Option<Letter>)>,
    /// Which event each write was.
    pub(super) writes: BTreeMap<Tag, EventId>,
    /// Whether it has done its first input in this life.
    pub(super) has_begun: bool,
    pub(super) timers_set: u32,
    /// In this life.
    pub(super) timers_done: u64,
    pub(super) machine: Machine,
    /// What it is to find when it restarts, if it is to once it has ended.
    pub(super) restarts_with: Option<Disk>,
    /// Whether its life is in the record; that of a restart is once it has read its disk.
    pub(super) is_recorded: bool,
    /// The input after which it is gone for good.
    pub(super) last_input: Option<u64>,
    /// If it is stopped, until when.
    pub(super) paused_until: Option<TrueTime>,
    /// How many times it has begun again since faults have ended.
    pub(super) restarts: u32,
    /// Whether it is to end at its next input; one that is not there yet is told so once it is.
    pub(super) armed: Option<Moment>,
    /// Whether the process that comes after it is to.
    pub(super) next_armed: Option<Moment>,
    /// Each time that it was told not to, and has not said that it heard: if it had ended already, it restarts with such
    /// a disk.
    pub(super) disarming: VecDeque<Disk>,
    /// What it said when it ended by itself.
    pub(super) said: Option<String>,
}

#[derive(Debug)]
struct Line {
    id: LineId,
    orders: mpsc::UnboundedSender<Vec<u8>>,
}

/// Where a node stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Life {
    /// It joins later.
    Absent,
    /// Its process was begun, and must say hello until then.
    Starting { until: Instant },
    /// Its process works.
    Alive,
    /// Its process was killed; what it said before may still come.
    Dying,
    /// It has no process.
    Down,
    /// It has left.
    Gone,
}

/// A step of a node that the hub has heard of.
#[derive(Debug)]
pub(super) struct Told {
    /// As part of which input; `None` for a timer.
    pub(super) input: Option<u64>,
    /// The name of what it writes.
    pub(super) write: Option<Tag>,
    pub(super) step: Step<Vec<u8>>,
}

/// What a node works on.
#[derive(Debug)]
pub(super) struct Work {
    /// The message, if it is one.
    pub(super) letter: Option<Letter>,
    /// Whether it has let that in.
    pub(super) is_received: bool,
}

/// A message on its last way, or a copy of one.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) parcel: Parcel,
    pub(super) payload: Vec<u8>,
}

impl<P> Seat<P> {
    pub(super) const fn new(machine: Machine, life: Life) -> Seat<P> {
        Seat {
            life,
            incarnation: 0,
            process: None,
            line: None,
            inputs: 0,
            given: BTreeMap::new(),
            steps: Vec::new(),
            waiting: VecDeque::new(),
            writes: BTreeMap::new(),
            has_begun: false,
            timers_set: 0,
            timers_done: 0,
            machine,
            restarts_with: None,
            is_recorded: true,
            last_input: None,
            paused_until: None,
            restarts: 0,
            armed: None,
            next_armed: None,
            disarming: VecDeque::new(),
            said: None,
        }
    }

    /// The process is there.
    pub(super) fn connect(&mut self, id: LineId, orders: mpsc::UnboundedSender<Vec<u8>>) {
        self.line = Some(Line { id, orders });
        self.life = Life::Alive;
    }

    pub(super) fn is_on(&self, id: LineId) -> bool {
        self.line.as_ref().is_some_and(|line| line.id == id)
    }

    pub(super) const fn is_connected(&self) -> bool {
        self.line.is_some()
    }

    /// Tells the process something. One that is gone is noticed by its silence.
    pub(super) fn order(&self, order: &Order) {
        if let Some(line) = &self.line {
            let _ = line.orders.send(order.encode());
        }
    }

    /// Gives the process an input.
    pub(super) fn give(&mut self, given: Given, letter: Option<Letter>) {
        let input = self.inputs;
        // Cannot wrap: nobody is given 2^64 inputs.
        self.inputs += 1;
        self.given.insert(input, Work { letter, is_received: false });
        if given == Given::Leave {
            self.last_input = Some(input);
        }
        self.order(&Order::Give { input, given });
    }

    /// The life is over: what it had not taken in is returned.
    pub(super) fn end(&mut self, life: Life) -> Vec<Letter> {
        self.life = life;
        self.line = None;
        self.process = None;
        self.steps = Vec::new();
        (self.paused_until, self.armed) = (None, None);
        self.disarming = VecDeque::new();
        (self.timers_set, self.timers_done, self.last_input) = (0, 0, None);
        self.has_begun = false;
        let given = std::mem::take(&mut self.given).into_values();
        let given = given.filter(|work| !work.is_received).filter_map(|work| work.letter);
        let waiting = std::mem::take(&mut self.waiting).into_iter().filter_map(|(_, letter)| letter);
        given.chain(waiting).collect()
    }

    /// Gives an input to the process, now or once it is there; what nobody hears is returned.
    pub(super) fn take(&mut self, given: Given, letter: Option<Letter>) -> Option<Letter> {
        let is_leaving =
            self.last_input.is_some() || self.waiting.iter().any(|(given, _)| *given == Given::Leave);
        match self.life {
            _ if is_leaving => letter,
            Life::Alive => {
                self.give(given, letter);
                None
            }
            Life::Starting { .. } => {
                self.waiting.push_back((given, letter));
                None
            }
            Life::Absent | Life::Dying | Life::Down | Life::Gone => letter,
        }
    }

    /// Whether it was told to leave, or will be once it is there.
    pub(super) fn is_leaving(&self) -> bool {
        self.last_input.is_some() || self.waiting.iter().any(|(given, _)| *given == Given::Leave)
    }

    /// Whether it may still end at an input, because it was to.
    pub(super) fn may_end(&self) -> bool {
        self.armed.is_some() || !self.disarming.is_empty()
    }

    /// Whether a process is still to be there, or to say that it goes on.
    pub(super) fn is_coming(&self) -> bool {
        match self.life {
            Life::Starting { .. } | Life::Dying => true,
            Life::Alive => !self.has_begun || self.may_end(),
            Life::Absent | Life::Down | Life::Gone => false,
        }
    }

    /// Whether it has nothing left to do.
    pub(super) fn is_quiet(&self) -> bool {
        match self.life {
            Life::Alive => self.given.is_empty() && self.timers_set == 0,
            Life::Starting { .. } | Life::Dying => false,
            Life::Absent | Life::Down | Life::Gone => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_life_has_nothing_of_the_old_one() {
        let mut seat = Seat::<()>::new(Machine::default(), Life::Alive);
        (seat.timers_set, seat.timers_done, seat.has_begun) = (2, 5, true);
        seat.armed = Some(Moment::BeforeWork);
        seat.disarming.push_back(Disk::Kept);
        seat.paused_until = Some(TrueTime::from_ns(1));
        seat.end(Life::Down);
        assert_eq!((seat.timers_set, seat.timers_done, seat.has_begun), (0, 0, false));
        assert!(!seat.may_end() && seat.paused_until.is_none() && seat.is_quiet());
        seat.life = Life::Alive;
        assert!(seat.is_coming(), "it has not begun");
    }
}
