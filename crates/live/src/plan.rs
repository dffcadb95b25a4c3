//! What happens in a live run, and when: the part that is decided beforehand.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use constellation_fabric::{Link, Network};
use constellation_trace::{NodeId, TrueTime, WallTime};

/// All that decides a live run beside luck and real time. Times are those of the run, of which
/// [`speed`](Setup::speed) seconds pass in a real one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Setup<R> {
    /// The nodes, by name, in the order of their ids.
    pub names: Vec<String>,
    /// How the clocks of each go.
    pub machines: Vec<Machine>,
    /// What links do to messages.
    pub network: Network,
    /// What happens when; at one time, in the order of this list.
    pub plan: Vec<(TrueTime, Act<R>)>,
    /// When faults and luck end.
    pub end: TrueTime,
    /// What comes after that.
    pub closing: Closing<R>,
    /// What a wall clock that tells the truth shows when the run begins.
    pub epoch: WallTime,
    /// How many seconds of the run pass in a real one.
    pub speed: NonZeroU32,
    /// How many events there may be.
    pub events_max: u32,
    /// What each process is told, in bytes of the protocol's own.
    pub setup: Vec<u8>,
    /// Where the nodes have their disks: a folder that is there, is empty, and is the caller's to remove.
    pub folder: PathBuf,
    /// How long the hub waits for others, in real time.
    pub patience: Patience,
}

/// How the clocks of a node go wrong from the beginning.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Machine {
    /// How far ahead its wall clock begins, in nanoseconds; negative is behind.
    pub ahead_ns: i64,
    /// How much too fast its oscillator is, in parts in a billion; above -1,000,000,000.
    pub drift_ppb: i32,
}

/// What comes after the end of faults: nodes that are down restart and those that are stopped go on, cut links heal and
/// what they held arrives; then nodes have time to settle, and are asked to show how things stand. A process that ends
/// meanwhile is followed by another at once, three times at most.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Closing<R> {
    /// How long nodes have to settle.
    pub settle: Duration,
    /// How many timers run out at each node before it counts as settled, in the order of their ids and 0 for those that
    /// are missing, however long that takes: on a busy machine time passes, and nothing is done.
    pub timers_min: Vec<u32>,
    /// What nodes are asked then, round by round. A round ends when nothing is under way: no message, no input, no timer.
    pub rounds: Vec<Vec<(NodeId, R)>>,
}

/// How long the hub waits, in real time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Patience {
    /// Until a process that was begun says hello.
    pub hello: Duration,
    /// At the end, until each process has answered that it goes on, else it is killed; until all have settled; and until
    /// nothing is under way, for each round.
    pub grace: Duration,
}

impl Patience {
    /// Twenty seconds for a hello and ten for a round.
    pub const STANDARD: Patience =
        Patience { hello: Duration::from_secs(20), grace: Duration::from_secs(10) };
}

/// One thing that is planned to happen.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Act<R> {
    /// A client asks this of a node; nobody answers where it is down or not there.
    Request {
        /// Of which node.
        node: NodeId,
        /// What.
        request: R,
    },
    /// Every link between the two groups is cut, in both directions.
    Partition {
        /// One group.
        group_a: Vec<NodeId>,
        /// The other.
        group_b: Vec<NodeId>,
    },
    /// Every link from a source to a target is cut, in that direction only.
    Cut {
        /// From which nodes.
        sources: Vec<NodeId>,
        /// To which.
        targets: Vec<NodeId>,
    },
    /// All partitions and cuts end, and what was held is on its way again.
    Heal,
    /// The process of a node is killed. What arrives while it is down is lost.
    Crash {
        /// Of which node.
        node: NodeId,
    },
    /// The process of a node ends when it is given its next input, before it works on it; one that starts, the first
    /// after its start. Until a restart of the node or the end of faults it waits for such an input; then it waits no
    /// more.
    CrashBefore {
        /// Of which node.
        node: NodeId,
    },
    /// The process of a node ends after its next input: the work is done and what it wrote stays, but nothing that it
    /// sends leaves. It waits for that input as [`Act::CrashBefore`] does.
    CrashAfter {
        /// Of which node.
        node: NodeId,
    },
    /// A process is begun at a node that is down. What arrives while it starts waits for it. One that was to crash at its
    /// next input and had none goes on.
    Restart {
        /// At which node.
        node: NodeId,
        /// What became of its disk.
        disk: Disk,
    },
    /// The process of a node is stopped for a time; what comes meanwhile waits. One that starts is not: a remark says so.
    /// Of several that overlap the longest counts.
    Pause {
        /// Of which node.
        node: NodeId,
        /// For how long.
        lasts: Duration,
    },
    /// The wall clock of a node jumps.
    StepWall {
        /// At which node.
        node: NodeId,
        /// How far, in nanoseconds; negative is back.
        by_ns: i64,
    },
    /// The wall clock of a node is set.
    SetWall {
        /// At which node.
        node: NodeId,
        /// To what it shows.
        wall: WallTime,
    },
    /// A node is started now, not when the run begins; what was sent to it before is lost. Once a node.
    Join {
        /// Which.
        node: NodeId,
    },
    /// A node leaves for good: it is told so, does its last work, and ends.
    Leave {
        /// Which.
        node: NodeId,
    },
}

/// What became of a disk between a crash and the restart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Disk {
    /// It holds what was last written.
    Kept,
    /// It was lost.
    Lost,
}

impl<R> Setup<R> {
    /// The most events unless the caller says otherwise: 100,000.
    pub const EVENTS_MAX: u32 = 100_000;

    /// A run of these nodes until `end`, in which links are instant, nothing happens, and nothing is asked at the end; as
    /// fast as the machine.
    pub fn new<T: Into<String>>(
        names: impl IntoIterator<Item = T>,
        end: TrueTime,
        folder: impl Into<PathBuf>,
    ) -> Setup<R> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let machines = vec![Machine::default(); names.len()];
        let closing = Closing { settle: Duration::ZERO, timers_min: Vec::new(), rounds: Vec::new() };
        Setup {
            names,
            machines,
            network: Network::new(Link::INSTANT),
            plan: Vec::new(),
            end,
            closing,
            epoch: WallTime::from_ns(0),
            speed: NonZeroU32::MIN,
            events_max: Self::EVENTS_MAX,
            setup: Vec::new(),
            folder: folder.into(),
            patience: Patience::STANDARD,
        }
    }
}

impl<R> Act<R> {
    /// The nodes that it names.
    pub(crate) fn nodes(&self) -> Vec<NodeId> {
        match self {
            Act::Partition { group_a: one, group_b: other } | Act::Cut { sources: one, targets: other } => {
                [&one[..], other].concat()
            }
            Act::Heal => Vec::new(),
            Act::Request { node, .. }
            | Act::Crash { node }
            | Act::CrashBefore { node }
            | Act::CrashAfter { node }
            | Act::Restart { node, .. }
            | Act::Pause { node, .. }
            | Act::StepWall { node, .. }
            | Act::SetWall { node, .. }
            | Act::Join { node }
            | Act::Leave { node } => vec![*node],
        }
    }
}
