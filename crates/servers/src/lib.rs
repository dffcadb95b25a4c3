//! Real servers as what a placement measures: after this crate a reader can have the database that they run asked what the
//! simulated stores are asked, and judged by the same judges; or hunted.
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
//! | [`down`] | a round in which whoever leads is killed |
//! | [`hunt`] | rounds of faults, judged by what a mode claims |
//! | `installed` | where the programs of a server are, and of which version |
//! | [`interval`] | how sure numbers are |
//! | `place` | all rounds, judged, and what is in doubt; on Linux alone, as what follows |
//! | `start`, `stand` | a server and its adapters on a testbed |
//!
//! Nothing here is reproducible: real time is its business. What was asked and answered is written down as it is of a
//! simulated store, and the same judges read it.
//!
//! This crate must never know a terminal.

#![forbid(unsafe_code)]

pub mod adapter;
pub mod adapters;
pub mod clients;
pub mod down;
pub mod drive;
pub mod hunt;
#[cfg(target_os = "linux")]
pub mod installed;
pub mod interval;
#[cfg(target_os = "linux")]
pub mod place;
pub mod rounds;
pub mod server;
pub mod servers;
#[cfg(target_os = "linux")]
pub mod stand;
#[cfg(target_os = "linux")]
pub mod start;

/// To be called first of all in `main` of a program that places real servers, before any thread begins: if the process was
/// begun to be a site or an adapter (`adapter NAME …`), it is that, and ends; else it returns at once.
pub fn serve() {
    #[cfg(target_os = "linux")]
    constellation_testbed::serve_if_site();
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(ADAPTER) {
        return;
    }
    let name = arguments.next().unwrap_or_default();
    let served = adapters::run(&name, &arguments.collect::<Vec<_>>());
    if let Err(message) = &served {
        // Into its log.
        eprintln!("{message}");
    }
    std::process::exit(i32::from(served.is_err()));
}

/// The first argument of a process that is an adapter.
pub const ADAPTER: &str = "adapter";
