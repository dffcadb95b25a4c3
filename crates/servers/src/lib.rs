//! Real servers as what a placement measures: after this crate a reader can have the database that they run asked what the
//! simulated stores are asked, and judged by the same judges.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`server`] | [`Server`](server::Server): how one is started at each site, its modes, and what they claim |
//! | [`servers`] | every server that there is, a file each |
//! | [`adapter`] | the lines between the driver and a client of a server, which is a process of its own |
//! | [`adapters`] | the clients that are built in, a file each |
//! | [`clients`] | the adapters of all sites as the driver knows them |
//! | [`rounds`] | which rounds place a real server |
//! | [`drive`] | one round in real time |
//! | `installed` | where the programs of a server are, and of which version |
//! | `start`, `stand` | a server and its adapters on a testbed; on Linux alone, as all that follows |
//!
//! Nothing here is reproducible: real time is its business. What was asked and answered is written down as it is of a
//! simulated store, and the same judges read it.
//!
//! This crate must never know a terminal.

#![forbid(unsafe_code)]

pub mod adapter;
pub mod adapters;
pub mod clients;
pub mod drive;
#[cfg(target_os = "linux")]
pub mod installed;
pub mod rounds;
pub mod server;
pub mod servers;
#[cfg(target_os = "linux")]
pub mod stand;
#[cfg(target_os = "linux")]
pub mod start;
