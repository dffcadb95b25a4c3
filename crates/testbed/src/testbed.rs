//! A testbed: its sites, how they are joined, and how all of it is gone in the end.

use std::ffi::OsString;
use std::fs::{DirBuilder, File};
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use constellation_fabric::{Choices, Link, Network};
use constellation_trace::{NodeId, TrueTime};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use crate::address;
use crate::error::TestbedError;
use crate::line::Line;
use crate::model::{Model, Pair, node};
use crate::process::{Command, Process};
use crate::protocol::{Order, Report, Tree, read_frame};
use crate::proxy::Proxies;
use crate::site::{self, FOLDER, Ground, SELF, STANDS, STANDS_WITH_DEVICE, Setup, monotonic_ns};
use crate::switch::{Counts, Lateness, Switch};

/// How many sites a testbed has at most.
pub const SITES_MAX: usize = 64;

/// How long a site may take to stand, and to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a testbed is to be.
#[non_exhaustive]
pub struct Options {
    /// How many sites, 1 to [`SITES_MAX`].
    pub sites: usize,
    /// What each link is like at first.
    pub link: Link,
    /// Where luck comes from: which packet is lost, and how long each takes. The network is asked with each packet, so of
    /// the same luck each run makes something else: when which packet is sent nobody can say.
    pub choices: Box<dyn Choices + Send>,
    /// How sites are to be joined; [`Mode::Auto`] at first.
    pub mode: Mode,
    /// Which TCP ports of a site others can reach if they are joined by proxies; a switch carries everything.
    pub ports: Vec<u16>,
    /// Which program calls [`serve_if_site`](crate::serve_if_site); this one if it is `None`.
    pub program: Option<PathBuf>,
    /// Where the folder of the run is made; among the temporary files if it is `None`.
    pub folder: Option<PathBuf>,
    /// What the machine is to refuse, for tests; [`Pretend::Nothing`] at first.
    pub pretend: Pretend,
}

impl Options {
    /// So many sites, all links alike, and otherwise as said at each field.
    pub fn new(sites: usize, link: Link, choices: Box<dyn Choices + Send>) -> Options {
        Options {
            sites,
            link,
            choices,
            mode: Mode::Auto,
            ports: Vec::new(),
            program: None,
            folder: None,
            pretend: Pretend::Nothing,
        }
    }
}

/// How sites are to be joined.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// By a switch, if the machine allows it, else by proxies.
    Auto,
    /// By a switch.
    Switch,
    /// By proxies.
    Proxies,
}

/// How sites are joined.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Joined {
    /// Each site is a namespace, and a switch carries every packet.
    Switch,
    /// Sites are addresses of the loopback, and proxies carry TCP.
    Proxies,
}

/// What a machine refuses in a test of that.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pretend {
    /// What it really does.
    Nothing,
    /// Namespaces.
    NoNamespaces,
    /// Namespaces, and addresses of the loopback.
    NoProxiesEither,
}

/// Sites, joined. All that runs there, and the folder, is gone when this is dropped, or when this process ends however it
/// does.
#[derive(Debug)]
pub struct Testbed {
    sites: Vec<Site>,
    carrier: Carrier,
    model: Model,
    folder: PathBuf,
    start_ns: u64,
    tree: Tree,
}

#[derive(Debug)]
enum Carrier {
    Switch(Option<Switch>),
    Proxies(Proxies),
}

/// A place where processes run.
#[derive(Debug)]
pub struct Site {
    number: usize,
    line: Arc<Line>,
    folder: PathBuf,
    keeper: Child,
    reader: Option<JoinHandle<()>>,
}

impl Testbed {
    /// Makes the sites and joins them. Takes some 20 ms for three.
    ///
    /// # Errors
    /// [`TestbedError::Sites`]; [`TestbedError::Link`]; [`TestbedError::Refused`] if the machine allows nothing that the
    /// mode does; [`TestbedError::Folder`]; [`TestbedError::Io`]. Nothing is left then.
    pub fn open(options: Options) -> Result<Testbed, TestbedError> {
        let Options { sites, link, choices, mode, ports, program, folder, pretend } = options;
        if !(1..=SITES_MAX).contains(&sites) {
            return Err(TestbedError::Sites { asked: sites });
        }
        let network = Network::new(link);
        network.check().map_err(|error| TestbedError::Link { reason: error.to_string() })?;
        let plan = Plan {
            model: Model::new(network, choices, sites),
            sites,
            ports,
            program: program.unwrap_or_else(|| SELF.into()),
            above: folder.unwrap_or_else(std::env::temp_dir),
            pretend,
        };
        let namespaces = match mode {
            Mode::Proxies => None,
            Mode::Auto | Mode::Switch => match plan.on_switch()? {
                Ok(testbed) => return Ok(testbed),
                Err(reason) => Some(reason),
            },
        };
        let proxies = match mode {
            Mode::Switch => None,
            Mode::Auto | Mode::Proxies => match plan.on_proxies()? {
                Ok(testbed) => return Ok(testbed),
                Err(reason) => Some(reason),
            },
        };
        Err(TestbedError::Refused { namespaces, proxies })
    }

