//! What is simulated and what it promises: after this crate a reader can write a run down and have it judged.
//!
//! ```
//! use constellation_lab::{Resolver, Run, incidents};
//!
//! let mut scenario = incidents::find("mss-17").expect("it ships").scenario();
//! let run = Run::of(&scenario, scenario.seed, "constellation run mss-17").unwrap();
//! assert_eq!(run.exit_code(), 0);
//!
//! // Let the wall clock choose, and an update is lost.
//! scenario.resolver = Resolver::WallLww;
//! let run = Run::of(&scenario, scenario.seed, "constellation run mss-17 --resolver wall-lww").unwrap();
//! assert_eq!(run.exit_code(), 1);
//! ```
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`scenario`] | [`Scenario`]: a run as written down, read from TOML |
//! | [`incidents`] | the scenarios that ship, and the studies, which are several runs |
//! | [`lane`] | [`lane::Lane`]: what one node saw and did, in its own terms |
//! | [`station`] | [`Station`]: the ground station, a protocol under any driver |
//! | [`desk`] | [`desk::Desk`]: where clients ask a station something |
//! | [`resolver`] | [`Resolver`]: how two updates of one key are settled |
//! | [`simulate`](mod@simulate) | [`simulate()`]: from a scenario to a trace |
//! | [`promises`] | what is judged, and how clocks compare |
//! | [`run`] | [`Run`]: simulated, judged, and made as small as it still fails |
//! | [`explore`](mod@explore) | [`explore::explore`]: every order of arrivals, judged |
//! | [`live`] | [`live::run`]: a scenario with real processes, judged as a simulated one |
//! | [`modelled`] | [`Modelled`]: a subject held to consistency models |
//! | [`placement`] | [`placement::place`]: where a store lives on the PACELC matrix, measured |
//! | [`prefix`](mod@prefix) | [`prefix()`]: the beginning of a trace |
//! | [`subject`] | [`Subject`]: what can be hunted |
//! | [`prelude`] | all that a protocol of your own needs, in one line |
//! | [`case`] | [`Case`]: a protocol of your own, with its world and what it promises |
//! | [`labelled`](mod@labelled) | [`labelled()`]: what happened where, for a promise over a trace |
//! | [`sweep`](mod@sweep) | [`Sweep`]: one wall clock made wrong step by step, and what it costs |
//! | [`specimens`] | [`Specimen`]: small protocols, right and wrong |
//! | [`hunt`](mod@hunt) | [`hunt::hunt`]: the seeds that break a promise, each made small |
//! | [`words`] | how a foreign text stands in a line |
//!
//! This crate must never know a terminal or a page.

#![forbid(unsafe_code)]
#![warn(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::iter_over_hash_type,
    clippy::float_arithmetic
)]

pub mod case;
pub mod desk;
pub mod explore;
pub mod hunt;
pub mod incidents;
pub mod labelled;
pub mod lane;
pub mod live;
pub mod modelled;
pub mod placement;
pub mod prefix;
pub mod prelude;
pub mod promises;
pub mod resolver;
pub mod run;
pub mod scenario;
mod sealed;
mod shrink;
pub mod simulate;
pub mod specimens;
pub mod station;
pub mod subject;
pub mod sweep;
pub mod words;

pub use case::Case;
/// Nodes, links and luck, so that a protocol of your own depends on this crate alone.
pub use constellation_fabric as fabric;
/// The simulated world, so that a protocol of your own depends on this crate alone.
pub use constellation_sim as sim;
/// What happened in a run, so that a protocol of your own depends on this crate alone.
pub use constellation_trace as trace;
/// The judges, so that a protocol of your own depends on this crate alone.
pub use constellation_verify as verify;
pub use incidents::Incident;
pub use labelled::{Labelled, labelled};
pub use modelled::{Modelled, ModelledError};
pub use prefix::prefix;
pub use resolver::Resolver;
pub use run::Run;
pub use scenario::{Scenario, ScenarioError};
pub use simulate::{RunError, play, simulate, simulate_with};
pub use specimens::Specimen;
pub use station::Station;
pub use subject::{PromiseId, Ruling, Sight, Subject};
pub use sweep::Sweep;
