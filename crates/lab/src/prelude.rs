//! All that a protocol of your own needs, in one line: `use constellation_lab::prelude::*;`.
//!
//! What is wanted less often stands in [`fabric`](crate::fabric), [`sim`](crate::sim), [`trace`](crate::trace) and
//! [`verify`](crate::verify), so that [`constellation_lab`](crate) is the only crate to depend on.

pub use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Sequence, Timer};
pub use constellation_sim::{Act, Disk, Faults, Machine, Plan, Setup, Span};
pub use constellation_trace::{Elapsed, EventId, NodeId, Trace, TrueTime, WallTime};
pub use constellation_verify::{Breach, Budget, Order};

pub use crate::case::{Broken, Case};
pub use crate::labelled::{Labelled, labelled};