    /// How the sites are joined.
    pub const fn joined(&self) -> Joined {
        match self.carrier {
            Carrier::Switch(_) => Joined::Switch,
            Carrier::Proxies(_) => Joined::Proxies,
        }
    }

    /// What this testbed cannot do, in a sentence each; none if there is nothing.
    pub fn limits(&self) -> Vec<&'static str> {
        let mut limits = Vec::new();
        if self.joined() == Joined::Proxies {
            limits.extend([
                "sites are joined by TCP proxies on the loopback: UDP is not carried, nothing is duplicated, and nothing \
                 overtakes within a connection",
                "behind a proxy a loss shows as the wait for a retransmission, and a cut holds what is sent, the end of a \
                 connection too, until it is healed",
                "behind a proxy a connection is accepted before the other side is reached, so a cut shows as silence, and \
                 who listens no more as a connection that ends at once, never as one that cannot be made",
                "without namespaces a server that listens on all addresses can be reached past the proxies, and a \
                 process that hides its parents and its environment is not found when we end",
            ]);
        }
        if self.tree == Tree::GroupsOnly {
            limits.push(
                "a site does not see its own `/proc`, so a kill or a pause reaches a process and its group, but not \
                 descendants that have left the group",
            );
        }
        limits
    }

    /// How many sites there are.
    pub const fn len(&self) -> usize {
        self.sites.len()
    }

    /// Whether there are no sites, which is never.
    pub const fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// A site, from 0.
    ///
    /// # Panics
    /// If there is no such site.
    pub fn site(&self, number: usize) -> &Site {
        assert!(number < self.sites.len(), "there is no site {number} among {}", self.sites.len());
        &self.sites[number]
    }

    /// All sites.
    pub fn sites(&self) -> impl ExactSizeIterator<Item = &Site> {
        self.sites.iter()
    }

    /// The address under which `from` reaches `to`. On a switch it is the same from everywhere, and `to` listens on it;
    /// behind proxies only what `to` itself is called is what it listens on.
    pub fn address(&self, from: usize, to: usize) -> Ipv4Addr {
        match &self.carrier {
            Carrier::Switch(_) => address::of_site(u8::try_from(to).unwrap_or(u8::MAX)),
            Carrier::Proxies(proxies) => proxies.address(from, to),
        }
    }

    /// Changes what links do, from now on: cuts them, heals them, makes them slow. Nodes are the sites by number.
    ///
    /// A cut loses what is sent, as a real one does; so nothing is ever held, and [`Network::end_cuts`] heals.
    ///
    /// # Errors
    /// [`TestbedError::Link`] if a link was ever given that makes no sense.
    pub fn network<T>(&self, change: impl FnOnce(&mut Network) -> T) -> Result<T, TestbedError> {
        let changed = {
            let mut state = self.model.lock();
            let changed = change(&mut state.network);
            state
                .network
                .check()
                .map(|()| changed)
                .map_err(|error| TestbedError::Link { reason: error.to_string() })
        };
        if let Carrier::Proxies(proxies) = &self.carrier {
            proxies.changed();
        }
        changed
    }

    /// Ends all cuts.
    pub fn heal(&self) {
        self.model.lock().network.end_cuts();
        if let Carrier::Proxies(proxies) = &self.carrier {
            proxies.changed();
        }
    }

    /// How long the testbed stands.
    pub fn now(&self) -> TrueTime {
        TrueTime::from_ns(monotonic_ns().saturating_sub(self.start_ns))
    }

    /// What became of what one site sent to another.
    pub fn counts(&self, from: usize, to: usize) -> Counts {
        self.model.lock().counted(Pair { source: from, target: to })
    }

    /// What became of all that was sent between sites.
    pub fn total(&self) -> Counts {
        self.model.lock().total()
    }

    /// How many packets were sent to nobody: to an address of no site, or of another protocol than IPv4.
    pub fn foreign(&self) -> u64 {
        self.model.lock().foreign
    }

    /// How much later than decided what had to wait was delivered.
    pub fn lateness(&self) -> Lateness {
        self.model.lock().lateness
    }

    /// How late the switch woke when only its own clock woke it, fifty times a second and more: how busy the machine is,
    /// even if nothing has to wait. Nothing is noted where there is no switch.
    pub fn wakes(&self) -> Lateness {
        self.model.lock().wakes
    }

    /// The folder of the run, which is removed with the testbed.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Testbed {
    fn drop(&mut self) {
        for site in &self.sites {
            site.line.close();
        }
        match &mut self.carrier {
            Carrier::Switch(switch) => *switch = None,
            Carrier::Proxies(proxies) => proxies.stop(),
        }
        for site in &mut self.sites {
            site.end();
        }
        if self.joined() == Joined::Proxies {
            site::kill_marked(&self.folder);
        }
        site::remove_folder(&self.folder);
    }
}

