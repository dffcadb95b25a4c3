//! What the bus keeps under its lock: the network's decisions carried out, message by message.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use constellation_fabric::{Calm, Fate, Link, Network, NetworkError, Parcel, Step, StepAct};
use constellation_trace::{Action, Entry, Loss, MessageId, Names, Nemesis, NodeId, Trace, TrueTime};

use crate::error::Error;

mod steps;

/// A message with its payload, from the send to the receive.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Posted {
    /// Which message; the one of the trace when there is one.
    pub(crate) id: MessageId,
    /// Who sent it.
    pub(crate) source: NodeId,
    /// To whom.
    pub(crate) target: NodeId,
    /// What it says.
    pub(crate) payload: Vec<u8>,
}

impl Posted {
    fn parcel(&self) -> Parcel {
        Parcel { message: self.id, source: self.source, target: self.target, bytes: 0 }
    }
}

/// What a receiver finds.
#[derive(Debug)]
pub(crate) enum Taken {
    /// The next message.
    Message(Posted),
    /// No message, but there has been a heal since it last looked.
    Healed,
    /// No message, and there will be none.
    Closed,
    /// No message yet.
    Nothing,
}

/// Who sits under a name.
#[derive(Clone, Copy, Debug, Default)]
struct Seated {
    /// How many have sat there.
    lives: u32,
    is_taken: bool,
}

#[derive(Debug)]
pub(super) struct State {
    network: Network,
    inboxes: Vec<VecDeque<Posted>>,
    /// What the network holds, in its order, which is the order of sending.
    held: VecDeque<Posted>,
    /// Messages in the hands of a node, if the bus records: not taken and to be tried again, or taken and not yet
    /// recorded as received.
    in_hands: BTreeMap<MessageId, NodeId>,
    /// How many messages were sent. Wraps after 2^32: an id must be unique only among the messages under way.
    sent: u32,
    /// How many things the bus did: the time of its trace.
    step: u64,
    heals: u64,
    /// The seat of each node.
    seats: Vec<Seated>,
    /// Why nothing can ever be sent: the names of the nodes are no good.
    unfit: Option<Error>,
    /// Why a partition was refused, until it is put right.
    refusal: Option<Error>,
    is_closed: bool,
    recorder: Recorder,
}

#[derive(Debug)]
enum Recorder {
    Off,
    On(Box<Trace>),
    Stopped { reason: String },
}

impl State {
    pub(super) fn new(nodes: usize) -> State {
        State {
            network: Network::new(Link::INSTANT),
            inboxes: (0..nodes).map(|_| VecDeque::new()).collect(),
            held: VecDeque::new(),
            in_hands: BTreeMap::new(),
            sent: 0,
            step: 0,
            heals: 0,
            seats: (0..nodes).map(|_| Seated::default()).collect(),
            unfit: None,
            refusal: None,
            is_closed: false,
            recorder: Recorder::Off,
        }
    }

    pub(super) fn record_from_now(&mut self, names: &Names) {
        self.recorder = match Trace::new(names.iter()) {
            Ok(trace) => Recorder::On(Box::new(trace)),
            Err(error) => Recorder::Stopped { reason: error.to_string() },
        };
    }

    pub(super) fn set_held_max(&mut self, held_max: usize) {
        self.network.set_held_max(held_max);
    }

    pub(super) fn refuse_for_good(&mut self, error: Error) {
        self.unfit = Some(error);
    }

    pub(super) fn refuse(&mut self, error: Error) {
        self.refusal = Some(error);
    }

    pub(super) fn partition(&mut self, group_a: Vec<NodeId>, group_b: Vec<NodeId>) {
        self.network.partition(&group_a, &group_b);
        self.refusal = None;
        self.record_nemesis(|| Nemesis::Partition { group_a, group_b });
    }

    pub(super) fn cut(&mut self, sources: Vec<NodeId>, targets: Vec<NodeId>) {
        self.network.cut(&sources, &targets);
        self.record_nemesis(|| Nemesis::Cut { sources, targets });
    }

    pub(super) fn heal(&mut self) {
        self.refusal = None;
        self.heals = self.heals.wrapping_add(1); // Only ever compared for being another.
        let now = self.next_step();
        self.record_nemesis(|| Nemesis::Heal);
        for (parcel, fate) in self.network.heal(now, &mut Calm) {
            let posted = self.held.pop_front().expect("the network holds exactly what the bus does");
            assert_eq!(posted.id, parcel.message, "the network releases in the order of sending");
            self.carry(posted, fate);
        }
    }

