//! What the sets of session guarantees are called.

use super::{Guarantee, Guarantees};
use crate::models::{About, Judges};

const SOURCE: &str = "Terry et al., Session Guarantees for Weakly Consistent Replicated Data (PDIS 1994); Viotti and \
                      Vukolić, Consistency in Non-Transactional Distributed Storage Systems (2016)";

const fn set(name: &'static str, sentence: &'static str, implies: &'static [&'static str]) -> About {
    About { name, sentence, source: SOURCE, cost: "O((n + m) k)", judges: Judges::Transactions, implies }
}

const RYW: &str = "read-your-writes";
const MR: &str = "monotonic-reads";
const MW: &str = "monotonic-writes";
const WFR: &str = "writes-follow-reads";

/// By bits: 1 read your writes, 2 monotonic reads, 4 monotonic writes, 8 writes follow reads.
static ABOUT: [About; 15] = [
    set(RYW, "a session's reads know of its own earlier writes", &[]),
    set(MR, "a session's reads know of all that its earlier reads knew of", &[]),
    set(
        "read-your-writes+monotonic-reads",
        "a session's reads know of all that it wrote or knew before",
        &[RYW, MR],
    ),
    set(MW, "who knows of a write knows of the earlier ones of its session", &[]),
    set("read-your-writes+monotonic-writes", "own writes are known, and others' in their order", &[RYW, MW]),
    set(
        "monotonic-reads+monotonic-writes",
        "what is known stays so, and is known in its session's order",
        &[MR, MW],
    ),
    set(
        "read-your-writes+monotonic-reads+monotonic-writes",
        "sessions forget nothing, and know of each session's writes in its order",
        &[
            "read-your-writes+monotonic-reads",
            "read-your-writes+monotonic-writes",
            "monotonic-reads+monotonic-writes",
        ],
    ),
    set(WFR, "who knows of a write knows of what its session's earlier reads knew of", &[]),
    set(
        "read-your-writes+writes-follow-reads",
        "own writes are known, and others' with what they rest on",
        &[RYW, WFR],
    ),
    set("monotonic-reads+writes-follow-reads", "what is known stays so, with what it rests on", &[MR, WFR]),
    set(
        "read-your-writes+monotonic-reads+writes-follow-reads",
        "sessions forget nothing, and know of writes with what these rest on",
        &[
            "read-your-writes+monotonic-reads",
            "read-your-writes+writes-follow-reads",
            "monotonic-reads+writes-follow-reads",
        ],
    ),
    set(
        "monotonic-writes+writes-follow-reads",
        "writes are known with all that their session did before",
        &[MW, WFR],
    ),
    set(
        "read-your-writes+monotonic-writes+writes-follow-reads",
        "own writes are known, and others' with all that their session did before",
        &[
            "read-your-writes+monotonic-writes",
            "read-your-writes+writes-follow-reads",
            "monotonic-writes+writes-follow-reads",
        ],
    ),
    set(
        "monotonic-reads+monotonic-writes+writes-follow-reads",
        "what is known stays so, with all that its session did before",
        &[
            "monotonic-reads+monotonic-writes",
            "monotonic-reads+writes-follow-reads",
            "monotonic-writes+writes-follow-reads",
        ],
    ),
    set(
        "read-your-writes+monotonic-reads+monotonic-writes+writes-follow-reads",
        "sessions forget nothing, and know of writes with all that their session did before",
        &["causal-convergence"],
    ),
];

static SETS: [Guarantees; 15] = {
    let mut sets = [Guarantees::ALL; 15];
    let mut bits = 1;
    while bits < 16 {
        sets[bits as usize - 1] = Guarantees { bits };
        bits += 1;
    }
    sets
};

/// The four guarantees, each alone.
pub(in crate::models) static SINGLE: [Guarantees; 4] = [
    Guarantees::of(&[Guarantee::ReadYourWrites]),
    Guarantees::of(&[Guarantee::MonotonicReads]),
    Guarantees::of(&[Guarantee::MonotonicWrites]),
    Guarantees::of(&[Guarantee::WritesFollowReads]),
];

pub(super) fn about(bits: u8) -> &'static About {
    &ABOUT[usize::from(bits) - 1]
}

/// The set that `name` has: names of guarantees with `+` between, in any order.
pub(in crate::models) fn named(name: &str) -> Option<&'static Guarantees> {
    let mut bits = 0;
    for part in name.split('+') {
        bits |= 1 << [RYW, MR, MW, WFR].iter().position(|known| *known == part)?;
    }
    SETS.get(bits - 1_usize)
}