impl Site {
    /// The number of the site, from 0.
    pub const fn number(&self) -> usize {
        self.number
    }

    /// The site, as links name it.
    pub fn node(&self) -> NodeId {
        node(self.number)
    }

    /// The folder of the site, in which those of its processes are, and their logs.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the process that keeps the site is gone, and all that ran there.
    pub fn is_gone(&self) -> bool {
        self.line.is_gone()
    }

    /// The process that keeps the site, for tests that kill it.
    pub fn keeper(&self) -> u32 {
        self.keeper.id()
    }

    /// Starts a process.
    ///
    /// # Errors
    /// [`TestbedError::NotStarted`]; [`TestbedError::Wall`]; [`TestbedError::SiteGone`]; [`TestbedError::Folder`].
    pub fn spawn(&self, command: Command) -> Result<Process, TestbedError> {
        Process::spawn(Arc::clone(&self.line), &self.folder, command)
    }

    /// Kills everything that runs at the site at once, as when the power fails; the site itself stays.
    ///
    /// # Errors
    /// [`TestbedError::SiteGone`].
    pub fn power_off(&self) -> Result<(), TestbedError> {
        self.line.tell(&Order::PowerOff)
    }

    /// Waits for the end of the keeper, which was asked for; not for ever.
    fn end(&mut self) {
        self.line.close();
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && matches!(self.keeper.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(1));
        }
        let _ = self.keeper.kill(); // It takes the init with it, and that everything else.
        let _ = self.keeper.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// What both ways to make a testbed have in common.
struct Plan {
    model: Model,
    sites: usize,
    ports: Vec<u16>,
    program: PathBuf,
    above: PathBuf,
    pretend: Pretend,
}

/// A testbed, or why the machine refuses it.
type Tried = Result<Testbed, String>;

impl Plan {
    fn on_switch(&self) -> Result<Tried, TestbedError> {
        let ground = if self.pretend == Pretend::Nothing { Ground::Namespaces } else { Ground::Refused };
        let (mut testbed, devices) = match self.stand(ground)? {
            Ok(stands) => stands,
            Err(reason) => return Ok(Err(reason)),
        };
        let switch = Switch::start(devices, self.model.clone(), testbed.start_ns)
            .map_err(|error| TestbedError::Io { what: "the switch does not start", error })?;
        testbed.carrier = Carrier::Switch(Some(switch));
        Ok(Ok(testbed))
    }

    fn on_proxies(&self) -> Result<Tried, TestbedError> {
        if self.pretend == Pretend::NoProxiesEither {
            return Ok(Err("a test wants it so".to_owned()));
        }
        let start_ns = monotonic_ns();
        let proxies = match Proxies::start(self.sites, &self.ports, &self.model, start_ns) {
            Ok(proxies) => proxies,
            Err(error) => return Ok(Err(format!("the loopback: {error}"))),
        };
        let (mut testbed, _) = match self.stand(Ground::Machine)? {
            Ok(stands) => stands,
            Err(reason) => return Ok(Err(reason)),
        };
        testbed.carrier = Carrier::Proxies(proxies);
        Ok(Ok(testbed))
    }

    /// Has all sites made, and waits until they stand.
    fn stand(&self, ground: Ground) -> Result<Result<(Testbed, Vec<File>), String>, TestbedError> {
        let mut testbed = self.begin(ground)?;
        let mut devices = Vec::new();
        for site in &mut testbed.sites {
            match site.greet() {
                Ok(Greeting { device, tree }) => {
                    devices.extend(device);
                    if tree == Tree::GroupsOnly {
                        testbed.tree = tree;
                    }
                }
                Err(reason) => return Ok(Err(reason)),
            }
        }
        Ok(Ok((testbed, devices)))
    }