    /// Whether it lies in the inbox of its target now; otherwise it is held.
    #[inline]
    pub(super) fn send(&mut self, source: NodeId, target: NodeId, payload: Vec<u8>) -> Result<bool, Error> {
        if let Some(error) = self.refusal() {
            return Err(error);
        }
        let posted = Posted { id: MessageId::new(self.sent), source, target, payload };
        let now = self.next_step();
        // Decided before anything is recorded: what is not taken was not sent.
        let fate = self.decide(&posted, now)?;
        self.sent = self.sent.wrapping_add(1);
        if matches!(self.recorder, Recorder::On(_)) {
            self.record(Entry { sends: &[target], ..Entry::new(source, now, Action::Local) });
        }
        Ok(self.carry(posted, fate))
    }

    /// As [`State::send`], for a message that was [announced](State::announce).
    pub(super) fn post(&mut self, posted: Posted) -> Result<bool, Error> {
        let now = self.next_step();
        if let Some(error) = self.refusal() {
            return Err(error);
        }
        let fate = self.decide(&posted, now)?;
        self.in_hands.remove(&posted.id);
        Ok(self.carry(posted, fate))
    }

    /// Whether a message to each of these would be taken now.
    pub(super) fn admit(&self, source: NodeId, targets: &[NodeId]) -> Result<(), Error> {
        if let Some(error) = self.refusal() {
            return Err(error);
        }
        let held = targets.iter().filter(|target| self.network.is_cut(source, **target)).count();
        if held > self.network.room() {
            return Err(Error::HoldFull { held_max: self.network.held_max() });
        }
        Ok(())
    }

    /// Records a node's step in which it sends a message to each of these; they are to be posted. The id of the first, of
    /// which the others follow.
    pub(super) fn announce<M>(&mut self, node: NodeId, step: &Step<M>, targets: &[NodeId]) -> MessageId {
        let (at, first) = (self.next_step(), self.sent);
        if let Recorder::On(_) = self.recorder {
            let entry = Entry::new(node, at, Action::Local);
            self.record(Entry { sends: targets, label: &step.label, claims: &step.claims, ..entry });
        }
        for _ in targets {
            if let Recorder::On(_) = self.recorder {
                self.in_hands.insert(MessageId::new(self.sent), node);
            }
            self.sent = self.sent.wrapping_add(1);
        }
        MessageId::new(first)
    }

    /// Records the steps in which a node took `received` in.
    pub(super) fn record_steps<M>(&mut self, node: NodeId, received: MessageId, steps: &[Step<M>]) {
        self.in_hands.remove(&received);
        for Step { act, label, claims, .. } in steps {
            let at = self.next_step();
            let action = match act {
                StepAct::Receive => Action::Receive(received),
                StepAct::Persist(_) | StepAct::Store(_) => Action::Persist,
                _ => Action::Local,
            };
            self.record(Entry { label, claims, ..Entry::new(node, at, action) });
        }
    }

    pub(super) fn refuse_message(&mut self, node: NodeId, id: MessageId, refusal: &impl fmt::Display) {
        self.in_hands.remove(&id);
        if let Recorder::On(_) = self.recorder {
            let label = format!("refuses {id}: {refusal}");
            let at = self.next_step();
            self.record(Entry { label: &label, ..Entry::new(node, at, Action::Local) });
            self.record_nemesis(|| Nemesis::Lose(id, Loss::Plain));
        }
    }

    /// The next message for a receiver who wants nothing else; recorded as received.
    #[inline]
    pub(super) fn recv(&mut self, node: NodeId) -> Taken {
        let taken = self.pop(node);
        if let (Taken::Message(posted), Recorder::On(_)) = (&taken, &self.recorder) {
            let (id, at) = (posted.id, self.next_step());
            self.record(Entry::new(node, at, Action::Receive(id)));
        }
        taken
    }

    pub(super) fn take(&mut self, node: NodeId, heals_seen: &mut u64) -> Taken {
        match self.pop(node) {
            Taken::Nothing if *heals_seen != self.heals => {
                *heals_seen = self.heals;
                Taken::Healed
            }
            taken => {
                if let (Taken::Message(posted), Recorder::On(_)) = (&taken, &self.recorder) {
                    self.in_hands.insert(posted.id, node);
                }
                taken
            }
        }
    }

    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    pub(super) fn refusal(&self) -> Option<Error> {
        if self.is_closed {
            return Some(Error::BusClosed);
        }
        self.unfit.as_ref().or(self.refusal.as_ref()).cloned()
    }

