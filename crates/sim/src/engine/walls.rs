//! What happens to the wall clock of a machine.

use std::time::Duration;

use constellation_fabric::Node;
use constellation_trace::{Nemesis, NodeId, WallTime};

use super::Engine;
use crate::error::WorldError;
use crate::plan::{Leap, SECOND_NS};

/// What a wall clock suffers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Blow {
    Step { by_ns: i64 },
    Slew { by_ns: i64, lasts: Duration },
    Leap(Leap),
    Freeze { lasts: Duration },
    Set { wall: WallTime },
}

impl<N: Node> Engine<N> {
    pub(super) fn strike_wall(&mut self, node: NodeId, blow: Blow) -> Result<(), WorldError> {
        let at = self.now;
        let clocks = &mut self.hosts[node.index()].clocks;
        let nemesis = match blow {
            Blow::Step { by_ns } => {
                clocks.step(by_ns);
                Nemesis::Step { node, by_ns }
            }
            Blow::Slew { by_ns, lasts } => {
                clocks.slew(at, by_ns, lasts);
                Nemesis::Slew { node, by_ns, for_ns: ns(lasts) }
            }
            Blow::Leap(Leap::Repeated) => {
                clocks.step(-SECOND_NS);
                Nemesis::Leap { node, for_ns: 0 }
            }
            Blow::Leap(Leap::Smeared(lasts)) => {
                clocks.slew(at, -SECOND_NS, lasts);
                Nemesis::Leap { node, for_ns: ns(lasts) }
            }
            Blow::Freeze { lasts } => {
                clocks.freeze(at, lasts);
                Nemesis::Freeze { node, for_ns: ns(lasts) }
            }
            Blow::Set { wall } => {
                clocks.set(at, wall);
                Nemesis::Set { node, wall }
            }
        };
        self.note(nemesis)
    }
}

/// Stays at 584 years, which no run lasts.
pub(super) fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
