//! Single-decree Paxos (Lamport 2001) with a register's clients, as the model checker stateright ships it as an example:
//! as many states as it publishes.

use std::collections::{BTreeMap, BTreeSet};

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_sim::explore::{Extent, Run, Scope, Source, Visit, survey};
use constellation_trace::NodeId;

const SERVERS: u32 = 3;
const CLIENTS: u32 = 2;
const MAJORITY: usize = 2;

/// A round, and the server that leads it.
type Ballot = (u32, NodeId);
/// Whose value is proposed: each client has one.
type Proposal = NodeId;
type Accepted = Option<(Ballot, Proposal)>;

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Says {
    Put,
    PutDone,
    Get,
    GetDone(Proposal),
    Prepare(Ballot),
    Prepared(Ballot, Accepted),
    Accept(Ballot, Proposal),
    Accepted(Ballot),
    Decided(Ballot, Proposal),
}

/// A server or client. What it makes nothing of is under way still, as far as that checker is concerned: it is kept as
/// ignored, which leaves the moment the same as that before it.
#[derive(Clone, Debug)]
struct Participant {
    me: NodeId,
    role: Role,
    ignored: Option<(NodeId, Says)>,
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Role {
    Server(Server),
    Client(Client),
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Server {
    ballot: Ballot,
    proposal: Option<Proposal>,
    prepares: BTreeMap<NodeId, Accepted>,
    accepts: BTreeSet<NodeId>,
    accepted: Accepted,
    is_decided: bool,
}

/// Puts its value with one server, then asks another for the value.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Client {
    Putting,
    Getting,
    Done(Proposal),
}

impl Participant {
    fn new(me: NodeId) -> Participant {
        let role = if me.number() < SERVERS {
            Role::Server(Server {
                ballot: (0, NodeId::new(0)),
                proposal: None,
                prepares: BTreeMap::new(),
                accepts: BTreeSet::new(),
                accepted: None,
                is_decided: false,
            })
        } else {
            Role::Client(Client::Putting)
        };
        Participant { me, role, ignored: None }
    }
}

impl Node for Participant {
    type Message = Says;
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<Says, ()>, effects: &mut Effects<Says>) {
        match (&mut self.role, input) {
            (Role::Client(_), Input::Start) => {
                effects.send(NodeId::new(self.me.number() % SERVERS), Says::Put);
            }
            (Role::Client(client), Input::Message { from, message }) => {
                let next = match (*client, message) {
                    (Client::Putting, Says::PutDone) => Client::Getting,
                    (Client::Getting, Says::GetDone(value)) => Client::Done(value),
                    _ => return self.ignored = Some((from, message)),
                };
                if next == Client::Getting {
                    effects.send(NodeId::new((self.me.number() + 1) % SERVERS), Says::Get);
                }
                *client = next;
            }
            (Role::Server(server), Input::Message { from, message }) => {
                let is_heard = server.hear(self.me, from, message, effects);
                self.ignored = (!is_heard).then_some((from, message));
            }
            _ => {}
        }
    }
}

impl Server {
    /// Whether it makes anything of it.
    fn hear(&mut self, me: NodeId, from: NodeId, says: Says, effects: &mut Effects<Says>) -> bool {
        let mut tell = |says| {
            let others = (0..SERVERS).map(NodeId::new).filter(|server| *server != me);
            others.for_each(|server| effects.send(server, says));
        };
        match says {
            Says::Get if self.is_decided => {
                let (_, value) = self.accepted.expect("what is decided was accepted");
                effects.send(from, Says::GetDone(value));
            }
            _ if self.is_decided => return false,
            Says::Put if self.proposal.is_none() => {
                self.proposal = Some(from);
                self.ballot = (self.ballot.0 + 1, me);
                self.prepares = BTreeMap::from([(me, self.accepted)]);
                self.accepts.clear();
                tell(Says::Prepare(self.ballot));
            }
            Says::Prepare(ballot) if self.ballot < ballot => {
                self.ballot = ballot;
                effects.send(from, Says::Prepared(ballot, self.accepted));
            }
            Says::Prepared(ballot, accepted) if ballot == self.ballot => {
                self.prepares.insert(from, accepted);
                if self.prepares.len() == MAJORITY {
                    let latest = self.prepares.values().max().copied().flatten();
                    let proposal = latest.map(|(_, proposal)| proposal).or(self.proposal);
                    let proposal = proposal.expect("whoever prepares has a proposal");
                    self.proposal = Some(proposal);
                    self.accepted = Some((ballot, proposal));
                    self.accepts.insert(me);
                    tell(Says::Accept(ballot, proposal));
                }
            }
            Says::Accept(ballot, proposal) if self.ballot <= ballot => {
                self.ballot = ballot;
                self.accepted = Some((ballot, proposal));
                effects.send(from, Says::Accepted(ballot));
            }
            Says::Accepted(ballot) if ballot == self.ballot => {
                self.accepts.insert(from);
                if self.accepts.len() == MAJORITY {
                    self.is_decided = true;
                    let proposal = self.proposal.expect("whoever asks to accept has a proposal");
                    tell(Says::Decided(ballot, proposal));
                    effects.send(proposal, Says::PutDone);
                }
            }
            Says::Decided(ballot, proposal) => {
                self.ballot = ballot;
                self.accepted = Some((ballot, proposal));
                self.is_decided = true;
            }
            _ => return false,
        }
        true
    }
}

/// All that tells a state from others there: the nodes, what is under way, and what the clients' operations tell of
/// their order: for each, how many of the other's were complete when it asked for the value.
type State = (Vec<Role>, Vec<(NodeId, NodeId, Says)>, BTreeMap<NodeId, usize>);

fn state(run: Run<'_, Participant>) -> State {
    let nodes = run.nodes();
    let sent = run.under_way().filter_map(|(letter, message)| {
        let Source::Node(from) = letter.source else { return None };
        Some((from, letter.target, *message?))
    });
    let ignored = nodes.iter().filter_map(|node| node.ignored.map(|(from, says)| (from, node.me, says)));
    let mut under_way: Vec<_> = sent.chain(ignored).collect();
    under_way.sort_unstable();
    let (mut complete, mut before): (Vec<NodeId>, _) = (Vec::new(), BTreeMap::new());
    let answers = run.arrivals().map(|letter| letter.target).filter(|node| node.number() >= SERVERS);
    for client in answers {
        if !complete.contains(&client) {
            before.insert(client, complete.iter().filter(|other| **other != client).count());
        }
        complete.push(client);
    }
    // A client that was told something which it ignored completed nothing by it.
    for node in
        nodes.iter().filter(|node| node.ignored.is_some() && node.role == Role::Client(Client::Putting))
    {
        before.remove(&node.me);
    }
    (nodes.iter().map(|node| node.role.clone()).collect(), under_way, before)
}

#[test]
fn paxos_has_as_many_states_as_published() {
    let nodes = (0..SERVERS + CLIENTS).map(|number| format!("node{number}"));
    let scope: Scope<()> = Scope::new(nodes);
    let found = survey(&scope, Participant::new, state, |run| {
        let decided = run.nodes().iter().filter_map(|node| match &node.role {
            Role::Server(Server { is_decided: true, accepted: Some((_, value)), .. }) => Some(*value),
            _ => None,
        });
        let values: BTreeSet<NodeId> = decided.collect();
        if values.len() > 1 { Visit::Broken("two values are decided".to_owned()) } else { Visit::Fine }
    });
    let found = found.expect("all send to nodes that are there");
    assert_eq!((found.visited, found.extent, found.violation), (16_668, Extent::Complete, None));
}
