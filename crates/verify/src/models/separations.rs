//! The histories that tell models apart: each is allowed by one and forbidden by the other.

mod shape;
mod smallest;

use constellation_trace::sessions::NotationError;
use constellation_trace::{Sessions, Timing, Transaction};
pub use shape::Shape;

use super::{About, Anomaly, Finding, Judges, Model, Patience, Recorded};
use crate::budget::Budget;

pub use smallest::SMALLEST;

/// A history by which two models can be told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Separation {
    /// What it is called: `write skew`.
    pub name: &'static str,
    /// The model that it satisfies, for which it is famous or the smallest.
    pub allowed: &'static str,
    /// The model that it violates.
    pub forbidden: &'static str,
    /// What a violation has of which this is told; `None` where it is told of none.
    pub shape: Option<Shape>,
    /// What tells the two apart, as a sentence without its full stop.
    pub sentence: &'static str,
    /// The history, as [`Sessions::sketch`] reads it.
    pub sketch: &'static str,
    /// The same reads and writes one by one, for models that know no transactions of several; empty where there are none.
    pub apart: &'static str,
    /// Of which histories it is a smallest one that separates the two: none of these has fewer reads and writes.
    pub among: Among,
}

/// Of which histories one is the smallest.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Among {
    /// All in which a transaction reads what it wrote itself, and nothing that was never there at an end.
    All,
    /// Those of single operations.
    Operations,
    /// Those in which no session has two transactions, and no transaction does anything to a key twice: neither the order
    /// of a session nor a read that changes is the reason.
    Plain,
    /// Those in which nothing is its own cause.
    Acyclic,
    /// Those whose violation, as its judge finds it, has this shape.
    Shape(Shape),
}

