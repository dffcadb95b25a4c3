//! Our own format: one JSON object a line, in the order of recording, the same trace always the same bytes.
//!
//! The first line is the header, each further one is an event or something that the world did:
//!
//! ```text
//! {"schema":"constellation/trace/1","nodes":["pacific","atlantic"],"scenario":"overwrite","seed":7}
//! {"event":0,"node":"pacific","at_ns":1000000,"do":"local","sends":{"0":"atlantic"},"claims":{"lamport":1}}
//! {"nemesis":"hold","at_ns":1000000,"message":0}
//! {"nemesis":"heal","at_ns":2000000}
//! {"event":1,"node":"atlantic","at_ns":2500000,"do":"receive","message":0,"claims":{"lamport":2}}
//! ```
//!
//! | key | in | value |
//! | --- | --- | --- |
//! | `schema` | header | `"constellation/trace/1"`; another one is refused |
//! | `nodes` | header | the names of the nodes, each once |
//! | `epoch_ns` | header | what a wall clock that tells the truth shows at the start, in nanoseconds since the Unix epoch; missing: nobody knew |
//! | `scenario`, `seed` | header | from where the trace comes, both or neither |
//! | `resolver` | header | with them: how concurrent updates were settled; missing: nobody said |
//! | `event` | event | its number: 0 for the first, no gaps |
//! | `node` | event, `step` and what follows it below | a name from the header |
//! | `at_ns` | both | true time in nanoseconds since the start |
//! | `do` | event | `local`, `receive`, `persist`, `crash`, `restart`, `write`, `read`, `invoke` or `complete` |
//! | `message` | `receive`, `hold`, `lose`, `duplicate`, `corrupt`, `wait`, `in_flight` | the number of a message that was sent before |
//! | `from` | `restart` | the number of the `persist` whose state was read; missing: it remembers nothing |
//! | `key` | `write`, `read`, `invoke` | the key of the catalog; of `invoke` the key that the call concerns, but for `other` |
//! | `update` | `write` | the name of the update, unique under its key |
//! | `saw` | `write` | the updates that it means to supersede |
//! | `shows` | `read`, `complete` | the updates shown; with `"result":"shows"` the values shown |
//! | `operation` | `invoke`, `complete` | what the client's process calls it, below 2^32; begun once, ended at most once |
//! | `call` | `invoke` | `read`, `write`, `compare_and_set`, `add`, `append` or `other` |
//! | `value` | `write`, `compare_and_set`, `append` | the new value |
//! | `expected` | `compare_and_set` | what the key must hold |
//! | `amount` | `add` | how much is added |
//! | `name`, `argument` | `other` | what is to be done, with what |
//! | `result` | `complete` | `done`, `shows`, `failed` (for sure) or `unknown` |
//! | `reason` | `failed`, `unknown` | why |
//! | `sends` | event | message number to receiver, numbers without gaps; missing: it sends nothing |
//! | `label` | event | what to call it; missing: nothing |
//! | `claims` | event | what clocks said, in the order of recording; missing: nothing |
//! | `lamport` | `claims` | a Lamport time |
//! | `vector` | `claims` | process name to counter, by name, no zeros |
//! | `hybrid` | `claims` | `{"physical_ns":…,"logical":…}` |
//! | `wall_ns` | `claims` | what the wall clock showed, in nanoseconds since the Unix epoch |
//! | `nemesis` | nemesis | `partition`, `cut`, `heal`, `hold`, `lose`, `duplicate`, `corrupt`, `wait`, `in_flight`, `step`, `pause`, `suspend`, `slow`, `join`, `leave`, `slew`, `leap`, `freeze`, `set`, `disk_full`, `tear` or `rot` |
//! | `group_a`, `group_b` | `partition` | the two sides, by name |
//! | `sources`, `targets` | `cut` | who does not reach whom, by name |
//! | `why` | `lose` | `checksum`, `unreadable`, `too_long`, `queue_full` or `no_contact`; missing: it vanished, or its node was down or refused it |
//! | `why` | `wait` | for what: `queue` or `link` |
//! | `how` | `corrupt` | which bits flipped, as a number that the program of the node makes sense of; missing: 0 |
//! | `until_ns` | `wait` | when it goes out, in true time; not before `at_ns` |
//! | `by_ns` | `step`, `slew` | how far the wall clock jumps, or how much it gains in all; negative is back |
//! | `for_ns` | `pause`, `suspend`, `slow`, `slew`, `leap`, `freeze` | how long it lasts; 0 for a leap second that is repeated |
//! | `to_ns` | `set` | what the wall clock is set to, in nanoseconds since the Unix epoch |
//! | `eighths` | `tear` | how many eighths of the last write that is not gone are left, 0 to 7 |
//! | `lost` | `tear` | how many later writes are gone; missing: 0 |
//! | `bit` | `rot` | which bit flips, from 0 |
//!
//! What one process of a real service writes of itself is another format, of which several make one trace: [`parts`].
//!
//! Numbers are whole. Above 2^53 they are strings, since many readers of JSON would round them. The canonical
//! bytes, which [`write()`] writes and [`digest`] sums up, have the keys of a line in this order (`nemesis` and
//! `event` first), no blanks, strings escaped only where JSON demands it, and one `\n` after each line. Readers
//! accept any order of keys and blanks; what they do not understand they refuse.

mod digest;
mod fields;
mod operations;
pub mod parts;
mod read;
mod write;

pub use digest::{Digest, digest};
pub use read::{read, read_from};
pub use write::{to_string, write};

/// The name and version of this format, as the first line gives it.
pub const SCHEMA: &str = "constellation/trace/1";

/// The longest line that is written or read: 16 MiB, so that a text without line ends is not held as one.
pub const LINE_BYTES_MAX: usize = 1 << 24;

const NEMESES: &[&str] = &[
    "partition",
    "cut",
    "heal",
    "hold",
    "lose",
    "duplicate",
    "in_flight",
    "step",
    "pause",
    "suspend",
    "slow",
    "join",
    "leave",
    "slew",
    "leap",
    "freeze",
    "set",
    "disk_full",
    "tear",
    "rot",
    "corrupt",
    "wait",
];
const LOSSES: &[&str] = &["checksum", "unreadable", "too_long", "queue_full", "no_contact"];
const WAITS: &[&str] = &["queue", "link", "partition"];
const ACTIONS: &[&str] =
    &["local", "receive", "persist", "crash", "restart", "write", "read", "invoke", "complete"];
const CALLS: &[&str] = &["read", "write", "compare_and_set", "add", "append", "other"];
const RESULTS: &[&str] = &["done", "shows", "failed", "unknown"];
