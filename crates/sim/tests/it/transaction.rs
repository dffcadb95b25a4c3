//! Two-phase commit as TLA+ specifies it (Gray and Lamport 2006, the module `TwoPhase`): as many states, transitions
//! and orbits as TLC and other checkers publish.

use std::collections::BTreeSet;

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_sim::explore::{Extent, Run, Scope, Visit, survey};
use constellation_trace::NodeId;

const MANAGER: NodeId = NodeId::new(0);

/// What a resource manager decided.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Stage {
    Working,
    Prepared,
    Committed,
    Aborted,
}

/// In the specification messages form a set and are never taken from it, and whoever may act may do so at any time.
/// Here everybody tells itself what it may do; who takes a message in tells itself the same again, so that it stays.
/// What the specification would not allow just then changes nothing, and is no transition.
#[derive(Clone, Debug)]
struct Participant {
    role: Role,
    /// Whether the latest input was one that the specification would not allow.
    is_idle: bool,
}

#[derive(Clone, Debug)]
enum Role {
    /// The transaction manager: `None` until it decides, and who it knows to be prepared.
    Manager { decision: Option<Stage>, prepared: BTreeSet<NodeId>, managers: u32 },
    /// A resource manager.
    Resource { me: NodeId, stage: Stage },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Says {
    /// What one tells itself: that it may prepare, commit or abort, as it sees fit.
    May(Stage),
    /// That this resource manager is prepared.
    Prepared(NodeId),
    /// What the transaction manager decided.
    Decided(Stage),
}

impl Node for Participant {
    type Message = Says;
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<Says, ()>, effects: &mut Effects<Says>) {
        match (&mut self.role, input) {
            (Role::Manager { .. }, Input::Start) => {
                effects.send(MANAGER, Says::May(Stage::Committed));
                effects.send(MANAGER, Says::May(Stage::Aborted));
            }
            (Role::Resource { me, .. }, Input::Start) => {
                effects.send(*me, Says::May(Stage::Prepared));
                effects.send(*me, Says::May(Stage::Aborted));
            }
            (Role::Manager { decision, prepared, managers }, Input::Message { message, .. }) => {
                self.is_idle = decision.is_some();
                match message {
                    _ if self.is_idle => {}
                    Says::Prepared(node) => drop(prepared.insert(node)),
                    Says::May(Stage::Committed) if (prepared.len() as u64) < u64::from(*managers) => {
                        self.is_idle = true;
                    }
                    Says::May(stage) => {
                        *decision = Some(stage);
                        (1..=*managers)
                            .for_each(|node| effects.send(NodeId::new(node), Says::Decided(stage)));
                    }
                    Says::Decided(_) => unreachable!("only it decides"),
                }
                effects.send(MANAGER, message);
            }
            (Role::Resource { me, stage }, Input::Message { message, .. }) => {
                self.is_idle = false;
                match message {
                    Says::Decided(decided) => *stage = decided,
                    Says::May(chosen) if *stage == Stage::Working => {
                        *stage = chosen;
                        if chosen == Stage::Prepared {
                            effects.send(MANAGER, Says::Prepared(*me));
                        }
                    }
                    _ => self.is_idle = true,
                }
                effects.send(*me, message);
            }
            _ => {}
        }
    }
}

/// A state of the specification: for each resource manager its own state, whether the transaction manager knows it to be
/// prepared and whether the message that says so was sent; then what was decided, which is also what was told.
type State = (Vec<(Stage, bool, bool)>, Option<Stage>);

fn state(run: Run<'_, Participant>) -> State {
    let Role::Manager { decision, prepared, .. } = &run.nodes()[0].role else { panic!("it is the first") };
    let sent: BTreeSet<NodeId> = run.under_way().filter_map(|(_, message)| said(message?)).collect();
    let resources = run.nodes()[1..].iter().map(|node| {
        let Role::Resource { me, stage } = node.role else { panic!("all others manage resources") };
        (stage, prepared.contains(&me), sent.contains(&me))
    });
    (resources.collect(), *decision)
}

fn said(message: &Says) -> Option<NodeId> {
    match message {
        Says::Prepared(node) => Some(*node),
        _ => None,
    }
}

/// How many states there are, how many transitions, and how many states up to renaming of the resource managers.
fn counts(managers: u32) -> [u64; 3] {
    let participant = |me: NodeId| {
        let role = if me == MANAGER {
            Role::Manager { decision: None, prepared: BTreeSet::new(), managers }
        } else {
            Role::Resource { me, stage: Stage::Working }
        };
        // Nothing was put in before the start.
        Participant { role, is_idle: true }
    };
    let scope = Scope::new((0..=managers).map(|number| format!("node{number}")));
    let (mut transitions, mut orbits) = (0, BTreeSet::new());
    let key = |run: Run<'_, Participant>| {
        // It is asked for each way to each state.
        let latest = run.arrivals().last();
        transitions += u64::from(latest.is_some_and(|at| !run.nodes()[at.target.index()].is_idle));
        state(run)
    };
    let found = survey(&scope, participant, key, |run| {
        let (mut resources, decision) = state(run);
        let is_torn = |one, other| {
            resources.iter().any(|own| own.0 == one) && resources.iter().any(|own| own.0 == other)
        };
        if is_torn(Stage::Committed, Stage::Aborted) {
            return Visit::Broken("one commits, one aborts".to_owned());
        }
        resources.sort_unstable();
        orbits.insert((resources, decision));
        Visit::Fine
    });
    let found = found.expect("all send to nodes that are there");
    assert_eq!((found.extent, found.violation), (Extent::Complete, None));
    [found.visited, transitions, orbits.len() as u64]
}

#[test]
fn two_phase_commit_has_as_many_states_transitions_and_orbits_as_published() {
    assert_eq!(counts(3), [288, 1_145, 80]);
    assert_eq!(counts(5), [8_832, 58_145, 314]);
}
