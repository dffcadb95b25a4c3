//! Snapshot isolation in its three forms, and prefix consistency and parallel snapshot isolation, which are weaker.

use super::finding::Finding;
use super::lists;
use super::ordering::{self, Keeps, Sight};
use super::patience::Patience;
use super::{About, Judges, Model, Recorded};

/// Snapshot isolation in one of its forms: each transaction reads from a snapshot of all that committed before it began, and
/// of two that write one key, one began after the other committed.
///
/// It is **not** serializability: two may each read what the other overwrites (write skew). [`SnapshotIsolation::PLAIN`]
/// (generalized snapshot isolation) keeps no other order, so that a snapshot may be old; [`SnapshotIsolation::SESSION`] keeps
/// that of sessions, [`SnapshotIsolation::STRONG`] real time too: a snapshot has all that was over before.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotIsolation {
    about: &'static About,
    keeps: Keeps,
}

impl SnapshotIsolation {
    /// Neither sessions nor real time matter.
    pub const PLAIN: SnapshotIsolation = SnapshotIsolation { about: &PLAIN, keeps: Keeps::Nothing };
    /// Sessions keep their order.
    pub const SESSION: SnapshotIsolation = SnapshotIsolation { about: &SESSION, keeps: Keeps::Sessions };
    /// Sessions and real time keep their order.
    pub const STRONG: SnapshotIsolation = SnapshotIsolation { about: &STRONG, keeps: Keeps::RealTime };
}

static PLAIN: About = About {
    name: "snapshot-isolation",
    sentence: "each transaction reads from one snapshot, and nobody overwrites what is not in its snapshot",
    source: "Berenson et al., A Critique of ANSI SQL Isolation Levels (SIGMOD 1995); Elnikety et al. (SRDS 2005), GSI",
    cost: "O(m log n) where the first order tried will do, O(n² m / 64) where reads force one, else exponential in what they leave open",
    judges: Judges::Transactions,
    implies: &["adya-pl2"],
};

static SESSION: About = About {
    name: "session-snapshot-isolation",
    sentence: "each transaction reads from one snapshot that has all of its session, and nobody overwrites what is not in its snapshot",
    source: "Daudjee and Salem (VLDB 2006); Biswas and Enea 2019, SI; Cerone and Gotsman, Analysing Snapshot Isolation (PODC 2016)",
    cost: "O(m log n) where the first order tried will do, O(n² m / 64) where reads force one, else exponential in what they leave open",
    judges: Judges::Transactions,
    implies: &["snapshot-isolation", "prefix", "parallel-snapshot"],
};

static STRONG: About = About {
    name: "strong-snapshot-isolation",
    sentence: "each transaction reads from one snapshot that has all that was over before, and nobody overwrites what is not in it",
    source: "Daudjee and Salem, Lazy Database Replication with Snapshot Isolation (VLDB 2006)",
    cost: "O(m log n) where the first order tried will do, O(n² m / 64) where reads force one, else exponential in what they leave open",
    judges: Judges::Transactions,
    implies: &["session-snapshot-isolation"],
};

impl Model for SnapshotIsolation {
    fn about(&self) -> &'static About {
        self.about
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        lists::told(recorded, ordering::judge(recorded, self.keeps, Sight::Snapshot, patience)).into()
    }
}

/// Prefix consistency: each transaction reads from a snapshot that is a prefix of one order of all commits.
///
/// All see commits in one order, so there is no long fork; but two may overwrite what neither has seen of the other (lost
/// update). The order of sessions is part of it.
#[derive(Clone, Copy, Debug)]
pub struct Prefix;

static PREFIX: About = About {
    name: "prefix",
    sentence: "each transaction reads from a prefix of one order of all commits that has all of its session",
    source: "Burckhardt et al., Global Sequence Protocol (ECOOP 2015); Biswas and Enea 2019, PC",
    cost: "O(m log n) where the first order tried will do, O(n² m / 64) where reads force one, else exponential in what they leave open",
    judges: Judges::Transactions,
    implies: &["transactional-causal"],
};

impl Model for Prefix {
    fn about(&self) -> &'static About {
        &PREFIX
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        lists::told(recorded, ordering::judge(recorded, Keeps::Sessions, Sight::Prefix, patience)).into()
    }
}

/// Parallel snapshot isolation: causes come first, transactions are seen whole, and who writes a key has seen its earlier
/// writers.
///
/// No update is lost; but two readers may see two independent writes in two orders (long fork). The order of sessions is
/// part of it.
#[derive(Clone, Copy, Debug)]
pub struct ParallelSnapshot;

static PARALLEL_SNAPSHOT: About = About {
    name: "parallel-snapshot",
    sentence: "each read shows the last write of its causal past, in which are the earlier writers of what one writes",
    source: "Sovran et al., Transactional Storage for Geo-Replicated Systems (SOSP 2011); Cerone, Bernardi and Gotsman (CONCUR 2015)",
    cost: "O(m log n) where the first order tried will do, O(n² m / 64) where reads force one, else exponential in what they leave open",
    judges: Judges::Transactions,
    implies: &["transactional-causal"],
};

impl Model for ParallelSnapshot {
    fn about(&self) -> &'static About {
        &PARALLEL_SNAPSHOT
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        lists::told(recorded, ordering::judge(recorded, Keeps::Sessions, Sight::Past, patience)).into()
    }
}
