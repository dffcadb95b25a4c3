//! The simulated stores as servers: each site is a process of this program, which says to the others in datagrams what it says
//! in the simulator. Where they live is known, so that they show whether what measures them is right.

use std::time::Duration;

use constellation_lab::placement::Store;

use crate::adapters::specimen::{ADAPTER, SITE};
use crate::hunt::schedule::FaultKind;
use crate::server::{Fresh, Mode, Program, Server, ServerInfo, Sites, Step};

/// The port of each site.
const PORT: u16 = 7_100;

/// A simulated store as a server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Specimen(pub Store);

impl Server for Specimen {
    fn info(&self) -> ServerInfo {
        let mode = Mode {
            name: "specimen".to_owned(),
            says: "each site is a process, and every message between two a datagram".to_owned(),
            model: None,
            declared: None,
        };
        ServerInfo {
            name: self.0.to_string(),
            title: self.0.to_string(),
            needs: Vec::new(),
            version: Vec::new(),
            modes: vec![mode],
            // A store that says all that it holds at once has no room for that of many rounds in a datagram.
            fresh: Fresh::Servers,
            ready_within: Duration::from_secs(10),
        }
    }

    fn start(&self, _mode: &Mode, sites: &Sites) -> Vec<(usize, Step)> {
        let begin = |site: usize| {
            let addresses = (0..sites.count()).map(|other| sites.reach(site, other, PORT).to_string());
            let arguments = [self.0.to_string(), site.to_string()].into_iter().chain(addresses);
            (site, Step::Begin { name: "specimen".to_owned(), program: Program::adapter(SITE, arguments) })
        };
        (0..sites.count()).map(begin).collect()
    }

    fn adapter(&self, _mode: &Mode, sites: &Sites, site: usize) -> Program {
        Program::adapter(ADAPTER, [sites.listen(site, PORT).to_string()])
    }

    /// What it holds is in its memory alone.
    fn survives(&self, _mode: &Mode) -> Vec<FaultKind> {
        let is_survived = |kind: &FaultKind| ![FaultKind::Kill, FaultKind::Clock].contains(kind);
        FaultKind::ALL.into_iter().filter(is_survived).collect()
    }
}
