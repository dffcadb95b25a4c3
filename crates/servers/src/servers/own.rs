//! A store of the user's own, as a file describes it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use constellation_lab::placement::own::{OwnCommand, OwnStore, SITES, Surroundings};

use crate::server::{Fresh, Mode, Need, Program, Server, ServerInfo, Sites, Step};

/// How long a command that prepares a site may take.
const PREPARE: Duration = Duration::from_secs(60);

/// A store that a file describes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Own {
    store: OwnStore,
    here: PathBuf,
}

impl Own {
    /// The store of a file in the folder `here`, which is a whole path: each command runs in a folder of its own.
    pub fn new(store: OwnStore, here: PathBuf) -> Own {
        Own { store, here }
    }

    fn program(&self, command: &OwnCommand, mode: &Mode, sites: &Sites, site: usize) -> Program {
        let addresses: [IpAddr; SITES] = std::array::from_fn(|other| sites.reach(site, other, 0).ip());
        let of_site = &sites.all[site];
        let words = command.filled(&Surroundings {
            site,
            name: &of_site.name,
            folder: &of_site.folder,
            here: &self.here,
            mode: &mode.name,
            addresses: &addresses,
        });
        let (program, arguments) = words.split_first().expect("a command has a program");
        Program::named(program, arguments)
    }

    /// The programs that are named without a slot, each once.
    fn needs(&self) -> Vec<Need> {
        let sites = self.store.sites.iter().flat_map(|site| site.prepare.iter().chain(&site.start));
        let commands = sites.chain([&self.store.adapter]).filter_map(OwnCommand::program);
        let version = self.store.version.first().map(String::as_str);
        let mut needs: Vec<Need> = Vec::new();
        for program in version.into_iter().chain(commands) {
            let program = found_from(&self.here, program);
            if needs.iter().all(|need| need.program != program) {
                needs.push(Need { program, folders: Vec::new(), package: String::new() });
            }
        }
        needs
    }
}

/// As [`OwnCommand::filled`] has it.
fn found_from(here: &Path, program: &str) -> String {
    if program.contains('/') { here.join(program).display().to_string() } else { program.to_owned() }
}

impl Server for Own {
    fn info(&self) -> ServerInfo {
        let store = &self.store;
        let mode = |mode: &constellation_lab::placement::own::OwnMode| Mode {
            name: mode.name.clone(),
            says: mode.says.clone(),
            model: mode.model.clone(),
            declared: None,
        };
        ServerInfo {
            name: store.name.clone(),
            title: store.title.clone(),
            needs: self.needs(),
            version: store.version.iter().skip(1).cloned().collect(),
            modes: store.modes.iter().map(mode).collect(),
            fresh: if store.is_begun_anew { Fresh::Servers } else { Fresh::Keys },
            ready_within: store.ready_within,
        }
    }

    fn start(&self, mode: &Mode, sites: &Sites) -> Vec<(usize, Step)> {
        let mut steps = Vec::new();
        for (site, of_site) in self.store.sites.iter().enumerate() {
            for command in &of_site.prepare {
                let program = self.program(command, mode, sites, site);
                steps.push((site, Step::Run { program, within: PREPARE }));
            }
        }
        for (site, of_site) in self.store.sites.iter().enumerate() {
            for (nth, command) in of_site.start.iter().enumerate() {
                let name = if nth == 0 { "server".to_owned() } else { format!("server-{nth}") };
                steps.push((site, Step::Begin { name, program: self.program(command, mode, sites, site) }));
            }
        }
        steps
    }

    fn adapter(&self, mode: &Mode, sites: &Sites, site: usize) -> Program {
        self.program(&self.store.adapter, mode, sites, site)
    }

    fn ports(&self) -> Vec<u16> {
        self.store.ports.clone()
    }
}