/// What is famous: the first that separates two models is shown for them.
///
/// Each is a smallest one [`Among`] some: tests try all that are smaller, each once however its sessions, keys and values are
/// called, by the judges and by their twins. Those that are not the smallest among all are famous for a reason that the
/// smallest does not show; [`SMALLEST`] has that.
pub static SEPARATIONS: [Separation; 28] = [
    Separation {
        name: "stale read",
        allowed: "sequential",
        forbidden: "linearizable",
        shape: Some(Shape::StaleRead),
        sentence: "in real time the write was over before the read began, and no order of sessions knows of real time",
        sketch: "pacific  w(x,1)@1..2\natlantic r(x,nil)@3..4",
        apart: "",
        among: Among::All,
    },
    Separation {
        name: "transaction in the past",
        allowed: "serializable",
        forbidden: "linearizable",
        shape: Some(Shape::RealTime),
        sentence: "serializable transactions have some order, which may put a later one first; linearizable ones keep real time",
        sketch: "pacific  w(x,1)@1..2\natlantic r(x,nil)@3..4",
        apart: "",
        among: Among::All,
    },
    Separation {
        name: "objects do not compose",
        allowed: "linearizable",
        forbidden: "serializable",
        shape: Some(Shape::SeveralKeys),
        sentence: "each read and each write alone happens at one instant, but the transactions that they are parts of do not",
        sketch: "pacific  {r(x,nil) w(y,1)}@1..6\natlantic {r(y,nil) w(x,1)}@3..8",
        apart: "pacific  r(x,nil)@1..2 w(y,1)@5..6\natlantic r(y,nil)@3..4 w(x,1)@7..8",
        among: Among::Plain,
    },
    Separation {
        name: "stale transaction",
        allowed: "session-serializable",
        forbidden: "strict-serializable",
        shape: Some(Shape::RealTime),
        sentence: "the order of each session is kept, but not the real time between two sessions",
        sketch: "pacific  w(x,1)@1..2\natlantic r(x,nil)@3..4",
        apart: "",
        among: Among::All,
    },
    Separation {
        name: "own write forgotten",
        allowed: "serializable",
        forbidden: "session-serializable",
        shape: Some(Shape::OwnWrite),
        sentence: "some order explains all, but it has a session read before its own write",
        sketch: "pacific  w(x,1) r(x,nil)",
        apart: "",
        among: Among::All,
    },
    Separation {
        name: "write skew",
        allowed: "snapshot-isolation",
        forbidden: "serializable",
        shape: Some(Shape::WriteSkew),
        sentence: "each reads what the other writes, and both write different keys, so neither is refused; one after the other, the second would have seen the first",
        sketch: "pacific  {r(y,nil) w(x,1)}\natlantic {r(x,nil) w(y,1)}",
        apart: "",
        among: Among::All,
    },
    LONG_FORK,
    Separation { among: Among::Plain, ..LONG_FORK.also_between(["parallel-snapshot", "prefix"]) },
    LOST_UPDATE,
    LOST_UPDATE.also_between(["transactional-causal", "parallel-snapshot"]),
    Separation {
        name: "effect without its cause",
        allowed: "read-atomic",
        forbidden: "transactional-causal",
        shape: Some(Shape::Cause),
        sentence: "an answer is seen by somebody who does not see what it answers",
        sketch: "pacific  w(x,1)\natlantic {r(x,1) w(y,1)}\nindian   {r(y,1) r(x,nil)}",
        apart: "",
        among: Among::Plain,
    },
    Separation {
        name: "fractured read",
        allowed: "read-committed",
        forbidden: "read-atomic",
        shape: Some(Shape::Fractured),
        sentence: "of one transaction one write is seen and another is not",
        sketch: "pacific  {w(x,1) w(y,1)}\natlantic {r(y,nil) r(x,1)}",
        apart: "",
        among: Among::Plain,
    },
    Separation {
        name: "newer, then older",
        allowed: "adya-pl2",
        forbidden: "read-committed",
        shape: Some(Shape::Fractured),
        sentence: "nothing uncommitted is read, but a transaction goes back behind what it has read before",
        sketch: "pacific  {w(x,1) w(y,1)}\natlantic {r(x,1) r(y,nil)}",
        apart: "",
        among: Among::Plain,
    },
    STORE_BUFFERING,
    STORE_BUFFERING.also_between(["causal-convergence", "sequential"]),
    Separation {
        name: "two orders",
        allowed: "causal-memory",
        forbidden: "causal-convergence",
        shape: Some(Shape::TwoOrders),
        sentence: "concurrent writes are seen in two orders, each by a session that keeps to its own",
        sketch: "pacific  w(x,1) r(x,2)\natlantic w(x,2) r(x,1)",
        apart: "",
        among: Among::All,
    },
    Separation {
        name: "first read, then overruled",
        allowed: "causal-convergence",
        forbidden: "causal-memory",
        shape: Some(Shape::Overruled),
        sentence: "all agree that the own write is the later one, but a read before it shows that it was the earlier",
        sketch: "pacific  w(z,1) w(x,1) w(y,1)\natlantic w(x,2) r(z,nil) r(y,1) r(x,2)",
        apart: "",
        among: Among::Operations,
    },
    Separation {
        name: "back and forth",
        allowed: "causal",
        forbidden: "causal-memory",
        shape: Some(Shape::BackAndForth),
        sentence: "of two concurrent writes now the one and now the other is seen: each read alone can be explained, their order cannot",
        sketch: "pacific  w(x,1) r(x,2) r(x,1)\natlantic w(x,2)",
        apart: "",
        among: Among::All,
    },
    Separation {
        name: "effect without its cause",
        allowed: "pram",
        forbidden: "causal",
        shape: Some(Shape::Cause),
        sentence: "each session's writes are seen in their order, but not what one session learnt from another",
        sketch: "pacific  w(x,1)\natlantic r(x,1) w(y,1)\nindian   r(y,1) r(x,nil)",
        apart: "",
        among: Among::Acyclic,
    },
    Separation {
        name: "value from the future",
        allowed: "sequential",
        forbidden: "linearizable",
        shape: Some(Shape::Foresight),
        sentence: "a read was over before the write of its value began, which only real time can tell",
        sketch: "pacific  w(x,1)@3..4\natlantic r(x,1)@1..2",
        apart: "",
        among: Among::Shape(Shape::Foresight),
    },
    Separation {
        name: "real time turned around",
        allowed: "sequential",
        forbidden: "linearizable",
        shape: Some(Shape::RealTime),
        sentence: "an order of the sessions explains it, but puts first what began after the other was over",
        sketch: "pacific  w(x,1)@1..2\natlantic r(x,nil)@3..4",
        apart: "",
        among: Among::Shape(Shape::RealTime),
    },
    Separation {
        name: "session turned around",
        allowed: "serializable",
        forbidden: "session-serializable",
        shape: Some(Shape::Session),
        sentence: "some order explains all, but it turns around what one session did one after the other",
        sketch: "pacific  r(x,1) w(x,1)",
        apart: "",
        among: Among::Shape(Shape::Session),
    },
    Separation {
        name: "two in a row",
        allowed: "snapshot-isolation",
        forbidden: "serializable",
        shape: Some(Shape::TwoInARow),
        sentence: "one transaction reads what the next overwrites, and that one what a third overwrites: each snapshot is right, no order of all is",
        sketch: "pacific  {r(y,nil) w(x,1)}\natlantic w(y,1)\nindian   {r(y,1) r(x,nil)}",
        apart: "",
        among: Among::Shape(Shape::TwoInARow),
    },
    STORE_BUFFERING.also_between(["parallel-snapshot", "prefix"]),
    Separation {
        name: "back to the past",
        allowed: "read-atomic",
        forbidden: "transactional-causal",
        shape: Some(Shape::BackToThePast),
        sentence: "a session has seen a write, and later does not see it",
        sketch: "pacific  w(x,1)\natlantic r(x,1) r(x,nil)",
        apart: "",
        among: Among::All,
    },
    TWO_READERS,
    TWO_READERS.also_between(["causal-convergence", "sequential"]),
    Separation {
        name: "transaction in the past",
        allowed: "serializable",
        forbidden: "strict-serializable",
        shape: Some(Shape::RealTime),
        sentence: "serializable transactions have some order, which may put a later one first; strict ones keep real time",
        sketch: "pacific  w(x,1)@1..2\natlantic r(x,nil)@3..4",
        apart: "",
        among: Among::Shape(Shape::RealTime),
    },
];