    pub(super) fn trace(&self) -> Result<Trace, Error> {
        match &self.recorder {
            Recorder::On(trace) => self.snapshot((**trace).clone()),
            Recorder::Off => {
                Err(Error::NotRecorded { reason: String::from("make the bus with MessageBus::recording") })
            }
            Recorder::Stopped { reason } => Err(Error::NotRecorded { reason: reason.clone() }),
        }
    }

    /// What was recorded, and which messages are still under way: those that a partition holds were recorded as held.
    fn snapshot(&self, mut trace: Trace) -> Result<Trace, Error> {
        let queued = self.inboxes.iter().flatten().map(|posted| posted.id);
        let under_way: BTreeSet<MessageId> = queued.chain(self.in_hands.keys().copied()).collect();
        for id in under_way {
            trace
                .record_nemesis(TrueTime::from_ns(self.step), Nemesis::InFlight(id))
                .map_err(|error| Error::NotRecorded { reason: error.to_string() })?;
        }
        Ok(trace)
    }

    /// Takes the seat of `node`: the number of the life that begins there, or `None` if somebody sits there.
    pub(super) fn attach(&mut self, node: NodeId) -> Option<u32> {
        let seat = self.seats.get_mut(node.index()).filter(|seat| !seat.is_taken)?;
        let life = seat.lives;
        seat.is_taken = true;
        seat.lives = life.saturating_add(1); // Saturating: 2^32 restarts in one process would be another problem.
        if life > 0 {
            let at = self.next_step();
            self.record(Entry::new(node, at, Action::Crash));
            self.record(Entry::new(node, at, Action::Restart(None)));
        }
        Some(life)
    }

    /// Leaves the seat of `node`. What it still had in hand is gone with it.
    pub(super) fn release(&mut self, node: NodeId) {
        if let Some(seat) = self.seats.get_mut(node.index()) {
            seat.is_taken = false;
        }
        let (gone, kept) = core::mem::take(&mut self.in_hands).into_iter().partition(|held| held.1 == node);
        self.in_hands = kept;
        BTreeMap::into_keys(gone).for_each(|id| self.record_nemesis(|| Nemesis::Lose(id, Loss::Plain)));
    }

    #[inline]
    fn decide(&mut self, posted: &Posted, now: TrueTime) -> Result<Fate, Error> {
        self.network.send(posted.parcel(), now, &mut Calm).map_err(|error| match error {
            NetworkError::HoldFull { held_max } => Error::HoldFull { held_max },
            // Whatever else it may come to refuse, the message is still the sender's.
            _ => Error::HoldFull { held_max: self.held.len() },
        })
    }

    /// Does what the network decided; whether the message lies in an inbox now.
    #[inline]
    fn carry(&mut self, posted: Posted, fate: Fate) -> bool {
        let id = posted.id;
        match fate {
            Fate::Deliver(delivery) => {
                let copy = delivery.again_at.map(|_| posted.clone());
                if copy.is_some() {
                    self.record_nemesis(|| Nemesis::Duplicate(id));
                }
                let inbox =
                    self.inboxes.get_mut(posted.target.index()).expect("targets are names of the bus");
                inbox.push_back(posted);
                inbox.extend(copy);
                true
            }
            Fate::Hold => {
                self.held.push_back(posted);
                self.record_nemesis(|| Nemesis::Hold(id));
                false
            }
            Fate::Lose(why) => {
                self.record_nemesis(|| Nemesis::Lose(id, why));
                false
            }
            // Nothing else happens on an instant link without limits.
            _ => {
                self.record_nemesis(|| Nemesis::Lose(id, Loss::Plain));
                false
            }
        }
    }

    #[inline]
    fn pop(&mut self, node: NodeId) -> Taken {
        match self.inboxes.get_mut(node.index()).and_then(VecDeque::pop_front) {
            Some(posted) => Taken::Message(posted),
            None if self.is_closed => Taken::Closed,
            None => Taken::Nothing,
        }
    }

    #[inline]
    fn next_step(&mut self) -> TrueTime {
        self.step = self.step.saturating_add(1); // Saturating: a step a nanosecond lasts for 584 years.
        TrueTime::from_ns(self.step)
    }

    fn record(&mut self, entry: Entry<'_>) {
        if let Recorder::On(trace) = &mut self.recorder
            && let Err(error) = trace.record(entry)
        {
            self.recorder = Recorder::Stopped { reason: error.to_string() };
        }
    }

    fn record_nemesis(&mut self, nemesis: impl FnOnce() -> Nemesis) {
        if let Recorder::On(trace) = &mut self.recorder
            && let Err(error) = trace.record_nemesis(TrueTime::from_ns(self.step), nemesis())
        {
            self.recorder = Recorder::Stopped { reason: error.to_string() };
        }
    }
}
