//! Everything that a run is made from, but the nodes and the luck.

use std::time::Duration;

use constellation_fabric::{Link, Network};
use constellation_trace::{TrueTime, WallTime};

use crate::faults::Faults;
use crate::plan::Plan;
use crate::wall::Wall;

/// What a [`World`](crate::World) is built from. Begin with [`Setup::new`] and change what should be otherwise:
///
/// ```
/// use constellation_sim::{Machine, Setup, Wall, WallClaims};
/// use constellation_trace::TrueTime;
///
/// let end = TrueTime::from_ns(1_000_000_000);
/// let setup = Setup::<()> { wall_claims: WallClaims::Recorded, ..Setup::new(["pacific", "atlantic"], end) };
/// assert_eq!(setup.machines.len(), 2);
///
/// let fast = Machine { wall: Wall { offset_ns: 600_000_000, ..Wall::TRUE }, ..Machine::new("pacific") };
/// let setup = Setup::<()>::new([fast, "atlantic".into()], end);
/// assert_eq!(setup.machines[1], Machine::new("atlantic"));
/// ```
#[derive(Clone, Debug)]
pub struct Setup<R> {
    /// The machines, one for each node, in the order of [`constellation_trace::NodeId`].
    pub machines: Vec<Machine>,
    /// What links do. Cuts belong into the plan: one that is already made here is in force, but not in the trace.
    ///
    /// A message beyond [`Network::set_held_max`] that a cut link would have to hold ends the run with
    /// [`WorldError::Network`](crate::WorldError::Network): a node of the simulator cannot be told that it was not sent.
    pub network: Network,
    /// What clients ask and what breaks.
    pub plan: Plan<R>,
    /// What a wall clock without fault shows at the start.
    pub epoch: WallTime,
    /// Until when things may go wrong: no fault comes later, and later messages are neither lost nor duplicated nor
    /// late. Links have no limits then: what waits in a queue or for a pass goes out at the end at the latest.
    pub end: TrueTime,
    /// How long after `end` the run goes on, so that what is under way can arrive and clients can look at the
    /// outcome. Nothing that was planned heals by itself: cuts and crashes stay as the plan leaves them. What luck did to
    /// machines ends at `end`: nodes restart and go on, and there is room on their disks.
    pub grace: Duration,
    /// How much may happen: inputs and acts, and events recorded. A run that needs more fails with
    /// [`WorldError::EventsMax`](crate::WorldError::EventsMax), where it would else go on without end.
    pub events_max: u32,
    /// Whether the trace says what the wall clock showed at each event.
    pub wall_claims: WallClaims,
}

/// A machine on which the processes of one node run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Machine {
    /// The name of the node.
    pub name: String,
    /// How its clocks go.
    pub wall: Wall,
    /// What luck may do to it.
    pub faults: Faults,
}

impl Machine {
    /// A machine that works, with clocks that are right.
    pub fn new(name: impl Into<String>) -> Machine {
        Machine { name: name.into(), wall: Wall::TRUE, faults: Faults::NONE }
    }
}

impl From<&str> for Machine {
    /// A machine that works, of this name.
    fn from(name: &str) -> Machine {
        Machine::new(name)
    }
}

impl From<String> for Machine {
    /// A machine that works, of this name.
    fn from(name: String) -> Machine {
        Machine::new(name)
    }
}

/// Whether the trace says what the wall clock showed at each event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WallClaims {
    /// It does; where a node claims a wall time of its own, that one stands.
    Recorded,
    /// Only where a node claims it.
    Omitted,
}

impl<R> Setup<R> {
    /// How much may happen unless [`Setup::events_max`] says otherwise.
    pub const EVENTS_MAX: u32 = 1_000_000;

    /// These machines over links that take no time, with nothing planned, from the Unix epoch until `end` and no longer.
    /// A name alone is a machine that works, with clocks that are right.
    pub fn new<T: Into<Machine>>(machines: impl IntoIterator<Item = T>, end: TrueTime) -> Setup<R> {
        Setup {
            machines: machines.into_iter().map(Into::into).collect(),
            network: Network::new(Link::INSTANT),
            plan: Plan::new(),
            epoch: WallTime::from_ns(0),
            end,
            grace: Duration::ZERO,
            events_max: Setup::<R>::EVENTS_MAX,
            wall_claims: WallClaims::Omitted,
        }
    }
}
