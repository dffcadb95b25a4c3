//! Small protocols whose orders, traces and states are known exactly.

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Node, Now, Sequence, Timer};
use constellation_sim::explore::{Rename, Renaming, Scope};
use constellation_trace::NodeId;

/// A protocol that is a function of what arrives, started with what a node is at first.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Model {
    me: u32,
    nodes: u32,
    role: Role,
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Role {
    /// Sends so many messages to each other; knows which it received.
    Broadcast { each: u32, received: BTreeSet<(u32, u32)> },
    /// A number that clients read and write.
    Register(u32),
    /// Reads the number and writes one more, as often as it is told the number.
    Client(Stage),
    /// Asks all others to prepare, then to commit; counts who says yes and who is done, and is fooled by copies.
    Coordinator { yes: u32, done: u32 },
    /// Prepares and commits as told.
    Voter(Stage),
    /// Passes on larger numbers than its own around a ring.
    Ring { own: u32, is_elected: bool },
    /// Node 0 posts, node 1 replies; hears in an order.
    Chat(Vec<u32>),
    /// Tells once what it hears.
    Flood { has_heard: bool },
    /// Wants to enter once; the lower number goes first.
    Ricart { granted: u32, is_done: bool, waiting: BTreeSet<u32> },
    /// Writes to the three others, waits for two.
    Writer { acks: u32 },
    /// Asks the three others, waits for two, keeps the largest.
    Reader { answers: u32, largest: u32 },
    /// Holds what is written.
    Replica(u32),
    /// Sends what a seed and all that it heard make it send; the numbers grow smaller, so it ends.
    Whim { seed: u64, heard: Vec<(u32, u32)> },
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Stage {
    Begun,
    Ready,
    Done,
}

/// What a [`Model`] says: a number, with a word to tell what it is for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Says {
    Number(u32),
    Read,
    Value(u32),
    Write(u32),
    Prepare,
    Yes,
    Commit,
    Ack,
}

impl Node for Model {
    type Message = Says;
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<Says, ()>, effects: &mut Effects<Says>) {
        match input {
            Input::Start => self.start(effects),
            Input::Message { from, message } => self.hear(from.number(), message, effects),
            Input::Request(()) => self.hear(u32::MAX, Says::Number(2), effects),
            Input::Timer(timer) => self.hear(u32::MAX - 1 - timer.0, Says::Number(1), effects),
            _ => {}
        }
    }
}

impl Model {
    fn others(&self) -> impl Iterator<Item = NodeId> + use<> {
        let me = self.me;
        (0..self.nodes).filter(move |node| *node != me).map(NodeId::new)
    }

    fn tell(&self, says: Says, effects: &mut Effects<Says>) {
        self.others().for_each(|node| effects.send(node, says));
    }

    fn start(&mut self, effects: &mut Effects<Says>) {
        let me = self.me;
        match &self.role {
            Role::Broadcast { each, .. } => {
                (0..*each).for_each(|nth| self.tell(Says::Number(nth), effects));
            }
            Role::Client(_) => effects.send(NodeId::new(0), Says::Read),
            Role::Coordinator { .. } => self.tell(Says::Prepare, effects),
            Role::Ring { own, .. } => effects.send(self.next(), Says::Number(*own)),
            Role::Chat(_) if me == 0 => self.tell(Says::Number(0), effects),
            Role::Flood { .. } if me == 0 => self.tell(Says::Number(0), effects),
            Role::Ricart { .. } => self.tell(Says::Prepare, effects),
            Role::Writer { .. } => self.tell(Says::Write(1), effects),
            Role::Reader { .. } => self.tell(Says::Read, effects),
            Role::Whim { .. } => self.follow_whim(2, effects),
            _ => {}
        }
        if let Role::Flood { has_heard } = &mut self.role {
            *has_heard = me == 0;
        }
    }

    fn next(&self) -> NodeId {
        NodeId::new((self.me + 1) % self.nodes)
    }

