//! Every site takes writes; each key is a multi-value register, a convergent replicated data type: sites gossip their states,
//! and merging two of them loses no write that nobody has replaced (Shapiro, Preguiça, Baquero and Zawirski 2011).
//!
//! A client is not at a replica: what it writes replaces what it was shown, and not, as in specification 10 of that paper,
//! what the replica has heard of since. What differs from several leaders: nothing here needs a clock. A state may be lost,
//! repeated or overtaken, as merging is commutative, associative and idempotent; what a site shows follows from the writes
//! that it knows of, and not from the order in which it heard of them. The price is time: what was written travels with the
//! next gossip, not at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_trace::NodeId;

use super::setting::{Given, Setting, SettingError};
use super::versions::Versions;
use crate::placement::client::{Answer, Ask, What};
use crate::placement::simulated::{Sites, Wire, answer};

/// How a store of replicated data types is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Crdt {
    /// How often a site tells the others what it knows.
    pub gossip: Duration,
}

/// What can be set.
pub(super) const SETTINGS: &[Setting] = &[Setting {
    key: "gossip",
    values: &["20ms", "200ms"],
    says: "how often a site tells the others what it knows and they may not",
}];

impl Crdt {
    pub(super) fn read(given: &Given<'_>) -> Result<Crdt, SettingError> {
        Ok(Crdt { gossip: given.duration("gossip")? })
    }

    pub(super) fn settings(self) -> String {
        format!("gossip={}ms", self.gossip.as_millis())
    }
}

const GOSSIP: Timer = Timer(0);

/// What sites say to each other.
#[derive(Clone, Debug)]
pub(super) enum Message {
    /// The part of a state that the other may not know: all that changed here since it last said so (delta states; Almeida,
    /// Shoker and Baquero 2015), up to this change.
    State { upto: u64, part: BTreeMap<String, Arc<Versions>> },
    /// All changes up to this one are known here.
    Known { upto: u64 },
}

/// One site.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    set: Crdt,
    sites: Sites,
    holds: BTreeMap<String, Held>,
    /// The key that each change was to, if none came after; changes count from 1.
    changes: BTreeMap<u64, String>,
    changed: u64,
    /// Up to which change the others know all.
    known: BTreeMap<NodeId, u64>,
}

/// What a site holds under a key, and its last change.
#[derive(Clone, Debug, Default)]
struct Held {
    /// Shared with what was told of it, of which most is never changed again.
    versions: Arc<Versions>,
    change: u64,
}

impl Replica {
    pub(super) fn new(set: Crdt, sites: Sites) -> Replica {
        let known = sites.others().map(|other| (other, 0)).collect();
        Replica { set, sites, holds: BTreeMap::new(), changes: BTreeMap::new(), changed: 0, known }
    }

    /// Changes what is held under a key, if that does, and says so.
    fn change(&mut self, key: String, how: impl FnOnce(&mut Versions) -> bool) {
        let held = self.holds.entry(key.clone()).or_default();
        if how(Arc::make_mut(&mut held.versions)) {
            self.changed += 1;
            self.changes.remove(&held.change);
            held.change = self.changed;
            self.changes.insert(self.changed, key);
        }
    }

    fn gossip(&self, effects: &mut Effects<Wire<Message>>) {
        effects.set_timer(GOSSIP, self.set.gossip);
        for (other, known) in self.known.iter().filter(|(_, known)| **known < self.changed) {
            let keys = self.changes.range(known + 1..).map(|(_, key)| key);
            let part = keys.map(|key| (key.clone(), Arc::clone(&self.holds[key].versions))).collect();
            effects.send(*other, Wire::Peer(Message::State { upto: self.changed, part }));
        }
    }
}

impl Node for Replica {
    type Message = Wire<Message>;
    type Request = ();

    fn on(&mut self, _: Now, input: Input<Wire<Message>, ()>, effects: &mut Effects<Wire<Message>>) {
        match input {
            Input::Start | Input::Timer(GOSSIP) => self.gossip(effects),
            Input::Message { from, message: Wire::Ask { number, ask: Ask { key, what, over } } } => {
                let shown = match what {
                    What::Read => {
                        self.holds.get(&key).map_or_else(Vec::new, |held| held.versions.shown().collect())
                    }
                    What::Write(value) => {
                        let me = self.sites.me;
                        self.change(key, |versions| {
                            versions.write(me, value, &over);
                            true
                        });
                        Vec::new()
                    }
                };
                answer((from, number), Answer::shows(shown), effects);
            }
            Input::Message { from, message: Wire::Peer(Message::State { upto, part }) } => {
                for (key, versions) in part {
                    // Most of what is told is known: until an answer arrives, the same is told again.
                    if self.holds.get(&key).is_some_and(|held| held.versions == versions) {
                        continue;
                    }
                    self.change(key, |held| held.merge(&versions));
                }
                effects.send(from, Wire::Peer(Message::Known { upto }));
            }
            Input::Message { from, message: Wire::Peer(Message::Known { upto }) } => {
                let known = self.known.entry(from).or_insert(0);
                *known = (*known).max(upto);
            }
            _ => {}
        }
    }
}
