//! Serializability: all transactions one after the other, in its three forms.

use super::finding::Finding;
use super::lists;
use super::ordering::{self, Keeps, Sight};
use super::patience::Patience;
use super::{About, Judges, Model, Recorded};

/// Serializability in one of its forms: one order of all transactions in which each read shows the last write before it.
///
/// [`Serializable::PLAIN`] keeps no other order: a store may answer a whole session from the beginning of time, and is
/// serializable. [`Serializable::SESSION`] keeps that of sessions, [`Serializable::STRICT`] real time too, and is what
/// linearizability is to single operations. NP-complete (Papadimitriou 1979): judged by what must follow, then by search.
#[derive(Clone, Copy, Debug)]
pub struct Serializable {
    about: &'static About,
    keeps: Keeps,
}

impl Serializable {
    /// Neither sessions nor real time matter.
    pub const PLAIN: Serializable = Serializable { about: &PLAIN, keeps: Keeps::Nothing };
    /// Sessions keep their order.
    pub const SESSION: Serializable = Serializable { about: &SESSION, keeps: Keeps::Sessions };
    /// Sessions and real time keep their order.
    pub const STRICT: Serializable = Serializable { about: &STRICT, keeps: Keeps::RealTime };
}

static PLAIN: About = About {
    name: "serializable",
    sentence: "all transactions, one after the other in some order, explain every read",
    source: "Papadimitriou, The Serializability of Concurrent Database Updates (JACM 1979); Biswas and Enea 2019, SER",
    cost: "O(m log n) where the first order tried will do, O(n² m / 64) where reads force one, else exponential in what they leave open",
    judges: Judges::Transactions,
    implies: &["snapshot-isolation"],
};

static SESSION: About = About {
    name: "session-serializable",
    sentence: "all transactions, one after the other and those of a session in its order, explain every read",
    source: "Daudjee and Salem, Lazy Database Replication with Ordering Guarantees (ICDE 2004); Biswas and Enea 2019, SER with sessions",
    cost: "O(m log n) where the first order tried will do, O(n² m / 64) where reads force one, else exponential in what they leave open",
    judges: Judges::Transactions,
    implies: &["serializable", "session-snapshot-isolation"],
};

static STRICT: About = About {
    name: "strict-serializable",
    sentence: "all transactions, one after the other and each between its beginning and its end, explain every read",
    source: "Papadimitriou, The Serializability of Concurrent Database Updates (JACM 1979); Herlihy and Wing (TOPLAS 1990)",
    cost: "O(m log n) where the first order tried will do, O(n² m / 64) where reads force one, else exponential in what they leave open",
    judges: Judges::Transactions,
    implies: &["session-serializable", "strong-snapshot-isolation"],
};

impl Model for Serializable {
    fn about(&self) -> &'static About {
        self.about
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        lists::told(recorded, ordering::judge(recorded, self.keeps, Sight::Everything, patience)).into()
    }
}