    /// Starts the keepers, and makes their folders after that: so there is no moment at which nobody would remove them.
    fn begin(&self, ground: Ground) -> Result<Testbed, TestbedError> {
        static OPENED: AtomicU32 = AtomicU32::new(0);
        const TRIES_MAX: usize = 1_000;
        let mut path = PathBuf::new();
        for _ in 0..TRIES_MAX {
            let number = OPENED.fetch_add(1, Ordering::Relaxed);
            // Containers that share the temporary files may have processes of one number: so the time is in it too.
            let name = format!("{FOLDER}{}-{number}-{:x}", std::process::id(), monotonic_ns());
            path = self.above.join(name);
            // One of a process of this number that ended so that nobody could clean up.
            if !path.exists() {
                break;
            }
        }
        let mut testbed = Testbed {
            sites: Vec::new(),
            carrier: Carrier::Switch(None),
            model: self.model.clone(),
            folder: path,
            start_ns: monotonic_ns(),
            tree: Tree::Seen,
        };
        for number in 0..self.sites {
            let site = testbed.begin_site(number, ground, &self.program)?;
            testbed.sites.push(site);
        }
        let folders = [&testbed.folder].into_iter().chain(testbed.sites.iter().map(|site| &site.folder));
        for path in folders {
            make_one(path).map_err(|error| TestbedError::Folder { path: path.clone(), error })?;
        }
        Ok(testbed)
    }
}

/// What a site says when it stands.
struct Greeting {
    device: Option<File>,
    tree: Tree,
}

impl Testbed {
    fn begin_site(&self, number: usize, ground: Ground, program: &Path) -> Result<Site, TestbedError> {
        let folder = self.folder.join(format!("site-{number}"));
        let failed = |error| TestbedError::Io { what: "a site does not start", error };
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        let site = u8::try_from(number).unwrap_or(u8::MAX);
        let arguments: Vec<OsString> = Setup { ground, site, folder: self.folder.clone() }.arguments();
        let keeper = std::process::Command::new(program)
            .args(arguments)
            // What a terminal sends to us, an interrupt say, is not for those who clean up after us.
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let line = Arc::new(Line::new(number, self.folder.clone(), ours, self.start_ns));
        Ok(Site { number, line, folder, keeper, reader: None })
    }
}

impl Site {
    /// Waits until the site stands; why it does not, if it does not.
    fn greet(&mut self) -> Result<Greeting, String> {
        let silent = |error: io::Error| format!("a site does not begin: {error}");
        let stream = self.line.stream();
        stream.set_read_timeout(Some(PATIENCE)).map_err(silent)?;
        let (first, device) = first_byte(stream).map_err(silent)?;
        match (first, &device) {
            (Some(STANDS_WITH_DEVICE), Some(_)) | (Some(STANDS), None) => {}
            (Some(site::REFUSED), _) => {
                let reason = read_frame(stream).map_err(silent)?.unwrap_or_default();
                return Err(String::from_utf8_lossy(&reason).into_owned());
            }
            _ => {
                return Err("a site ends before it begins: does the program call `serve_if_site`?".to_owned());
            }
        }
        let ready = read_frame(stream).map_err(silent)?;
        let Some(Report::Ready { tree }) = ready.and_then(|frame| Report::decode(&frame)) else {
            return Err("a site ends before anything can run there".to_owned());
        };
        stream.set_read_timeout(None).map_err(silent)?;
        let line = Arc::clone(&self.line);
        let attend = thread::Builder::new().name(format!("site {}", self.number));
        self.reader = Some(attend.spawn(move || line.attend()).map_err(silent)?);
        Ok(Greeting { device: device.map(File::from), tree })
    }
}

/// The first byte of a keeper, and what comes with it.
fn first_byte(stream: &UnixStream) -> io::Result<(Option<u8>, Option<OwnedFd>)> {
    let mut byte = [0];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received =
        recvmsg(stream, &mut [IoSliceMut::new(&mut byte)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let mut fds = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => Some(fds),
        _ => None,
    });
    let fd = fds.next().and_then(|mut fds| fds.next());
    Ok((byte.first().copied().filter(|_| received.bytes == 1), fd))
}

/// A folder whose files others may use if they know their names, so that a server need not be root.
fn make_one(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o711).create(path)
}