/// Told between several pairs of models, as those below it are.
const LONG_FORK: Separation = Separation {
    name: "long fork",
    allowed: "parallel-snapshot",
    forbidden: "snapshot-isolation",
    shape: Some(Shape::LongFork),
    sentence: "two snapshots see two independent writes in two orders",
    sketch: "pacific  w(x,1)\natlantic w(y,1)\nindian   {r(x,1) r(y,nil)}\nsouthern {r(x,nil) r(y,1)}",
    apart: "",
    among: Among::All,
};

const LOST_UPDATE: Separation = Separation {
    name: "lost update",
    allowed: "prefix",
    forbidden: "snapshot-isolation",
    shape: Some(Shape::LostUpdate),
    sentence: "both read the same and both write: the first write is lost, and nobody is refused",
    sketch: "pacific  {r(x,nil) w(x,1)}\natlantic {r(x,nil) w(x,2)}",
    apart: "",
    among: Among::All,
};

const STORE_BUFFERING: Separation = Separation {
    name: "store buffering",
    allowed: "causal-memory",
    forbidden: "sequential",
    shape: Some(Shape::StoreBuffering),
    sentence: "two writes at the same time are known to neither of the two writers, which no single order explains",
    sketch: "pacific  w(x,1) r(y,nil)\natlantic w(y,1) r(x,nil)",
    apart: "",
    among: Among::All,
};

