//! The smallest histories that tell neighbours in the order of models apart, where those that are famous are not the smallest.

use super::{Among, LOST_UPDATE, STORE_BUFFERING, Separation};

/// For each two neighbours in the order of models, but for those that [`SEPARATIONS`](super::SEPARATIONS) has, a smallest
/// history that the weaker allows and the stronger forbids.
///
/// Proved by trying all: no history of fewer reads and writes separates the two. Those with times were tried in every order
/// of beginnings and ends. Transactional causal consistency is causal convergence wherever keys are registers, so no history
/// separates the two; all of up to 6 reads and writes were tried.
/// `cargo run --release -p constellation-verify --example separations -- 6` does it again.
pub static SMALLEST: [Separation; 19] = [
    smallest(
        "stale snapshot",
        ["session-snapshot-isolation", "strong-snapshot-isolation"],
        "the snapshot is older than what was over before, and no order of sessions knows of real time",
        "pacific  w(x,1)@1..2\natlantic r(x,nil)@3..4",
    ),
    smallest(
        "write skew",
        ["session-snapshot-isolation", "session-serializable"],
        "each reads what the other writes, and both write different keys, so neither is refused; one after the other, the second would have seen the first",
        "pacific  {r(y,nil) w(x,1)}\natlantic {r(x,nil) w(y,1)}",
    ),
    smallest(
        "write skew",
        ["strong-snapshot-isolation", "strict-serializable"],
        "each reads what the other writes at the same time, and both write different keys, so neither is refused",
        "pacific  {r(y,nil) w(x,1)}@1..3\natlantic {r(x,nil) w(y,1)}@2..4",
    ),
    smallest(
        "own write forgotten",
        ["snapshot-isolation", "session-snapshot-isolation"],
        "a snapshot may be old, even older than what the session itself wrote",
        "pacific  w(x,1) r(x,nil)",
    ),
    smallest(
        "unrepeatable read",
        ["adya-pl2", "snapshot-isolation"],
        "nothing uncommitted is read, but there is no one snapshot that has both reads",
        "pacific  w(x,1)\natlantic {r(x,nil) r(x,1)}",
    ),
    Separation { shape: None, ..LOST_UPDATE.also_between(["prefix", "session-snapshot-isolation"]) },
    Separation {
        shape: None,
        ..STORE_BUFFERING.also_between(["parallel-snapshot", "session-snapshot-isolation"])
    },
    Separation { shape: None, ..STORE_BUFFERING.also_between(["transactional-causal", "prefix"]) },
    smallest(
        "own write forgotten",
        ["read-committed", "read-atomic"],
        "no read goes back within its transaction, but it does not know of the one before it",
        "pacific  w(x,1) r(x,nil)",
    ),
    smallest(
        "read before it was written",
        ["adya-pl2", "read-committed"],
        "sessions have no order, so that what was read first may have been written later",
        "pacific  r(x,1) w(x,1)",
    ),
    smallest(
        "two orders",
        ["causal", "causal-convergence"],
        "concurrent writes are seen in two orders, each by a session that keeps to its own",
        "pacific  w(x,1) r(x,2)\natlantic w(x,2) r(x,1)",
    ),
    smallest(
        "first read, then overruled",
        ["causal-convergence", "causal-memory"],
        "all agree that the own write is the later one, but a read before it shows that it was the earlier",
        "pacific  {w(x,2) w(y,1)}\natlantic w(x,1) r(y,nil) r(y,1) r(x,1)",
    ),
    smallest(
        "each the cause of the other",
        ["pram", "causal"],
        "what one session read before it wrote is not the business of another, so causes may form a circle",
        "pacific  r(x,2) w(x,1)\natlantic r(x,1) w(x,2)",
    ),
    smallest(
        "each the cause of the other",
        ["pram", "causal-memory"],
        "what one session read before it wrote is not the business of another, so causes may form a circle",
        "pacific  r(x,2) w(x,1)\natlantic r(x,1) w(x,2)",
    ),
    smallest(
        "own write forgotten",
        ["strong-convergence", "causal-convergence"],
        "nobody who knows the same is shown another value, but what is known does not show",
        "pacific  w(x,1) r(x,nil)",
    ),
    smallest(
        "own write forgotten",
        ["monotonic-reads", "causal-convergence"],
        "reads go forward, but do not know of the own writes",
        "pacific  w(x,1) r(x,nil)",
    ),
    smallest(
        "own write forgotten",
        ["monotonic-writes", "causal-convergence"],
        "writes are seen in their order, but reads do not know of the own ones",
        "pacific  w(x,1) r(x,nil)",
    ),
    smallest(
        "own write forgotten",
        ["writes-follow-reads", "causal-convergence"],
        "writes come after what was read before, but reads do not know of the own ones",
        "pacific  w(x,1) r(x,nil)",
    ),
    smallest(
        "read before it was written",
        ["read-your-writes", "causal-convergence"],
        "what was written is read, but nothing asks whether it was there before",
        "pacific  r(x,1) w(x,1)",
    ),
];

/// What the first model allows and the second forbids.
const fn smallest(
    name: &'static str,
    [allowed, forbidden]: [&'static str; 2],
    sentence: &'static str,
    sketch: &'static str,
) -> Separation {
    Separation { name, allowed, forbidden, shape: None, sentence, sketch, apart: "", among: Among::All }
}
