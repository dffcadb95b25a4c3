//! Who decides what could go otherwise: one object, asked by name.

use std::fmt;
use std::num::NonZeroU32;

use constellation_trace::NodeId;

/// Whatever could go otherwise in a run is an answer of this object.
///
/// A seeded generator, a recorded tape, an exhaustive odometer and a shrinker are each a `Choices`, so that
/// replay, exploration and minimising are one mechanism. An implementation must answer one question alike
/// whatever was asked before it: answers belong to names, not to positions.
pub trait Choices {
    /// The answer to `question`: a number below [`Options::count`], of which 0 is the harmless one.
    fn choose(&mut self, question: Question, options: Options) -> u32;
}

impl<C: Choices + ?Sized> Choices for &mut C {
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        (**self).choose(question, options)
    }
}

/// The name of one thing that could go otherwise; no two of one run are equal.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Question {
    /// What is asked.
    pub topic: Topic,
    /// From which node; for what concerns one node alone, that node.
    pub source: NodeId,
    /// To which node; for what concerns one node alone, that node.
    pub target: NodeId,
    /// The how-many-th such question of this topic between the two, from 0.
    pub nth: u64,
}

/// What a [`Question`] asks.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Topic {
    /// How long a message takes: 0 is the least latency of its link.
    Latency,
    /// Whether a message is lost: 0 is no.
    Loss,
    /// Whether a message arrives twice: 0 is no.
    Duplicate,
    /// How long the second copy of a message takes.
    DuplicateLatency,
    /// Whether bits of a message flip on the way, and a checksum sees it: 0 is no.
    CorruptSeen,
    /// Whether bits of a message flip on the way, and no checksum sees it: 0 is no.
    CorruptUnseen,
    /// What such a message becomes: none of its answers is better than another.
    CorruptHow,
    /// Whether a link goes down in a period; `nth` is the number of the period, from 0. 0 is no.
    Flap,
    /// Whether a node is cut off from all others in a period; `nth` is the number of the period, from 0. 0 is no.
    Isolate,
    /// Whether the process ends before it works on an input, which is gone with it: 0 is no.
    CrashBefore,
    /// Whether it ends after the work on an input, before anything that it sends leaves: 0 is no.
    CrashAfter,
    /// How long a node is down that crashed at this input: 0 is the least.
    Down,
    /// Whether the disk of a node that crashed at this input is lost: 0 is no.
    Amnesia,
    /// Whether the process stops for a time before this input: 0 is no.
    Pause,
    /// For how long it stops: 0 is the least.
    PauseTime,
    /// Whether the machine sleeps for a time before this input: 0 is no.
    Suspend,
    /// For how long it sleeps: 0 is the least.
    SuspendTime,
    /// How long the work on an input takes: 0 is the least.
    Slow,
    /// Whether the wall clock jumps before this input: 0 is no.
    WallStep,
    /// How far it jumps: 0 is the least.
    WallStepSize,
    /// Whether a write finds no room: 0 is no.
    DiskFull,
    /// Whether a crash harms what was written and not synced: 0 is no.
    Unsynced,
    /// How much of the last write that is left is lost, beginning at its end, less one eighth: 0 is one eighth, 7 is all.
    Torn,
    /// Whether a bit of what a restart reads has flipped: 0 is no.
    BitRot,
    /// Which bit.
    BitRotPlace,
    /// How many of several unsynced writes such a crash loses, beside the one before them that it tears: 0 is none.
    UnsyncedWrites,
    /// Whether the wall clock stands still for a time from this input on: 0 is no.
    WallFreeze,
    /// For how long: 0 is the least.
    WallFreezeTime,
    /// Whether the wall clock jumps into another year before this input: 0 is no.
    WallYear,
    /// Into which: 0 is the next, 1 the one before.
    WallYearBack,
}

