//! Random runs with honest clocks and an honest catalog, and the bugs that can be planted in them.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{
    Action, Claim, ClaimRef, Entry, EventId, MessageId, NodeId, Relation, Relations, Trace, TrueTime,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;

/// One step of a run: which node, what it does, and with which of the things that it could do it to.
pub(crate) type Step = (u8, u8, u8);

/// What is wrong with the clocks or catalogs of a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bug {
    None,
    /// Receives do not merge the vector of the message.
    ForgetMerge,
    /// Receives do not tick.
    ForgetTick,
    /// Each event ticks twice.
    TickTwice,
    /// A read shows only the last update by name.
    LastWriteWins,
    /// A read shows all updates, superseded or not.
    ShowAll,
    /// The vector of this claimed event has this added to its entry for this node; below zero is zero.
    Tamper {
        nth: usize,
        node: usize,
        by: i64,
    },
}

pub(crate) fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

pub(crate) fn steps(count_max: usize) -> impl Strategy<Value = Vec<Step>> {
    vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..count_max)
}

pub(crate) const NAMES: [&str; 4] = ["pacific", "indian", "atlantic", "antarctic"];

/// What a process remembers, and what it puts into messages and on disk.
#[derive(Clone, Default)]
struct State {
    lamport: u64,
    vector: BTreeMap<String, u64>,
    /// Each known update with all that it supersedes.
    updates: BTreeMap<String, BTreeSet<String>>,
}

impl State {
    fn current(&self) -> Vec<String> {
        let is_current =
            |update: &&String| !self.updates.values().any(|superseded| superseded.contains(*update));
        self.updates.keys().filter(is_current).cloned().collect()
    }
}

struct Run {
    trace: Trace,
    bug: Bug,
    living: Vec<Option<State>>,
    lives: Vec<u32>,
    messages: Vec<(NodeId, State)>,
    states: Vec<(NodeId, EventId, State)>,
    claimed: usize,
}

/// Plays the steps on `nodes` nodes; what is impossible is left out. Messages arrive in any order, often, or never.
pub(crate) fn play(nodes: usize, steps: &[Step], bug: Bug) -> Trace {
    let trace = Trace::new(&NAMES[..nodes]).unwrap();
    let living = vec![Some(State::default()); nodes];
    let lives = vec![0; nodes];
    let mut run = Run { trace, bug, living, lives, messages: Vec::new(), states: Vec::new(), claimed: 0 };
    for step in steps {
        run.step(*step);
    }
    run.trace
}

impl Run {
    fn step(&mut self, (node, act, pick): Step) {
        let place = node as usize % self.living.len();
        let node = NodeId::new(place as u32);
        let Some(state) = self.living[place].clone() else {
            return self.restart(node, pick);
        };
        let others = self.living.len();
        let target =
            NodeId::new((place + 1 + pick as usize % others.max(2).saturating_sub(1)) as u32 % others as u32);
        match act % 10 {
            0 => self.record(node, Action::Local, &[], state, false),
            1 => self.record(node, Action::Local, &[], state, true),
            2 => self.record(node, Action::Local, &[target], state, true),
            3 => self.record(node, Action::Local, &[target, node], state, pick < 128),
            4..=6 => self.receive(node, pick, state, act % 10 != 6),
            7 if pick < 100 => self.record(node, Action::Crash, &[], state, false),
            7 => self.record(node, Action::Persist, &[], state, pick < 200),
            8 => self.write(node, pick, state),
            _ => self.read(node, state),
        }
    }

    fn receive(&mut self, node: NodeId, pick: u8, mut state: State, is_claimed: bool) {
        let here: Vec<usize> = (0..self.messages.len()).filter(|id| self.messages[*id].0 == node).collect();
        let Some(&id) = here.get(pick as usize % here.len().max(1)) else { return };
        let carried = &self.messages[id].1;
        state.lamport = state.lamport.max(carried.lamport);
        if self.bug != Bug::ForgetMerge {
            for (name, counter) in &carried.vector {
                let own = state.vector.entry(name.clone()).or_default();
                *own = (*own).max(*counter);
            }
        }
        state.updates.extend(carried.updates.clone());
        self.record(node, Action::Receive(MessageId::new(id as u32)), &[], state, is_claimed);
    }

    fn restart(&mut self, node: NodeId, pick: u8) {
        let here: Vec<_> = self.states.iter().filter(|(owner, ..)| *owner == node).collect();
        let from =
            here.get(pick as usize % (here.len() + 1)).map(|(_, event, state)| (*event, state.clone()));
        self.lives[node.index()] += 1;
        let (event, state) = from.map_or((None, State::default()), |(event, state)| (Some(event), state));
        self.record(node, Action::Restart(event), &[], state, pick.is_multiple_of(2));
    }

