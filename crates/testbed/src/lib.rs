//! Real processes on sites of their own, joined by a switch in user space: after this crate a reader can put any three
//! servers of his machine into three data centres whose links do what he says.
//!
//! A [`Testbed`] has sites, each a network namespace with an address of its own in which processes run. Every packet
//! between two sites passes through our process, which asks the [`Network`](constellation_fabric::Network) what becomes of
//! it: the third driver of the one network model. No queueing discipline, no packet filter, nothing outside of the
//! namespaces is touched, and whatever happens to us, no process, namespace, device or folder is left behind.
//!
//! ```no_run
//! use std::time::Duration;
//! use constellation_fabric::{Calm, Link};
//! use constellation_testbed::{Command, Options, Pipes, Said, Testbed, serve_if_site};
//!
//! fn main() -> Result<(), constellation_testbed::TestbedError> {
//!     serve_if_site(); // First of all: a site is this program again.
//!     let link = Link { latency_min: Duration::from_millis(40), latency_max: Duration::from_millis(40), ..Link::INSTANT };
//!     let testbed = Testbed::open(Options::new(3, link, Box::new(Calm)))?;
//!     let [pacific, atlantic] = [testbed.site(0), testbed.site(1)];
//!     let there = testbed.address(0, 1).to_string();
//!     let lines = Pipes::Lines { bytes_per_second_max: 1 << 20 };
//!     let ping = pacific.spawn(Command::new("ping", "ping").args(["-c", "3", &there]).pipes(lines))?;
//!     while let Said::Line { bytes, .. } = ping.read_line(Duration::from_secs(5)) {
//!         println!("{}", String::from_utf8_lossy(&bytes)); // 80 ms and a little.
//!     }
//!     testbed.network(|network| network.cut(&[pacific.node()], &[atlantic.node()]))?;
//!     Ok(())
//! }
//! ```
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`testbed`] | [`Testbed`], [`Site`], [`Options`]: how sites are had |
//! | [`process`] | [`Process`], [`Command`], [`Said`]: what runs there |
//! | [`switch`] | [`Counts`], [`Lateness`]: what was carried, and how punctually |
//! | [`error`] | [`TestbedError`] |
//!
//! Where namespaces are refused, sites are joined by TCP proxies on the loopback instead; [`Testbed::limits`] says what
//! these cannot do. This crate must never know what runs on it, a simulator, a judge, a scenario file or a terminal. It is
//! for Linux; elsewhere it is empty.

#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod address;
pub mod error;
mod line;
mod model;
pub mod process;
mod protocol;
mod proxy;
mod site;
pub mod switch;
pub mod testbed;
mod wall;

pub use error::TestbedError;
pub use process::{
    Command, Disk, Ended, LINE_BYTES_MAX, LOG_BYTES_MAX, Pipes, Process, Said, Wall, find_program,
};
pub use protocol::{Exit, OutputEnd, Signal, User};
pub use site::serve_if_site;
pub use switch::{Counts, Lateness};
pub use testbed::{Joined, Mode, Options, Pretend, SITES_MAX, Site, Testbed};