impl Topic {
    /// Every topic that this version knows, in order.
    pub const ALL: &'static [Topic] = &[
        Topic::Latency,
        Topic::Loss,
        Topic::Duplicate,
        Topic::DuplicateLatency,
        Topic::CorruptSeen,
        Topic::CorruptUnseen,
        Topic::CorruptHow,
        Topic::Flap,
        Topic::Isolate,
        Topic::CrashBefore,
        Topic::CrashAfter,
        Topic::Down,
        Topic::Amnesia,
        Topic::Pause,
        Topic::PauseTime,
        Topic::Suspend,
        Topic::SuspendTime,
        Topic::Slow,
        Topic::WallStep,
        Topic::WallStepSize,
        Topic::DiskFull,
        Topic::Unsynced,
        Topic::Torn,
        Topic::BitRot,
        Topic::BitRotPlace,
        Topic::UnsyncedWrites,
        Topic::WallFreeze,
        Topic::WallFreezeTime,
        Topic::WallYear,
        Topic::WallYearBack,
    ];

    /// The topic that is written so; the inverse of its `Display`.
    pub fn named(name: &str) -> Option<Topic> {
        Topic::ALL.iter().copied().find(|topic| topic.name() == name)
    }

    /// A word that will stay this topic's in every later version, for formats that people read.
    pub const fn name(self) -> &'static str {
        match self {
            Topic::Latency => "latency",
            Topic::Loss => "loss",
            Topic::Duplicate => "duplicate",
            Topic::DuplicateLatency => "duplicate-latency",
            Topic::CorruptSeen => "corrupt-seen",
            Topic::CorruptUnseen => "corrupt-unseen",
            Topic::CorruptHow => "corrupt-how",
            Topic::Flap => "flap",
            Topic::Isolate => "isolate",
            Topic::CrashBefore => "crash-before",
            Topic::CrashAfter => "crash-after",
            Topic::Down => "down",
            Topic::Amnesia => "amnesia",
            Topic::Pause => "pause",
            Topic::PauseTime => "pause-time",
            Topic::Suspend => "suspend",
            Topic::SuspendTime => "suspend-time",
            Topic::Slow => "slow",
            Topic::WallStep => "wall-step",
            Topic::WallStepSize => "wall-step-size",
            Topic::DiskFull => "disk-full",
            Topic::Unsynced => "unsynced",
            Topic::Torn => "torn",
            Topic::BitRot => "bit-rot",
            Topic::BitRotPlace => "bit-rot-place",
            Topic::UnsyncedWrites => "unsynced-writes",
            Topic::WallFreeze => "wall-freeze",
            Topic::WallFreezeTime => "wall-freeze-time",
            Topic::WallYear => "wall-year",
            Topic::WallYearBack => "wall-year-back",
        }
    }

    /// A number that will stay this topic's in every later version, for generators and formats.
    pub const fn number(self) -> u64 {
        match self {
            Topic::Latency => 1,
            Topic::Loss => 2,
            Topic::Duplicate => 3,
            Topic::DuplicateLatency => 4,
            Topic::CorruptSeen => 5,
            Topic::CorruptUnseen => 6,
            Topic::CorruptHow => 7,
            Topic::Flap => 8,
            Topic::Isolate => 9,
            Topic::CrashBefore => 20,
            Topic::CrashAfter => 21,
            Topic::Down => 22,
            Topic::Amnesia => 23,
            Topic::Pause => 24,
            Topic::PauseTime => 25,
            Topic::Suspend => 26,
            Topic::SuspendTime => 27,
            Topic::Slow => 28,
            Topic::WallStep => 29,
            Topic::WallStepSize => 30,
            Topic::DiskFull => 31,
            Topic::Unsynced => 32,
            Topic::Torn => 33,
            Topic::BitRot => 34,
            Topic::BitRotPlace => 35,
            Topic::UnsyncedWrites => 36,
            Topic::WallFreeze => 37,
            Topic::WallFreezeTime => 38,
            Topic::WallYear => 39,
            // Those between are for clients.
            Topic::WallYearBack => 50,
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many answers a question has, and how likely they are where that matters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Options {
    /// This many, equally likely.
    Uniform(NonZeroU32),
    /// Two, of which 1 comes with these odds; who enumerates them takes both whatever the odds.
    Chance(Odds),
}

impl Options {
    /// How many answers there are.
    pub const fn count(self) -> NonZeroU32 {
        match self {
            Options::Uniform(count) => count,
            Options::Chance(_) => NonZeroU32::new(2).expect("2 is not 0"),
        }
    }
}

/// How likely something is, in parts of a million: a number without floating point, the same everywhere.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Odds(u32);

impl Odds {
    /// It never happens.
    pub const NEVER: Odds = Odds(0);
    /// It always happens.
    pub const ALWAYS: Odds = Odds(1_000_000);

    /// This many times in a million; `None` for more than a million.
    pub const fn ppm(ppm: u32) -> Option<Odds> {
        if ppm <= Odds::ALWAYS.0 { Some(Odds(ppm)) } else { None }
    }

    /// How many times in a million, 0 to 1,000,000.
    pub const fn per_million(self) -> u32 {
        self.0
    }
}

/// The calm run: every answer is 0, so links have their least latency and nothing goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calm;

impl Choices for Calm {
    fn choose(&mut self, _question: Question, _options: Options) -> u32 {
        0
    }
}
