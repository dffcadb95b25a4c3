//! What the hub knows of one node: its life, what it works on, and what it wrote.

use std::collections::{BTreeMap, VecDeque};

use constellation_fabric::{Parcel, Step};
use constellation_trace::EventId;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::door::LineId;
use crate::plan::{Disk, Machine};
use crate::protocol::{Given, Order, Tag};

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
    pub(super) timers_set: u32,
    pub(super) timers_done: u64,
    pub(super) machine: Machine,
    /// What it is to find when it restarts, if it is to once it has ended.
    pub(super) restarts_with: Option<Disk>,
    /// Whether its life is in the record; that of a restart is once it has read its disk.
    pub(super) is_recorded: bool,
    /// The input after which it is gone for good.
    pub(super) last_input: Option<u64>,
    pub(super) is_paused: bool,
    pub(super) arms: Arms,
    /// What it said when it ended by itself.
    pub(super) said: Option<String>,
}

/// Whether a process ends at its next input.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Arms {
    No,
    Yes,
    /// It is told not to; if it has already, it restarts with such a disk.
    Ending(Disk),
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
            timers_set: 0,
            timers_done: 0,
            machine,
            restarts_with: None,
            is_recorded: true,
            last_input: None,
            is_paused: false,
            arms: Arms::No,
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
        (self.is_paused, self.arms) = (false, Arms::No);
        (self.timers_set, self.last_input) = (0, None);
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

    /// Whether it has nothing left to do.
    pub(super) fn is_quiet(&self) -> bool {
        match self.life {
            Life::Alive => self.given.is_empty() && self.timers_set == 0,
            Life::Starting { .. } | Life::Dying => false,
            Life::Absent | Life::Down | Life::Gone => true,
        }
    }
}