    fn hear(&mut self, from: u32, says: Says, effects: &mut Effects<Says>) {
        let (me, next, all) = (self.me, self.next(), self.nodes - 1);
        let others = self.others();
        match (&mut self.role, says) {
            (Role::Broadcast { received, .. }, Says::Number(nth)) => {
                received.insert((from, nth));
            }
            (Role::Register(number), Says::Read) => effects.send(NodeId::new(from), Says::Value(*number)),
            (Role::Register(number), Says::Write(written)) => *number = written,
            (Role::Client(stage), Says::Value(number)) => {
                *stage = Stage::Done;
                effects.send(NodeId::new(0), Says::Write(number + 1));
            }
            (Role::Coordinator { yes, .. }, Says::Yes) => {
                *yes += 1;
                if *yes == all {
                    others.for_each(|node| effects.send(node, Says::Commit));
                }
            }
            (Role::Coordinator { done, .. }, Says::Ack) => *done += 1,
            (Role::Voter(stage), Says::Prepare) => {
                *stage = Stage::Ready;
                effects.send(NodeId::new(0), Says::Yes);
            }
            (Role::Voter(stage), Says::Commit) => {
                *stage = Stage::Done;
                effects.send(NodeId::new(0), Says::Ack);
            }
            (Role::Ring { own, is_elected }, Says::Number(number)) => {
                *is_elected |= number == *own;
                if number > *own {
                    effects.send(next, says);
                }
            }
            (Role::Chat(heard), Says::Number(number)) => {
                heard.push(number);
                if me == 1 && number == 0 {
                    others.for_each(|node| effects.send(node, Says::Number(1)));
                }
            }
            (Role::Flood { has_heard }, Says::Number(_)) if !*has_heard => {
                *has_heard = true;
                others.filter(|node| node.number() != from).for_each(|node| effects.send(node, says));
            }
            (Role::Whim { heard, .. }, Says::Number(left)) => {
                heard.push((from, left));
                self.follow_whim(left, effects);
            }
            (Role::Ricart { .. }, says) => self.hear_ricart(from, says, effects),
            (Role::Writer { acks }, Says::Ack) => *acks = (*acks + 1).min(2),
            (Role::Reader { answers, largest }, Says::Value(number)) if *answers < 2 => {
                *answers += 1;
                *largest = number.max(*largest);
            }
            (Role::Replica(number), Says::Write(written)) => {
                *number = written.max(*number);
                effects.send(NodeId::new(from), Says::Ack);
            }
            (Role::Replica(number), Says::Read) => effects.send(NodeId::new(from), Says::Value(*number)),
            _ => {}
        }
    }

    fn follow_whim(&self, left: u32, effects: &mut Effects<Says>) {
        let Role::Whim { seed, heard } = &self.role else { return };
        let mut luck = heard.iter().fold(mix(*seed, u64::from(self.me)), |luck, (from, left)| {
            mix(luck, u64::from(*from) << 32 | u64::from(*left))
        });
        if luck >> 8 & 7 == 0 {
            effects.set_timer(Timer((luck >> 16 & 1) as u32), Duration::ZERO);
        }
        while left > 0 && luck % 3 != 0 {
            luck = mix(luck, 0);
            let target = u32::try_from(luck >> 32 & 0xff).expect("one byte") % self.nodes;
            effects.send(NodeId::new(target), Says::Number(left - 1));
            luck = mix(luck, 1);
        }
    }

    fn hear_ricart(&mut self, from: u32, says: Says, effects: &mut Effects<Says>) {
        let (me, all) = (self.me, self.nodes - 1);
        let Role::Ricart { granted, is_done, waiting } = &mut self.role else { return };
        match says {
            Says::Prepare if *is_done || from < me => effects.send(NodeId::new(from), Says::Yes),
            Says::Prepare => {
                waiting.insert(from);
            }
            Says::Yes => {
                *granted += 1;
                if *granted == all {
                    *is_done = true;
                    std::mem::take(waiting)
                        .into_iter()
                        .for_each(|node| effects.send(NodeId::new(node), Says::Yes));
                }
            }
            _ => {}
        }
    }
}