    fn write(&mut self, node: NodeId, pick: u8, mut state: State) {
        let update = format!("w{}", self.trace.writes().len());
        let saw: Vec<String> = if pick.is_multiple_of(4) { Vec::new() } else { state.current() };
        let mut superseded: BTreeSet<String> = saw.iter().cloned().collect();
        for seen in &saw {
            superseded.extend(state.updates[seen].iter().cloned());
        }
        state.updates.insert(update.clone(), superseded);
        let saw: Vec<&str> = saw.iter().map(|seen| &**seen).collect();
        self.record(node, Action::Write { key: "k", update: &update, saw: &saw }, &[], state, true);
    }

    fn read(&mut self, node: NodeId, state: State) {
        let shows: Vec<String> = match self.bug {
            Bug::LastWriteWins => state.current().into_iter().max().into_iter().collect(),
            Bug::ShowAll => state.updates.keys().cloned().collect(),
            _ => state.current(),
        };
        let shows: Vec<&str> = shows.iter().map(|update| &**update).collect();
        self.record(node, Action::Read { key: "k", shows: &shows }, &[], state, true);
    }

    fn record(
        &mut self,
        node: NodeId,
        action: Action<'_>,
        sends: &[NodeId],
        mut state: State,
        is_claimed: bool,
    ) {
        let life = self.lives[node.index()];
        let name = NAMES[node.index()].to_owned();
        let name = if life == 0 { name } else { format!("{name}#{life}") };
        let mut claims = Vec::new();
        if is_claimed {
            let is_forgotten = self.bug == Bug::ForgetTick && matches!(action, Action::Receive(_));
            let ticks = if self.bug == Bug::TickTwice { 2 } else { u64::from(!is_forgotten) };
            state.lamport += 1;
            *state.vector.entry(name).or_default() += ticks;
            let mut said = state.vector.clone();
            if let Bug::Tamper { nth, node, by } = self.bug
                && nth == self.claimed
            {
                let entry = said.entry(NAMES[node].to_owned()).or_default();
                *entry = entry.saturating_add_signed(by);
            }
            self.claimed += 1;
            claims = vec![Claim::Lamport(state.lamport), Claim::Vector(said.into_iter().collect())];
        }
        let at = TrueTime::from_ns(self.trace.events().len() as u64 * 1_000_000);
        let entry = Entry { sends, claims: &claims, ..Entry::new(node, at, action) };
        let event = self.trace.record(entry).unwrap();
        self.messages.extend(sends.iter().map(|target| (*target, state.clone())));
        if action == Action::Persist {
            self.states.push((node, event, state.clone()));
        }
        self.living[node.index()] = (action != Action::Crash).then_some(state);
    }
}

/// The entry by entry comparison of vectors.
pub(crate) fn by_vector(one: ClaimRef<'_>, other: ClaimRef<'_>) -> Relations {
    let (ClaimRef::Vector(one), ClaimRef::Vector(other)) = (one, other) else { return Relations::ANY };
    let is_below = one.iter().all(|(name, counter)| counter <= other.counter(name));
    let is_above = other.iter().all(|(name, counter)| counter <= one.counter(name));
    Relations::from(match (is_below, is_above) {
        (true, true) => Relation::Equal,
        (true, false) => Relation::Before,
        (false, true) => Relation::After,
        (false, false) => Relation::Concurrent,
    })
}

/// What Lamport times exclude: the smaller one is not after the greater.
pub(crate) fn by_lamport(one: ClaimRef<'_>, other: ClaimRef<'_>) -> Relations {
    let (ClaimRef::Lamport(one), ClaimRef::Lamport(other)) = (one, other) else { return Relations::ANY };
    Relations::of(match one.cmp(&other) {
        std::cmp::Ordering::Less => [Relation::Before, Relation::Concurrent],
        std::cmp::Ordering::Equal => [Relation::Equal, Relation::Concurrent],
        std::cmp::Ordering::Greater => [Relation::After, Relation::Concurrent],
    })
}

/// Lamport times taken for an order, as a last-write-wins resolver takes them.
pub(crate) fn by_lamport_as_order(one: ClaimRef<'_>, other: ClaimRef<'_>) -> Relations {
    let (ClaimRef::Lamport(one), ClaimRef::Lamport(other)) = (one, other) else { return Relations::ANY };
    Relations::from(match one.cmp(&other) {
        std::cmp::Ordering::Less => Relation::Before,
        std::cmp::Ordering::Equal => Relation::Concurrent,
        std::cmp::Ordering::Greater => Relation::After,
    })
}
