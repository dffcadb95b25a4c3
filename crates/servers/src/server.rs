//! What a server is to a placement: how one is started at each site, and what its modes claim.
//!
//! A [`Server`] only says what is to be done, as data; whoever has the sites does it. So adding one is one file under
//! `servers/`, which a test can read without starting anything.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::hunt::schedule::FaultKind;

/// A server of which one can be started at each of three sites.
pub trait Server: fmt::Debug + Send + Sync {
    /// What it is and what it needs.
    fn info(&self) -> ServerInfo;

    /// What is done at which site to start it in this mode, in order: files are written, commands run to their end, servers
    /// begin. After the last step the adapters are asked until each site answers ([`ServerInfo::ready_within`]).
    fn start(&self, mode: &Mode, sites: &Sites) -> Vec<(usize, Step)>;

    /// The program that is the client at this site; it speaks the lines of [`adapter`](crate::adapter).
    fn adapter(&self, mode: &Mode, sites: &Sites, site: usize) -> Program;

    /// The TCP ports of a site that the others reach, where sites are joined by proxies on one machine: then
    /// [`Sites::reach`] differs by who asks, and whoever cannot be told so says nothing here, and is not placed there.
    fn ports(&self) -> Vec<u16> {
        Vec::new()
    }

    /// The kinds of faults that it is meant to survive in this mode: what a hunt does to it unless it is told otherwise. Its
    /// clocks are not lied to, as hardly any server can be.
    fn survives(&self, _mode: &Mode) -> Vec<FaultKind> {
        FaultKind::ALL.into_iter().filter(|kind| *kind != FaultKind::Clock).collect()
    }
}

impl<S: Server + ?Sized> Server for &S {
    fn info(&self) -> ServerInfo {
        (**self).info()
    }

    fn start(&self, mode: &Mode, sites: &Sites) -> Vec<(usize, Step)> {
        (**self).start(mode, sites)
    }

    fn adapter(&self, mode: &Mode, sites: &Sites, site: usize) -> Program {
        (**self).adapter(mode, sites, site)
    }

    fn ports(&self) -> Vec<u16> {
        (**self).ports()
    }

    fn survives(&self, mode: &Mode) -> Vec<FaultKind> {
        (**self).survives(mode)
    }
}

/// What tables say of a server, and what it needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerInfo {
    /// What it is called on the command line: small letters, digits and `-`.
    pub name: String,
    /// What it calls itself.
    pub title: String,
    /// The programs that must be installed; the first one says the version.
    pub needs: Vec<Need>,
    /// The arguments with which the first of [`ServerInfo::needs`] prints its version, of which the first line is kept;
    /// none where nobody can tell.
    pub version: Vec<String>,
    /// The settings in which it can be placed, at least one, in the order in which they are measured.
    pub modes: Vec<Mode>,
    /// Whether a round begins with fresh keys or with fresh servers.
    pub fresh: Fresh,
    /// How long it may take until each site answers a write and a read.
    pub ready_within: Duration,
}

/// A program that must be installed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Need {
    /// Its name, `etcd`, or its path.
    pub program: String,
    /// Where it may be besides the folders of `PATH`; each as a path of a folder, of which one part may be `*`.
    pub folders: Vec<String>,
    /// The Debian package that it comes from; empty where there is none.
    pub package: String,
}

/// What is fresh at the beginning of a round.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fresh {
    /// The keys, which were never used; the servers are those of the round before.
    Keys,
    /// The servers, begun anew with empty folders.
    Servers,
}

/// A setting in which a server can be placed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mode {
    /// What it is called on the command line: small letters, digits and `-`.
    pub name: String,
    /// What it means, as a sentence without its full stop that begins in lower case.
    pub says: String,
    /// The consistency model that its documents promise of single keys, as `constellation models` calls it; `None` where they
    /// promise none.
    pub model: Option<String>,
    /// What the catalogue declares of it: the name of the system and the text of its setting; `None` where nothing fits.
    pub declared: Option<(String, String)>,
}