const TWO_READERS: Separation = Separation {
    name: "two readers, two orders",
    allowed: "causal-memory",
    forbidden: "sequential",
    shape: Some(Shape::LongFork),
    sentence: "two readers see two independent writes in two orders, which no single order explains",
    sketch: "pacific  w(x,1)\natlantic w(y,1)\nindian   r(x,1) r(y,nil)\nsouthern r(y,1) r(x,nil)",
    apart: "",
    among: Among::Shape(Shape::LongFork),
};

impl Separation {
    /// The same between two other models: what the first allows and the second forbids.
    const fn also_between(self, [allowed, forbidden]: [&'static str; 2]) -> Separation {
        Separation { allowed, forbidden, ..self }
    }

    /// The history as a model takes it: one by one, where it knows no transactions of several and these are some.
    ///
    /// # Errors
    /// [`NotationError`] if it is none, which a test excludes.
    pub fn sessions(&self, about: &About) -> Result<Sessions, NotationError> {
        let is_apart = about.judges == Judges::Operations && !self.apart.is_empty();
        Sessions::sketch(if is_apart { self.apart } else { self.sketch })
    }

    /// What a model's judge says of it.
    ///
    /// # Errors
    /// As [`Separation::sessions`].
    pub fn judge(&self, model: &dyn Model) -> Result<Finding, NotationError> {
        let sessions = self.sessions(model.about())?;
        Ok(model.judge(&Recorded::from(&sessions), &mut Patience::new(Budget::default())))
    }

    /// Whether a violation of the forbidden model, in these sessions, is one of which this is told.
    pub fn is_of(&self, sessions: &Sessions, anomaly: &Anomaly) -> bool {
        self.shape.is_some_and(|shape| shape.is_of(sessions, anomaly))
    }

    /// Whether it is told of a violation even if the forbidden model is not among the weakest that fail: linearizability
    /// and serializability are what is asked for most.
    pub fn is_famous(&self) -> bool {
        let known = ["linearizable", "serializable", "strict-serializable", "snapshot-isolation"];
        known.contains(&self.allowed) && known.contains(&self.forbidden)
    }

    /// The one that the first of two models allows and the second forbids, as their judges say: the one that is famous for
    /// it, else the smallest, else the first; `None` where none does.
    pub fn between(allows: &dyn Model, forbids: &dyn Model) -> Option<&'static Separation> {
        let is_famous = |separation: &Separation| {
            (separation.allowed, separation.forbidden) == (allows.about().name, forbids.about().name)
        };
        let separates = |separation: &&'static Separation| {
            matches!(separation.judge(allows), Ok(Finding::Holds))
                && matches!(separation.judge(forbids), Ok(Finding::Violated(_)))
        };
        let (famous, others): (Vec<_>, Vec<_>) =
            SEPARATIONS.iter().chain(&SMALLEST).partition(|separation| is_famous(separation));
        famous.into_iter().chain(others).find(separates)
    }
}

/// Each read and write of a transaction by itself, at any time while that was under way: if these are linearizable and the
/// transactions have no order, objects do not compose. `None` where no times are recorded, where there is no transaction of
/// several accesses, or where one has a part that is no plain read or write. O(accesses).
pub fn taken_apart(sessions: &Sessions) -> Option<Sessions> {
    let is_plain = |id| sessions.accesses(id).iter().all(|access| !access.act.is_of_list());
    let has_several = sessions.ids().any(|id| sessions.accesses(id).len() > 1);
    if sessions.timing() == Timing::None || !has_several || !sessions.ids().all(is_plain) {
        return None;
    }
    // Accesses of one transaction overlap, and so each has a session of its own; keys and values keep their numbers.
    let mut apart = sessions.sub(&[]);
    for id in sessions.ids() {
        let transaction = sessions.transaction(id);
        for access in sessions.accesses(id) {
            let session = apart.session(&format!("{}/{}", id, apart.len())).ok()?;
            apart.push(Transaction { session, ..transaction }, &[*access]).ok()?;
        }
    }
    Some(apart)
}