/// A step of SplitMix64.
fn mix(state: u64, with: u64) -> u64 {
    let mut z = (state ^ with).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A protocol of which everything is known: who plays what.
pub(crate) struct Cast {
    pub(crate) name: String,
    pub(crate) sequence: Sequence,
    roles: Vec<Role>,
}

impl Cast {
    fn new(name: impl Into<String>, roles: Vec<Role>) -> Cast {
        Cast { name: name.into(), sequence: Sequence::Unordered, roles }
    }

    pub(crate) fn ordered(self) -> Cast {
        Cast { name: format!("{}, ordered", self.name), sequence: Sequence::Ordered, ..self }
    }

    pub(crate) fn scope(&self) -> Scope<()> {
        let names = (0..self.roles.len()).map(|node| format!("node{node}"));
        Scope { sequence: self.sequence, deliveries_max: 100_000_000, ..Scope::new(names) }
    }

    pub(crate) fn node(&self, id: NodeId) -> Model {
        let nodes = u32::try_from(self.roles.len()).expect("a few");
        Model { me: id.number(), nodes, role: self.roles[id.index()].clone() }
    }
}

impl Model {
    pub(crate) fn role(&self) -> &Role {
        &self.role
    }
}

/// For the roles in which all nodes are alike.
impl Rename for Model {
    fn renamed(&self, renaming: &Renaming) -> Model {
        let new = |node: u32| renaming.of(NodeId::new(node)).number();
        let role = match &self.role {
            Role::Broadcast { each, received } => {
                let received = received.iter().map(|(from, nth)| (new(*from), *nth)).collect();
                Role::Broadcast { each: *each, received }
            }
            role => role.clone(),
        };
        Model { me: new(self.me), nodes: self.nodes, role }
    }
}

impl Rename for Says {
    fn renamed(&self, _renaming: &Renaming) -> Says {
        *self
    }
}

/// Everybody sends `each` messages to everybody else.
pub(crate) fn broadcast(nodes: usize, each: u32) -> Cast {
    let role = Role::Broadcast { each, received: BTreeSet::new() };
    Cast::new(format!("broadcast {nodes} x {each}"), vec![role; nodes])
}

/// A register at node 0; clients read it and write one more.
pub(crate) fn read_then_write(clients: usize) -> Cast {
    let mut roles = vec![Role::Register(0)];
    roles.resize(clients + 1, Role::Client(Stage::Begun));
    Cast::new(format!("read then write, {clients} clients"), roles)
}

/// The messages of two-phase commit when all say yes.
pub(crate) fn two_phase(voters: usize) -> Cast {
    let mut roles = vec![Role::Coordinator { yes: 0, done: 0 }];
    roles.resize(voters + 1, Role::Voter(Stage::Begun));
    Cast::new(format!("two-phase, {voters} voters"), roles)
}

/// Chang and Roberts: the largest number goes around.
pub(crate) fn ring(numbers: &[u32]) -> Cast {
    let roles = numbers.iter().map(|own| Role::Ring { own: *own, is_elected: false }).collect();
    Cast::new(format!("ring {numbers:?}"), roles)
}

/// Node 0 posts to all, node 1 replies to all.
pub(crate) fn chat(nodes: usize) -> Cast {
    Cast::new(format!("chat, {nodes} nodes"), vec![Role::Chat(Vec::new()); nodes])
}

/// Node 0 tells all; who hears for the first time tells the others.
pub(crate) fn flood(nodes: usize) -> Cast {
    Cast::new(format!("flood, {nodes} nodes"), vec![Role::Flood { has_heard: false }; nodes])
}

/// Ricart and Agrawala: all ask at once.
pub(crate) fn ricart(nodes: usize) -> Cast {
    let role = Role::Ricart { granted: 0, is_done: false, waiting: BTreeSet::new() };
    Cast::new(format!("ricart, {nodes} nodes"), vec![role; nodes])
}

/// One writes to three replicas.
pub(crate) fn abd_write() -> Cast {
    let replica = Role::Replica(0);
    Cast::new("abd write", vec![replica.clone(), replica.clone(), replica, Role::Writer { acks: 0 }])
}

/// One asks three replicas that hold 1, 2 and 3.
pub(crate) fn abd_read() -> Cast {
    let reader = Role::Reader { answers: 0, largest: 0 };
    Cast::new("abd read", vec![Role::Replica(1), Role::Replica(2), Role::Replica(3), reader])
}

/// A protocol that makes no sense: who sends what to whom follows from a seed and from all that was heard.
pub(crate) fn whim(seed: u64, nodes: usize) -> Cast {
    Cast::new(format!("whim {seed}, {nodes} nodes"), vec![Role::Whim { seed, heard: Vec::new() }; nodes])
}