/// Where the sites are, as a server is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sites {
    /// Each of them, in order.
    pub all: Vec<Site>,
    /// Where what listens at one site is reached from another.
    pub joined: Joined,
}

/// A site as a server is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Site {
    /// What it is called: `pacific`.
    pub name: String,
    /// Its address.
    pub address: IpAddr,
    /// Its folder, which is empty at first. Each program begins in a folder of its own in there, so that paths should be
    /// whole.
    pub folder: PathBuf,
}

/// How sites reach each other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Joined {
    /// Each has an address of its own, and all ports.
    Addresses,
    /// All are on one machine, and each has an address of its own for each that asks: first by who asks, then by who is
    /// asked.
    Proxies(Vec<Vec<IpAddr>>),
}

impl Sites {
    /// Where what listens at `port` of site `target` is reached from site `source`. Where both are the same, where it is to
    /// listen.
    pub fn reach(&self, source: usize, target: usize, port: u16) -> SocketAddr {
        let address = match &self.joined {
            Joined::Addresses => self.all[target].address,
            Joined::Proxies(all) => all[source][target],
        };
        SocketAddr::new(address, port)
    }

    /// Where a server at `site` is to listen that calls this its port.
    pub fn listen(&self, site: usize, port: u16) -> SocketAddr {
        self.reach(site, site, port)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }
}

/// One thing to do at a site.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// To write a file, with the folders it is in.
    File {
        /// Where, in the folder of the site.
        path: PathBuf,
        /// What is in it.
        text: String,
    },
    /// To run a program to its end, which must be a success.
    Run {
        /// Which.
        program: Program,
        /// After how long it has failed.
        within: Duration,
    },
    /// To begin a server, which goes on.
    Begin {
        /// What it is called where it is killed, and what its folder and its log in the folder of the site are called:
        /// small letters, digits and `-`.
        name: String,
        /// Which program.
        program: Program,
    },
    /// To wait until something at the site accepts connections.
    Listens {
        /// Where.
        at: SocketAddr,
        /// After how long it has failed.
        within: Duration,
    },
}

/// A program with its arguments.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Program {
    /// Which.
    pub which: Which,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What is set in its environment besides what a process of a site has.
    pub environment: Vec<(String, String)>,
    /// As whom.
    pub user: User,
}

/// Which program.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Which {
    /// One of [`ServerInfo::needs`], by its name, or a path.
    Named(String),
    /// This program, as an adapter of that name ([`adapters`](crate::adapters)).
    Adapter(String),
}

/// As whom a program runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum User {
    /// As whoever runs the command, who may be root.
    Ours,
    /// Not as root, also where the command is run by root; for whoever else runs it, as that one.
    NotRoot,
}

impl Which {
    /// What it is called.
    pub fn name(&self) -> &str {
        match self {
            Which::Named(name) | Which::Adapter(name) => name,
        }
    }
}

impl Program {
    /// A program that is installed.
    pub fn named<S: Into<String>>(program: &str, arguments: impl IntoIterator<Item = S>) -> Program {
        Program::of(Which::Named(program.to_owned()), arguments)
    }

    /// An adapter that is built in.
    pub fn adapter<S: Into<String>>(name: &str, arguments: impl IntoIterator<Item = S>) -> Program {
        Program::of(Which::Adapter(name.to_owned()), arguments)
    }

    /// As this user.
    #[must_use]
    pub fn as_user(self, user: User) -> Program {
        Program { user, ..self }
    }

    /// With this in its environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Program {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    fn of<S: Into<String>>(which: Which, arguments: impl IntoIterator<Item = S>) -> Program {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Program { which, arguments, environment: Vec::new(), user: User::Ours }
    }
}

impl ServerInfo {
    /// The mode of this name.
    pub fn mode(&self, name: &str) -> Option<&Mode> {
        self.modes.iter().find(|mode| mode.name == name)
    }
}
