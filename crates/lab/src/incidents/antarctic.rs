//! The Antarctic partition: both relay satellites are lost for nine minutes, and somebody has decided beforehand who may
//! write meanwhile.
//!
//! Seven stations in three groups are joined by two relays. What a group tells another while the relays are down is lost.
//! Four policies live through the same storm with the same clients, who write some keys on one side only, some on
//! several, one twice in a row, before, during and after: see [`Policy`]. What became of each write is told by
//! [`fate`], and what each policy promises by [`promises`].
//!
//! In the same storm the stations must elect a coordinator before the next pass window closes: see [`election`].
//!
//! ```
//! use constellation_lab::incidents::antarctic::election::{Election, Orbit, PASS};
//! use constellation_lab::incidents::antarctic::fate::Fate;
//! use constellation_lab::incidents::antarctic::{Groups, Policy, Trial};
//!
//! let groups = Groups::parse("4,2,1").unwrap();
//! let trial = Trial::of(Policy::Majority, &groups, 1, "").unwrap();
//! assert_eq!((trial.summary.count(Fate::Lost), trial.summary.count(Fate::Refused)), (0, 6));
//! assert_eq!(trial.outages[2].told(), "of antarctic's 3 writes in the storm none was acknowledged: 3 refused");
//!
//! // Nobody decided anything beforehand: what clocks choose, nobody is told.
//! let trial = Trial::of(Policy::LastWriteWins, &groups, 1, "").unwrap();
//! assert_eq!((trial.summary.accepted(), trial.summary.count(Fate::Lost)), (15, 5));
//!
//! let election = Election::of(&Orbit::new(groups, PASS).unwrap(), 1, "").unwrap();
//! assert_eq!(election.terms[0].coordinators, ["pacific"]);
//! ```

mod copies;
pub mod election;
pub mod fate;
mod groups;
mod leader;
mod majority;
mod policy;
pub mod promises;
mod rough;
mod smaller;
mod trial;
mod world;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use groups::{Groups, GroupsError};
pub use policy::Policy;
pub use rough::{About, Rough};
pub use trial::{Outage, Summary, Trial};

/// The stations, by name, in the order in which [`Groups`] count them.
pub const STATIONS: [&str; 7] =
    ["pacific", "atlantic", "indian_ocean", "arctic", "tasman", "drake", "antarctic"];

/// When both relays are lost, after the start of the run.
pub const STORM_BEGINS: Duration = Duration::from_secs(60);
/// When both are back.
pub const STORM_ENDS: Duration = Duration::from_secs(600);
